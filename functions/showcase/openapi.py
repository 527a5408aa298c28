"""The OpenAPI 3.1 document of all functions, from the same models and route table that serve them.

`python -m showcase.openapi` prints it; docs/openapi.json is that output, and a test keeps it current.
"""

import json
import sys
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from showcase.auth import Kind
from showcase.endpoint import Endpoint
from showcase.errors import ApiError
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


def _operation(path: str, endpoint: Endpoint[Any, Any], method: str) -> dict[str, Any]:
    name = entry_point_name(path)
    operation: dict[str, Any] = {
        "operationId": name if method == endpoint.method else f"{name}_{method.lower()}",
        "summary": endpoint.summary,
        "security": _security(endpoint),
        "responses": {
            "200": {"description": "The answer", **_content("application/json", endpoint.answer)},
            "default": {"description": ApiError.__doc__, **_content("application/problem+json", Problem)},
        },
    }
    if method == "GET":
        operation["parameters"] = [] if endpoint.body is bytes else _parameters(endpoint.body)
    else:
        body = _content("application/json", endpoint.body if _is_json(endpoint) else None)
        operation["requestBody"] = {"required": True, **(body or {"content": {"application/json": {}}})}
    return operation


def _parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """A model's fields as query parameters."""
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema.get("properties", {}).items()
    ]


def _content(media_type: str, model: type[BaseModel] | None) -> dict[str, Any]:
    return {"content": {media_type: {"schema": {"$ref": _SCHEMA + model.__name__}}}} if model else {}


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
