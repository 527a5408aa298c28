"""Rows as they were read, sent back with a change: what a form does."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.stack import Stack
from tests.support.users import User

MADE_UP = "2001-01-01T00:00:00+00:00"
ROWS = [
    ("projects", {"title": "First"}, {"title": "Second"}),
    ("layouts", {"name": "First", "blocks_json": []}, {"name": "Second"}),
    ("notification_preferences", {"type": "weekly_metrics", "enabled": False}, {"enabled": True}),
]


@pytest.mark.parametrize(("table", "values", "change"), ROWS, ids=[table for table, _, _ in ROWS])
@pytest.mark.parametrize("method", ["PATCH", "POST"], ids=["update", "upsert"])
def test_a_row_that_was_read_can_be_sent_back(
    stack: Stack, user: User, table: str, values: dict[str, Any], change: dict[str, Any], method: str
) -> None:
    with stack.client(user) as client:
        client.headers["prefer"] = "return=representation"
        (read,) = client.post(f"/rest/v1/{table}", json=values).raise_for_status().json()
        client.headers["prefer"] += ",resolution=merge-duplicates"
        filter_ = {"user_id": f"eq.{user.id}"} if method == "PATCH" else {}
        answer = client.request(method, f"/rest/v1/{table}", params=filter_, json=read | change)
        assert answer.is_success, answer.text
        (after,) = client.get(f"/rest/v1/{table}", params={"user_id": f"eq.{user.id}"}).json()
    assert after.pop("updated_at") > read.pop("updated_at")
    assert after == read | change


@pytest.mark.parametrize(("table", "values", "change"), ROWS, ids=[table for table, _, _ in ROWS])
def test_times_are_the_databases_own(
    stack: Stack, user: User, table: str, values: dict[str, Any], change: dict[str, Any]
) -> None:
    with stack.client(user) as client:
        client.headers["prefer"] = "return=representation"
        times = dict.fromkeys(("created_at", "updated_at"), MADE_UP)
        if table == "notification_preferences":
            del times["created_at"]
        else:
            times["id"] = str(uuid4())
        (added,) = client.post(f"/rest/v1/{table}", json=values | times).raise_for_status().json()
        filter_ = {"user_id": f"eq.{user.id}"}
        (changed,) = client.patch(f"/rest/v1/{table}", params=filter_, json=times | change).raise_for_status().json()
    assert MADE_UP not in [*added.values(), *changed.values()]
    assert changed.get("created_at") == added.get("created_at")
