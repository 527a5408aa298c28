"""GitHub's published GraphQL schema, made executable, and its way of refusing unknown fields."""

import gc
from collections.abc import Collection
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    FieldsOnCorrectTypeRule,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    build_ast_schema,
    parse,
    specified_rules,
)

from local.simulators.github.resolvers import RESOLVERS

# What the npm package @octokit/graphql-schema ships.
PUBLISHED = Path(__file__).parents[2] / "node_modules" / "@octokit" / "graphql-schema" / "schema.graphql"


def load_schema(path: Path = PUBLISHED) -> GraphQLSchema:
    """Takes most of a second: once a process."""
    if not path.is_file():
        message = f"GitHub's schema is missing ({path}). Install the packages of local/package.json: npm ci"
        raise FileNotFoundError(message)
    schema = build_ast_schema(
        parse(path.read_text("utf-8"), no_location=True), assume_valid=True, assume_valid_sdl=True
    )
    for type_name, resolvers in RESOLVERS.items():
        fields: dict[str, Any] = getattr(schema.type_map[type_name], "fields")  # noqa: B009  # object types only
        for field_name, resolve in resolvers.items():
            fields[field_name].resolve = resolve
    # Hundreds of thousands of objects that stay: the garbage collector need not walk them with every query.
    gc.freeze()
    return schema


class GitHubFieldsRule(FieldsOnCorrectTypeRule):
    """Says of unknown fields what GitHub says of them."""

    def enter_field(self, node: FieldNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Node]) -> None:
        parent_type = self.context.get_parent_type()
        if parent_type is None or self.context.get_field_def():
            return
        name, type_name = node.name.value, parent_type.name
        error = GraphQLError(
            f"Field '{name}' doesn't exist on type '{type_name}'",
            node,
            extensions={"code": "undefinedField", "typeName": type_name, "fieldName": name},
        )
        error.path = [*_steps(ancestors), name]
        self.report_error(error)


def _steps(ancestors: Collection[Any]) -> list[str | int]:
    steps: list[str | int] = []
    for ancestor in ancestors:
        match ancestor:
            case OperationDefinitionNode(name=name, operation=operation):
                steps.append(f"{operation.value} {name.value}" if name else operation.value)
            case FragmentDefinitionNode(name=name):
                steps.append(f"fragment {name.value}")
            case InlineFragmentNode(type_condition=condition):
                steps.append(f"... on {condition.name.value}" if condition else "...")
            case FieldNode(alias=alias, name=name):
                steps.append((alias or name).value)
            case SelectionSetNode() | _:
                continue
    return steps


RULES = [GitHubFieldsRule if rule is FieldsOnCorrectTypeRule else rule for rule in specified_rules]
