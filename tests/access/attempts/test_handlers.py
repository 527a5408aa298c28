"""Attempts to do what only handlers do, and to reach what is not served."""

import pytest

from tests.access.calls import CALLS
from tests.access.matrix import cells
from tests.access.refusals import assert_denied
from tests.access.rows import RECIPES
from tests.access.world import World

KEPT = [
    ("public.social_metrics", "of published"),
    ("public.subscriptions", "own"),
    ("public.invoices", "own"),
    ("public.notifications", "own"),
    ("public.templates", "catalogue"),
]


@pytest.mark.parametrize(("table", "row"), KEPT)
@pytest.mark.parametrize("caller", ["anon", "owner", "other"])
def test_write_what_handlers_keep(world: World, caller: str, table: str, row: str) -> None:
    """Also of one's own project or account: likes, a subscription, a notification."""
    existing, new = world.store(RECIPES[table, row](world)), RECIPES[table, row](world)
    client, address = world.clients[caller], f"/rest/v1/{table.removeprefix('public.')}"
    before = world.everything()
    for prefer in ("return=minimal", "resolution=merge-duplicates", "resolution=ignore-duplicates"):
        for body in (new.values, [new.values], existing.values | existing.change):
            assert_denied(client.post(address, json=body, headers={"Prefer": prefer}), caller)
    assert_denied(client.patch(address, params=existing.filter, json=existing.change), caller)
    assert_denied(client.delete(address, params=existing.filter), caller)
    assert_denied(client.put(address, params=existing.filter, json=existing.values | existing.change), caller)
    assert world.everything() == before


SERVICE_ONLY = [
    (cell.name, cell.row)
    for cell in cells("function")
    if (cell.caller, cell.outcome) == ("owner", "denied") and (cell.name, cell.row) in CALLS
]


@pytest.mark.parametrize(("name", "row"), SERVICE_ONLY)
@pytest.mark.parametrize("caller", ["anon", "owner"])
def test_call_what_handlers_call(world: World, caller: str, name: str, row: str) -> None:
    """With good arguments, with none, as a single object and for a plan of it."""
    arguments = CALLS[name, row].arguments(world)
    client, address = world.clients[caller], f"/rest/v1/rpc/{name.removeprefix('public.')}"
    before = world.everything()
    assert_denied(client.post(address, json=arguments), caller)
    assert client.post(address, json={}).is_client_error
    assert client.post(address, json=arguments, headers={"Prefer": "params=single-object"}).is_client_error
    assert client.post(address, json=arguments, headers={"Accept": "application/vnd.pgrst.plan"}).is_client_error
    assert client.request("DELETE", address, json=arguments).is_client_error
    assert world.everything() == before


@pytest.mark.parametrize("caller", ["anon", "other", "service"])
def test_reach_another_schema(world: World, caller: str) -> None:
    """Only public is served, to handlers too: not Auth's accounts, Storage's tables or the system's."""
    schemas = world.database.execute("select nspname from pg_namespace where nspname <> 'public'").fetchall()
    assert {("private",), ("auth",), ("storage",), ("pg_catalog",)} <= set(schemas)
    client = world.clients[caller]
    for (schema,) in schemas:
        for table in ("users", "objects", "pg_class", "tables"):
            answer = client.get(f"/rest/v1/{table}", headers={"Accept-Profile": schema})
            assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106")
            answer = client.post(f"/rest/v1/{table}", json={"id": "x"}, headers={"Content-Profile": schema})
            assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106")
