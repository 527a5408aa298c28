"""Every cell of the matrix about tables and views once more, through GraphQL: the same rows as REST, and no other."""

import json
import re
from datetime import datetime
from typing import Any

import pytest

from tests.access.matrix import Cell, served
from tests.access.rows import RECIPES
from tests.access.world import Json, Row, World

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def type_name(world: World, row: Row) -> str:
    """As the directive in the comment of what the API serves says."""
    comment = world.database.execute("select obj_description(to_regclass(%s))", (served_as(row),)).fetchone()
    assert comment is not None
    found = re.search(r'@graphql\(\{"name": "(\w+)"', comment[0])
    assert found is not None, f"name {row.table} for GraphQL"
    return found[1]


def served_as(row: Row) -> str:
    return row.table.replace("private.", "public.")


def inputs(values: Json) -> Json:
    """JSON goes in as text, as pg_graphql takes it."""
    return {camel(name): json.dumps(v) if isinstance(v, (dict, list)) else v for name, v in values.items()}


def plain(value: Any) -> Any:
    """A value of either API in one notation: moments as moments, and JSON and large numbers as what they say."""
    if isinstance(value, str) and STAMP.match(value):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and (value[:1] in ("[", "{") or value.isdecimal()):
        return json.loads(value)
    return value


def ask(world: World, caller: str, query: str, **variables: Any) -> Json:
    answer = world.clients[caller].post("/graphql/v1", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


def request(world: World, cell: Cell, row: Row, columns: list[str]) -> tuple[str, Json]:
    """The query of a cell and its variables."""
    name = type_name(world, row)
    fields = " ".join(map(camel, columns))
    condition = {camel(column): {"eq": row.values[column]} for column in row.key}
    given = f"$filter: {name}Filter"
    match cell.action:
        case "select":
            field = f"{name[0].lower()}{name[1:]}Collection"
            return f"query({given}) {{ answer: {field}(filter: $filter) {{ edges {{ node {{ {fields} }} }} }} }}", {
                "filter": condition
            }
        case "insert":
            field = f"insertInto{name}Collection"
            query = f"mutation($objects: [{name}InsertInput!]!) {{ answer: {field}(objects: $objects)"
            return query + " { affectedCount } }", {"objects": [inputs(row.values)]}
        case "update":
            query = f"mutation({given}, $set: {name}UpdateInput!) {{ answer: update{name}Collection"
            query += f"(set: $set, filter: $filter) {{ records {{ {fields} }} }} }}"
            return query, {"filter": condition, "set": inputs(row.change)}
        case _:
            query = f"mutation({given}) {{ answer: deleteFrom{name}Collection"
            return f"{query}(filter: $filter) {{ records {{ {fields} }} }} }}", {"filter": condition}


def rows_of(answer: Json) -> list[Json]:
    assert "errors" not in answer, answer
    found = answer["data"]["answer"]
    records = [edge["node"] for edge in found["edges"]] if "edges" in found else found["records"]
    return [{name: plain(value) for name, value in record.items()} for record in records]


@pytest.mark.parametrize("cell", served("table"), ids=str)
def test_graphql(world: World, cell: Cell) -> None:
    row = RECIPES[cell.name, cell.row](world)
    if cell.action != "insert":
        world.store(row)
    before = world.stored(row)
    columns = list(before or row.values)
    query, variables = request(world, cell, row, columns)
    answer = ask(world, cell.caller, query, **variables)
    after = world.stored(row)
    if cell.outcome == "denied":
        assert answer.get("data") in (None, {"answer": None}), answer
        assert answer["errors"]
        assert after == before
    elif cell.outcome == "none":
        assert rows_of(answer) == []
        assert before is not None
        assert after == before
    elif cell.action == "select":
        parameters = {**row.filter, "select": ",".join(columns)}
        rest = world.clients[cell.caller].get(f"/rest/v1/{served_as(row).removeprefix('public.')}", params=parameters)
        assert rows_of(answer) == [{camel(name): plain(v) for name, v in found.items()} for found in rest.json()]
        assert len(rest.json()) == 1
    else:
        assert_done(cell, answer, row, after)


def assert_done(cell: Cell, answer: Json, row: Row, after: Json | None) -> None:
    if cell.action == "insert":
        assert answer == {"data": {"answer": {"affectedCount": 1}}}
        assert after is not None
        assert row.values.items() <= after.items()
        return
    assert len(rows_of(answer)) == 1
    if cell.action == "delete":
        assert after is None
        return
    assert after is not None
    assert row.change.items() <= after.items()
