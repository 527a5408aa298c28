"""Checks requests and answers against Stripe's published description, as far as that uses OpenAPI.
from tests.support.vendors.descriptions import description_file

Hand-made, because the usual validators do not read Stripe's nested forms.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.vendors.descriptions import description_file

FILE = description_file("stripe.spec3.json")
VERSION = "2026-08-26.dahlia"

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Description:
    paths: Mapping[str, Any]
    schemas: Mapping[str, Any]

    def operation(self, method: str, path: str) -> Schema | None:
        """Fixed paths go before those with a parameter."""
        for template in sorted(self.paths, key=lambda each: each.count("{")):
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in self.paths[template]:
                found: Schema = self.paths[template][method.lower()]
                return found
        return None

    def parameters(self, operation: Schema) -> Schema:
        """Of the query and of the form, as one object."""
        form = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
        properties = dict(form.get("schema", {}).get("properties", {}))
        required = list(form.get("schema", {}).get("required", []))
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                properties[parameter["name"]] = parameter["schema"]
                required += [parameter["name"]] if parameter.get("required") else []
        return {"type": "object", "properties": properties, "required": required}

    def wrong_request(self, operation: Schema, params: Mapping[str, Any]) -> list[str]:
        return list(self._problems(params, self.parameters(operation), "request", form=True))

    def wrong_answer(self, operation: Schema, status: int, body: Any) -> list[str]:
        responses = operation["responses"]
        content = (responses.get(str(status)) or responses["default"])["content"]["application/json"]
        return list(self._problems(body, content["schema"], "answer", form=False))

    def wrong_object(self, obj: Mapping[str, Any], schema: str) -> list[str]:
        return list(self._problems(obj, self.schemas[schema], schema, form=False))

    def _problems(self, value: Any, schema: Schema, at: str, *, form: bool) -> Iterator[str]:
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        if value is None:
            if not schema.get("nullable") and ("type" in schema or "anyOf" in schema):
                yield f"{at} is null"
        elif "anyOf" in schema:
            tries = [list(self._problems(value, each, at, form=form)) for each in schema["anyOf"]]
            if all(tries):
                yield from min(tries, key=len)
        else:
            yield from self._typed(value, schema, at, form=form)

    def _typed(self, value: Any, schema: Schema, at: str, *, form: bool) -> Iterator[str]:
        kind = schema.get("type")
        if form and kind == "array" and isinstance(value, dict):
            value = list(value.values())
        if kind and not _is(value, kind, form=form):
            yield f"{at} is not {kind}: {value!r}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{at} is none of {schema['enum'][:6]}: {value!r}"
        elif isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
            yield f"{at} is too long"
        elif isinstance(value, list):
            for position, each in enumerate(value):
                yield from self._problems(each, schema.get("items", {}), f"{at}[{position}]", form=form)
        elif isinstance(value, dict):
            yield from self._members(value, schema, at, form=form)

    def _members(self, value: Mapping[str, Any], schema: Schema, at: str, *, form: bool) -> Iterator[str]:
        properties = schema.get("properties")
        for name in schema.get("required", []):
            if name not in value:
                yield f"{at}.{name} is missing"
        if properties is None:
            return
        for name, member in value.items():
            if name in properties:
                yield from self._problems(member, properties[name], f"{at}.{name}", form=form)
            elif "additionalProperties" not in schema or not schema["additionalProperties"]:
                yield f"{at}.{name} is not described"


def _is(value: Any, kind: str, *, form: bool) -> bool:
    if form and kind in {"integer", "number", "boolean"}:
        wanted = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "boolean": "true|false"}[kind]
        return isinstance(value, str) and bool(re.fullmatch(wanted, value))
    if isinstance(value, bool):
        return kind == "boolean"
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "array": (list,),
        "object": (dict,),
    }
    return isinstance(value, types.get(kind, ()))


@cache
def description(file: Path = FILE) -> Description:
    parsed = json.loads(file.read_text("utf-8"))
    return Description(parsed["paths"], parsed["components"]["schemas"])
