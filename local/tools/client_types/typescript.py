"""JSON Schema as TypeScript."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any]
NameOf = Callable[[str], str]

_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def last_part(reference: str) -> str:
    """`Hero` of `#/$defs/Hero`."""
    return reference.rsplit("/", 1)[-1]


def type_of(schema: Schema, name_of: NameOf = last_part) -> str:
    """A type expression; what a schema leaves open is `Json`."""
    if "$ref" in schema:
        return name_of(schema["$ref"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return union(type_of(choice, name_of) for choice in choices)
    if "const" in schema or "enum" in schema:
        return union(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        item = type_of(schema.get("items", {}), name_of)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if schema.get("type") == "object":
        return _object(schema, name_of)
    return _SIMPLE.get(schema.get("type", ""), "Json")


def union(types: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(types))


def _object(schema: Schema, name_of: NameOf) -> str:
    if "properties" not in schema:
        values = schema.get("additionalProperties")
        return f"Record<string, {type_of(values, name_of) if isinstance(values, Mapping) else 'Json'}>"
    required = schema.get("required", ())
    return object_of(
        (name, name in required, type_of(each, name_of), _described(each))
        for name, each in schema["properties"].items()
    )


def _described(schema: Schema) -> str:
    """What the schema says of itself, and the limits that a type cannot express."""
    value = next(iter(schema.get("anyOf", [schema])))
    found = [schema.get("description", "")]
    for least, most, unit in (
        ("minLength", "maxLength", " characters"),
        ("minimum", "maximum", ""),
        ("minItems", "maxItems", " entries"),
    ):
        if most in value:
            found.append(f"{value.get(least, 0)} to {value[most]}{unit}.")
    return " ".join(filter(None, found))


def object_of(members: Iterable[tuple[str, bool, str, str]]) -> str:
    """An object type of (name, required, type, description)."""
    lines = [
        f"{comment(description)}{_key(name)}{'' if required else '?'}: {expression};"
        for name, required, expression, description in members
    ]
    return block(lines) if lines else "Record<never, never>"


def block(lines: Iterable[str]) -> str:
    return "{\n" + indented("\n".join(lines)) + "\n}"


def indented(text: str) -> str:
    return re.sub(r"^(?=.)", "  ", text, flags=re.MULTILINE)


def comment(text: str) -> str:
    words = " ".join(text.split()).replace("*/", "* /")
    return f"/** {words} */\n" if words else ""


def declaration(name: str, schema: Schema, name_of: NameOf = last_part) -> str:
    return f"{comment(schema.get('description', ''))}export type {name} = {type_of(schema, name_of)};\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else json.dumps(name)
