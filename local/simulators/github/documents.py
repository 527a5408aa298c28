"""Query texts, parsed and validated, each no oftener than needed: a batch of a hundred takes milliseconds."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_operation_ast,
    parse,
    validate,
)

from local.simulators.github.repositories import name_of
from local.simulators.github.schema import RULES

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
# The connections that the simulator answers; GitHub's points count them.
_CONNECTIONS = frozenset({"stargazers", "forks", "watchers"})


@dataclass(frozen=True)
class Question:
    """What a request asks for, before it is answered."""

    document: DocumentNode
    subjects: tuple[str, ...]
    points: int


class Documents:
    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        # Few, since a parsed batch is tens of thousands of objects for the garbage collector to walk.
        self._parse = lru_cache(4)(parse)
        # A document stays valid whatever its strings say, so a text without them stands for all that differ in them.
        self._valid_shapes: set[str] = set()

    def parse(self, text: str) -> DocumentNode:
        return self._parse(text)

    def problems(self, text: str) -> list[GraphQLError]:
        """What the published schema has against the text."""
        shape = text if '"""' in text else _STRING.sub('""', text)
        if shape in self._valid_shapes:
            return []
        errors = validate(self._schema, self._parse(text), RULES)
        if not errors:
            if len(self._valid_shapes) >= 1000:
                self._valid_shapes.clear()
            self._valid_shapes.add(shape)
        return errors


def question(document: DocumentNode, variables: Mapping[str, Any], operation_name: str | None) -> Question:
    """Which repositories the operation names, and what it costs."""
    operation = get_operation_ast(document, operation_name)
    subjects: dict[str, None] = {}
    connections = 0
    for field in _fields(document, operation):
        named = list(_named(field, variables))
        subjects.update(dict.fromkeys(named))
        connections += _connections(field.selection_set) * max(1, len(named))
    return Question(document, tuple(subjects), max(1, round(connections / 100)))


def _fields(document: DocumentNode, operation: OperationDefinitionNode | None) -> Iterator[FieldNode]:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def within(selection_set: SelectionSetNode | None, seen: frozenset[str]) -> Iterator[FieldNode]:
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                yield selection
                continue
            name = getattr(selection, "name", None)
            if name is None:
                yield from within(getattr(selection, "selection_set", None), seen)
            elif name.value in fragments and name.value not in seen:
                yield from within(fragments[name.value].selection_set, seen | {name.value})

    if operation:
        yield from within(operation.selection_set, frozenset())


def _named(field: FieldNode, variables: Mapping[str, Any]) -> Iterator[str]:
    arguments = {argument.name.value: _value(argument.value, variables) for argument in field.arguments or ()}
    match field.name.value:
        case "repository":
            yield f"{arguments.get('owner')}/{arguments.get('name')}"
        case "node":
            yield from filter(None, [name_of(str(arguments.get("id")))])
        case "nodes":
            ids = arguments.get("ids")
            yield from filter(None, (name_of(str(each)) for each in (ids if isinstance(ids, list) else [ids])))


def _value(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    match node:
        case VariableNode(name=name):
            return variables.get(name.value)
        case StringValueNode(value=value):
            return value
        case ListValueNode(values=values):
            return [_value(each, variables) for each in values]
        case _:
            return None


def _connections(selection_set: SelectionSetNode | None) -> int:
    if selection_set is None:
        return 0
    return sum(
        (isinstance(selection, FieldNode) and selection.name.value in _CONNECTIONS)
        + _connections(getattr(selection, "selection_set", None))
        for selection in selection_set.selections
    )
