"""The OpenAPI 3.1 document of all functions, from the same models and route table that serve them.

`python -m showcase.openapi` prints it; docs/openapi.json is that output, and a test keeps it current.
It names every status that a function answers with, save for 500: that is a bug, and a problem document too.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from showcase import errors
from showcase.auth import Kind
from showcase.endpoint import Endpoint
from showcase.http import ResponseModel
from showcase.routes import ENDPOINTS, entry_point_name, find_endpoint

_SCHEMA = "#/components/schemas/"


class FieldError(ResponseModel):
    """One field that was refused."""

    field: str
    code: str
    detail: str


class Problem(ResponseModel):
    """An RFC 9457 problem document; `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    error: str = Field(description="`code` and `detail` in one, as supabase-py shows it.")
    errors: list[FieldError] = Field(default_factory=list)


def document() -> dict[str, Any]:
    """The whole document as JSON-compatible data."""
    endpoints = {path: find_endpoint(path) for path in ENDPOINTS}
    models: list[Any] = [(Problem, "serialization")]
    for endpoint in endpoints.values():
        if _is_json(endpoint):
            models.append((endpoint.body, "validation"))
        if endpoint.answer is not None:
            models.append((endpoint.answer, "serialization"))
    _, definitions = models_json_schema(models, ref_template=_SCHEMA + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Showcase functions", "version": "1", "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": "http://127.0.0.1:54321/functions/v1"}],
        "paths": {
            f"/{path}": {method.lower(): _operation(path, e, method) for method in e.method.split(", ")}
            for path, e in endpoints.items()
        },
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "secretKey": {"type": "apiKey", "in": "header", "name": "apikey"},
            },
        },
    }


def _is_json(endpoint: Endpoint[Any, Any]) -> bool:
    return endpoint.method != "GET" and endpoint.body is not bytes


def _needs_body(endpoint: Endpoint[Any, Any]) -> bool:
    """No body stands for one without fields."""
    if not _is_json(endpoint):
        return True
    return any(field.is_required() for field in endpoint.body.model_fields.values())


def _operation(path: str, endpoint: Endpoint[Any, Any], method: str) -> dict[str, Any]:
    name = entry_point_name(path)
    operation: dict[str, Any] = {
        "operationId": name if method == endpoint.method else f"{name}_{method.lower()}",
        "summary": endpoint.summary,
        "security": _security(endpoint),
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
    }
    if method != "GET":
        content = _media("application/json", endpoint.body) if _is_json(endpoint) else {endpoint.reads: {}}
        operation["requestBody"] = {"required": _needs_body(endpoint), "content": content}
    return operation


def _parameters(endpoint: Endpoint[Any, Any]) -> list[dict[str, Any]]:
    """For GET the model's fields as query parameters, and what the handler reads by itself."""
    named = [
        {"name": name, "in": place, "required": True, "schema": {"type": "string"}}
        for place, name in endpoint.parameters
    ]
    if endpoint.method != "GET" or endpoint.body is bytes:
        return named
    schema = endpoint.body.model_json_schema()
    required = schema.get("required", [])
    return named + [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema.get("properties", {}).items()
    ]


def _responses(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    found: dict[int, dict[str, Any]] = {200: {"description": "The answer", "content": {}}}
    if endpoint.answer is not None:
        found[200]["content"] |= _media("application/json", endpoint.answer)
    for problem in sorted({*_refusals(endpoint), *endpoint.problems}, key=lambda each: (each.status, each.__name__)):
        entry = found.setdefault(int(problem.status), {"description": "", "content": {}})
        entry["description"] = f"{entry['description']} {' '.join((problem.__doc__ or '').split())}".strip()
        entry["content"] = _media("application/problem+json", Problem)
    for status, media in endpoint.also.items():
        entry = found.setdefault(status, {"description": "The answer", "content": {}})
        for media_type, reported in media.items():
            entry["content"] |= _media(media_type, reported)
    return {
        str(status): {key: value for key, value in found[status].items() if value or key == "description"}
        for status in sorted(found)
    }


def _refusals(endpoint: Endpoint[Any, Any]) -> Iterator[type[errors.ApiError]]:
    """What the pipeline answers before the handler, or the database behind it."""
    yield errors.ServiceUnavailable
    if endpoint.callers is not None:
        yield errors.Unauthorized
        if not {Kind.USER, Kind.SERVICE} <= endpoint.callers:
            yield errors.Forbidden
    if endpoint.body is not bytes:
        yield errors.UnprocessableContent
    if endpoint.method != "GET":
        yield errors.ContentTooLarge
    if _is_json(endpoint):
        yield from (errors.BadRequest, errors.UnsupportedMediaType)


def _media(media_type: str, reported: str | type[BaseModel]) -> dict[str, Any]:
    schema = (
        {"type": "string", "description": reported}
        if isinstance(reported, str)
        else {"$ref": _SCHEMA + reported.__name__}
    )
    return {media_type: {"schema": schema}}


def _security(endpoint: Endpoint[Any, Any]) -> list[dict[str, list[str]]]:
    callers = endpoint.callers or frozenset()
    offered: dict[Kind, dict[str, list[str]]] = {
        Kind.ANONYMOUS: {},
        Kind.USER: {"accessToken": []},
        Kind.SERVICE: {"secretKey": []},
    }
    return [scheme for kind, scheme in offered.items() if kind in callers]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2) + "\n")
