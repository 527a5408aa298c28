"""What becomes of a database whose functions answer in another shape than these functions were written for."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from showcase.auth import SERVICE
from showcase.database import Database
from showcase.errors import AccountGone, ServiceUnavailable
from showcase.metrics import store
from showcase.metrics.domain import Platform
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.doubles.served import served


def row_of_project() -> dict[str, Any]:
    counts = dict.fromkeys(("stars", "forks", "watchers", "likes", "comments", "retweets", "replies"), 7)
    day = {"platform": "github", "recorded_at": "2026-07-20", "as_of": "2026-07-20T12:00:00+00:00", **counts}
    links = {"github_link": "https://github.com/ada/engine", "linkedin_link": None, "twitter_link": None}
    views = {"total": 3, "history": [{"day": "2026-07-19", "views": 3}]}
    about = {"id": str(uuid4()), "user_id": str(uuid4()), "title": "Engine", "status": "published"}
    return {**about, **links, "snapshots": [day], "history": [dict(day)], "views": views, "account_gone": False}


async def read(row: dict[str, Any]) -> Any:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(row)

    with served(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])) as url:
        values = {"supabase_url": url, "supabase_publishable_key": "publishable", "supabase_secret_key": "secret"}
        database = Database(HttpClient(), CoreSettings.model_validate(values))
        return await store.get_project(database, SERVICE, uuid4(), 30)


@pytest.mark.anyio
async def test_a_project_is_read() -> None:
    metrics = await read({**row_of_project(), "a_newer_member": True})
    assert metrics.linked == (Platform.GITHUB,)
    assert metrics.snapshots[Platform.GITHUB].counts == {"stars": 7, "forks": 7, "watchers": 7}
    assert list(metrics.views.history.values()) == [3]


@pytest.mark.anyio
async def test_a_token_that_outlived_its_account_reads_nothing() -> None:
    with pytest.raises(AccountGone):
        await read({**row_of_project(), "account_gone": True})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("without", "member"),
    [
        (lambda row: row, "views"),
        (lambda row: row, "history"),
        (lambda row: row, "github_link"),
        (lambda row: row["snapshots"][0], "stars"),
        (lambda row: row["history"][0], "as_of"),
        (lambda row: row["views"], "total"),
    ],
)
async def test_an_older_database_is_unavailable_and_the_log_names_what_is_missing(
    without: Callable[[dict[str, Any]], dict[str, Any]], member: str
) -> None:
    row = row_of_project()
    del without(row)[member]
    with pytest.raises(ServiceUnavailable) as raised:
        await read(row)
    assert raised.value.code == "database_unavailable"
    assert str(raised.value.__cause__) == f"unexpected response, without {member}"
