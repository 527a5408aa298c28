"""What becomes of PostgREST's errors, and of those of whatever stands before it."""

import pytest
from showcase.billing.domain import Finding
from showcase.database import Database
from showcase.errors import ApiError
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.doubles.served import served


async def asked(status: int, body: str, shape: object = None) -> ApiError:
    """What is raised where a database function is answered with this."""

    async def answer(_: Request) -> Response:
        return Response(body, status, media_type="application/json")

    with served(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])) as url:
        values = {"supabase_url": url, "supabase_publishable_key": "publishable", "supabase_secret_key": "secret"}
        with pytest.raises(ApiError) as raised:
            await Database(HttpClient(), CoreSettings.model_validate(values)).rpc("anything", {}, shape)
    return raised.value


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, '{"message": "An invalid response was received from the upstream server"}'),
        (503, '{"message": "name resolution failed"}'),
        (500, '{"error": "internal"}'),
        (503, ""),
        (520, "<html>"),
        (503, '{"code": "PGRST002", "message": "no schema cache"}'),
        (503, '{"code": 503, "msg": "The database does not answer right now."}'),
        (504, '{"code": "57014", "message": "canceling statement due to statement timeout"}'),
    ],
)
async def test_who_cannot_be_asked_is_unavailable(status: int, body: str) -> None:
    """A proxy before it has no code to give."""
    error = await asked(status, body)
    assert (error.status, error.code) == (503, "database_unavailable")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"code": "42501"}', (403, "forbidden")),
        ('{"code": "22P02"}', (422, "invalid_value")),
        ('{"code": "23505"}', (422, "invalid_value")),
        ('{"code": "PGRST303"}', (401, "invalid_token")),
        ('{"code": "PGRST202"}', (500, "internal_error")),
        ('{"code": "P0001"}', (500, "internal_error")),
    ],
)
async def test_what_the_database_says_is_sorted_by_its_code(body: str, expected: tuple[int, str]) -> None:
    error = await asked(400, body)
    assert (error.status, error.code) == expected


@pytest.mark.anyio
@pytest.mark.parametrize("shape", [None, int, list[str], Finding])
@pytest.mark.parametrize("body", ["<html>", "[1]", '{"kind": "a"}', '"text"', "[" * 100_000 + "]" * 100_000])
async def test_a_response_of_another_shape_is_no_response(body: str, shape: object) -> None:
    error = await asked(200, body, shape)
    assert (error.status, error.code) == (503, "database_unavailable")
    assert "kind" not in str(error.__cause__)
