"""JSON Schema as Python: a TypedDict for each object, since answers are JSON and not models."""

from collections.abc import Iterable, Mapping
from typing import Any

from local.tools.client_types.typescript import last_part

Schema = Mapping[str, Any]

_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_IMPORTS = "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict"


def module(docstring: str, declarations: Iterable[str], imports: Iterable[str] = ()) -> str:
    head = "\n".join(["from __future__ import annotations", "", _IMPORTS, *imports])
    return f'"""{docstring}"""\n\n{head}\n\n\n' + "\n\n\n".join(declarations) + "\n"


def type_of(schema: Schema) -> str:
    """A type expression; what a schema leaves open is Any."""
    if "$ref" in schema:
        return last_part(schema["$ref"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(type_of(choice) for choice in choices))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(_literal(value) for value in values)}]"
    if schema.get("type") == "array":
        return f"list[{type_of(schema.get('items', {}))}]"
    if schema.get("type") == "object":
        return "dict[str, Any]"
    return _SIMPLE.get(schema.get("type", ""), "Any")


def declaration(name: str, schema: Schema) -> str:
    """A class for an object with properties, else an alias."""
    if "properties" not in schema:
        return f"{name}: TypeAlias = {_alias(type_of(schema))}"
    required = schema.get("required", ())
    members = [
        f"    {key}: {type_of(each) if key in required else f'NotRequired[{type_of(each)}]'}"
        for key, each in schema["properties"].items()
    ]
    docstring = " ".join(schema.get("description", "").split())
    return "\n".join([f"class {name}(TypedDict):", *([f'    """{docstring}"""', ""] if docstring else []), *members])


def _alias(expression: str) -> str:
    """Quoted where it may name what comes after it."""
    return expression if expression.startswith("Literal[") else f'"{expression}"'


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else repr(value)
