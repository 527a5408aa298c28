"""Every cell of the matrix about tables and views, by what it does to the row."""

import httpx
import pytest

from tests.access.matrix import Cell, served
from tests.access.refusals import METHODS, assert_denied
from tests.access.rows import RECIPES
from tests.access.world import Json, Row, World

# The row comes back, save from an insert: asking for it back would need the right to read it as well.
PREFER = {"insert": "return=minimal", "update": "return=representation", "delete": "return=representation"}


@pytest.mark.parametrize("cell", served("table"), ids=str)
def test_tables(world: World, cell: Cell) -> None:
    row = RECIPES[cell.name, cell.row](world)
    if cell.action != "insert":
        world.store(row)
    before = world.stored(row)
    body = {"insert": row.values, "update": row.change}.get(cell.action, {})
    parameters = {"insert": {}, "select": row.filter | {"select": "*"}}.get(cell.action, row.filter)
    answer = world.clients[cell.caller].request(
        METHODS[cell.action],
        f"/rest/v1/{cell.name.removeprefix('public.')}",
        params=parameters,
        json=body or None,
        headers={"Prefer": PREFER.get(cell.action, "count=exact")},
    )
    after = world.stored(row)
    if cell.outcome == "denied":
        assert_denied(answer, cell.caller)
        assert after == before
    elif cell.outcome == "none":
        assert (answer.status_code, answer.json()) == (200, [])
        assert before is not None
        assert after == before
    elif cell.action == "select":
        hidden = {"email": None, "google_id": None} if cell.outcome == "partly" else {}
        assert before is not None
        assert (answer.status_code, answer.json()) == (200, [before | hidden])
    else:
        assert_done(cell.action, answer, row, before, after)


def assert_done(action: str, answer: httpx.Response, row: Row, before: Json | None, after: Json | None) -> None:
    assert answer.status_code == (201 if action == "insert" else 200), answer.text
    if action == "insert":
        assert before is None
        assert after is not None
        assert row.values.items() <= after.items()
        return
    assert before is not None
    assert len(answer.json()) == 1
    if action == "delete":
        assert after is None
        return
    assert after is not None
    assert not row.change.items() <= before.items()
    assert row.change.items() <= after.items()
