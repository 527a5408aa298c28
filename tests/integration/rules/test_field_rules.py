"""Each rule of each table, broken through HTTP: the error names the field and says what is allowed."""

import uuid
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.rules.cases import OF_CHANGES, RPCS, Owner, Row, Rule, broken, is_written, rows
from tests.integration.rules.forms import shown
from tests.support.stack import Stack
from tests.support.users import User


@pytest.fixture
def mine(stack: Stack, user: User) -> Owner:
    with stack.client(user) as client:
        client.headers["prefer"] = "return=representation"
        made = client.post("/rest/v1/projects", json={"title": "Engine", "status": "published"})
        project = made.raise_for_status().json()[0]
    return Owner(str(user.id), project["id"])


def test_a_refused_write_names_the_field_and_what_is_allowed(
    stack: Stack, user: User, service: httpx.Client, owner: httpx.Client, mine: Owner, rules: dict[str, Rule]
) -> None:
    held = give_up_a_username(stack)
    checked = {name: rule for name, rule in rules.items() if rule["rule"] not in {"unique", "rows"}}
    refused: dict[str, Row] = {}
    for name, rule in checked.items():
        fields = {"username": held} if name == "users_username_held" else broken(rule)
        by_owner = rule["table_name"] in {"users", "project_reports"} and rule["field"] != "tier"
        answer = write(owner if by_owner else service, mine, rule, fields)
        if is_written(rule):
            assert answer.status_code == 400, (name, answer.text)
            refused[name] = answer.json()
        else:
            assert answer.status_code in {400, 403, 404}, (name, answer.text)
    for (name, error), said in zip(refused.items(), shown(list(refused.values()), rules), strict=True):
        rule = checked[name]
        assert said["field"] == rule["field"], (name, error)
        if (error["details"] or "").startswith(f"{rule['table_name']}.{rule['field']}"):
            assert error["hint"], error  # a trigger, in words of its own
        else:
            assert said["message"] == rule["message"], (name, error)


def give_up_a_username(stack: Stack) -> str:
    former = stack.make_user()
    with stack.client(former) as client:
        changed = client.patch(f"/rest/v1/users?id=eq.{former.id}", json={"username": f"n{uuid.uuid4().hex[:20]}"})
        changed.raise_for_status()
    return former.username


def write(client: httpx.Client, mine: Owner, rule: Rule, fields: Row) -> httpx.Response:
    table = rule["table_name"]
    if table in RPCS:
        name, arguments = RPCS[table]
        return client.post(f"/rest/v1/rpc/{name}", json={"project_id": mine.project_id} | arguments | fields)
    if table == "users":
        return client.patch(f"/rest/v1/users?id=eq.{mine.user_id}", json=fields)
    if rule["name"] in OF_CHANGES:
        client.post(f"/rest/v1/{table}", json=rows(mine)[table]).raise_for_status()
        return client.patch(f"/rest/v1/{table}?project_id=eq.{mine.project_id}", json=fields)
    added = {"project_id": mine.project_id} if rule["rule"] == "owner" else {}
    return client.post(f"/rest/v1/{table}", json=rows(mine).get(table, {}) | added | fields)


def test_every_check_has_a_rule_and_a_regular_name(stack: Stack, rules: dict[str, Rule]) -> None:
    query = """
        select conname, relname, array(
          select attname::text from pg_attribute where attrelid = conrelid and attnum = any (conkey)
        )
        from pg_constraint join pg_class on pg_class.oid = conrelid
        where contype = 'c' and (relnamespace = 'public'::regnamespace or conrelid = 'private.users'::regclass)
    """
    kinds = "length choices format address range count type size required owner reserved"
    with psycopg.connect(stack.database_url) as connection:
        checks = connection.execute(query.encode()).fetchall()
    assert len(checks) > 80
    for name, table, fields in checks:
        assert name in {f"{table}_{field}_{kind}" for field in fields for kind in kinds.split()}, name
        assert name in rules, f"{name}: say in a comment on the constraint what is allowed"


def test_every_rule_says_its_limits(rules: dict[str, Rule]) -> None:
    for name, rule in rules.items():
        assert rule["message"], name
        match rule["rule"]:
            case "length" | "count" | "rows" | "size" | "blocks":
                assert rule["maximum"] > 0, name
            case "range":
                assert rule["minimum"] is not None, name
            case "choices":
                assert len(rule["choices"]) > 1, name
            case "format":
                assert rule["pattern"], name


def test_a_value_that_is_taken_names_its_field(
    stack: Stack, user: User, mine: Owner, service: httpx.Client, rules: dict[str, Rule]
) -> None:
    other = stack.make_user()
    errors = [service.patch(f"/rest/v1/users?id=eq.{user.id}", json={"username": other.username}).json()]
    for table in ("project_tags", "project_technologies"):
        row = rows(mine)[table]
        service.post(f"/rest/v1/{table}", json=row).raise_for_status()
        errors.append(service.post(f"/rest/v1/{table}", json=row).json())
    assert shown(errors, rules) == [
        {"field": "username", "message": rules["users_username_key"]["message"]},
        {"field": "tag", "message": rules["project_tags_pkey"]["message"]},
        {"field": "technology", "message": rules["project_technologies_pkey"]["message"]},
    ]
    unique = {name for name, rule in rules.items() if rule["rule"] == "unique"}
    assert unique == {"users_username_key", "project_tags_pkey", "project_technologies_pkey", "projects_slug_unique"}


def fill(connection: psycopg.Connection[Any], table: str, row: Row, count: int) -> None:
    """So many rows as this one, each with a word of its own."""
    columns = ", ".join(row)
    many = f"""
        insert into public.{table} ({columns}) select {columns} from generate_series(1, %s) as place
        cross join lateral jsonb_populate_record(
          null::public.{table}, %s || jsonb_build_object('tag', place::text, 'technology', place::text)
        ) as made
    """
    connection.execute(many.encode(), (count, Jsonb(row)))
    connection.commit()


def test_a_row_too_many_names_the_limit(stack: Stack, user: User, mine: Owner, rules: dict[str, Rule]) -> None:
    counted = {name: rule for name, rule in rules.items() if rule["rule"] == "rows"}
    errors = []
    with psycopg.connect(stack.database_url) as connection, stack.client(user) as client:
        for rule in counted.values():
            table, row = rule["table_name"], rows(mine)[rule["table_name"]]
            fill(connection, table, row, rule["maximum"])
            answer = client.post(f"/rest/v1/{table}", json=row)
            assert answer.status_code == 409, answer.text
            errors.append(answer.json())
    for rule, seen in zip(counted.values(), shown(errors, rules), strict=True):
        assert seen["field"] is None
        assert seen["message"].replace(",", "") == rule["message"].replace(",", "") + " Delete one first."


@pytest.mark.parametrize(
    ("error", "field", "words"),
    [
        ({"title": None}, "title", "Title must be given."),
        ({"title": "T", "nonsense": 1}, "nonsense", "Could not find"),
    ],
)
def test_a_missing_and_an_unknown_field(
    owner: httpx.Client, rules: dict[str, Rule], error: Row, field: str, words: str
) -> None:
    answer = owner.post("/rest/v1/projects", json=error, params={"columns": ",".join(error)})
    [seen] = shown([answer.json()], rules)
    assert seen["field"] == field
    assert seen["message"].startswith(words)


def test_a_refused_argument_names_its_field(owner: httpx.Client, rules: dict[str, Rule]) -> None:
    [seen] = shown([owner.post("/rest/v1/rpc/search_projects", json={"sort": "price"}).json()], rules)
    assert seen == {"field": "sort", "message": "sort is relevance, newest, stars or likes."}


def test_a_reference_to_nothing_names_its_field(owner: httpx.Client, rules: dict[str, Rule]) -> None:
    body = {"name": "L", "blocks_json": [], "template_id": "00000000-0000-4000-8000-00000000dead"}
    [seen] = shown([owner.post("/rest/v1/layouts", json=body).json()], rules)
    assert seen == {"field": "template_id", "message": "This is not there any more. Choose another."}
