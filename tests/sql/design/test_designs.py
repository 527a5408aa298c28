"""Templates, layouts and the assistant's sessions."""

from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, COMPILER, ENGINE, GRACE, NOTE_G, acting_as, superuser

BLOCKS = Jsonb([{"type": "hero", "props": {}}])


@pytest.mark.parametrize(
    "blocks",
    [
        {},
        "text",
        None,
        1,
        [1],
        [[]],
        [None],
        [{}],
        [{"type": 1}],
        [{"type": None}],
        [{"type": ""}],
        [{"type": "x" * 65}],
        [{"type": "hero"}],
        [{"type": "hero", "props": {}}, {"kind": "text"}],
        [{"type": "hero", "props": {}}] * 201,
        [{"type": "text", "props": {"text": "x" * 20_000}}] * 14,
    ],
)
@pytest.mark.parametrize("table", ["templates", "layouts"])
def test_blocks_are_a_list_of_the_catalogues(untouched_database: str, table: str, blocks: object) -> None:
    with superuser(untouched_database) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"insert into {table} (name, blocks_json) values ('A', %s)".encode(), (Jsonb(blocks),))


@pytest.mark.parametrize("blocks", [[], [{"type": "hero", "props": {}}], [{"type": "divider", "props": {}}] * 200])
def test_good_blocks_are_taken(untouched_database: str, blocks: object) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        connection.execute("insert into layouts (name, blocks_json) values ('A', %s)", (Jsonb(blocks),))


@pytest.mark.parametrize(("role", "user"), [("anon", None), ("authenticated", ADA)])
def test_the_catalogue_is_public_and_read_only(untouched_database: str, role: str, user: UUID | None) -> None:
    with acting_as(untouched_database, role, user) as connection:
        assert len(connection.execute("select * from templates").fetchall()) == 2
        assert len(connection.execute("select * from layouts where user_id is null").fetchall()) == 1
    for statement in (
        "insert into templates (name, blocks_json) values ('A', '[]')",
        "update templates set name = 'A'",
        "delete from templates",
        "insert into layouts (user_id, name, blocks_json) values (null, 'A', '[]')",
    ):
        with (
            acting_as(untouched_database, role, user) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())
    if user is not None:
        with acting_as(untouched_database, role, user) as connection:
            for statement in ("update layouts set name = 'A'", "delete from layouts"):
                assert connection.execute(f"{statement} where user_id is null".encode()).rowcount == 0


@pytest.mark.parametrize(
    ("project", "published", "readers"),
    [
        (None, False, {ADA}),
        (None, True, {ADA}),
        (ENGINE, False, {ADA}),
        (ENGINE, True, {ADA, GRACE, None}),
        (NOTE_G, True, {ADA}),
    ],
)
def test_a_layout_is_its_owners_until_it_is_published_with_its_project(
    database: str, project: UUID | None, published: bool, readers: set[UUID | None]
) -> None:
    with superuser(database) as connection:
        connection.execute(
            "insert into layouts (user_id, project_id, name, blocks_json, published) values (%s, %s, 'Probe', %s, %s)",
            (ADA, project, BLOCKS, published),
        )
    found: set[UUID | None] = set()
    for user in (ADA, GRACE, None):
        with acting_as(database, "authenticated" if user else "anon", user) as connection:
            if connection.execute("select from layouts where name = 'Probe'").fetchone() is not None:
                found.add(user)
    assert found == readers


def test_users_keep_layouts_for_their_own_projects(untouched_database: str) -> None:
    add = "insert into layouts (project_id, name, blocks_json) values (%s, 'A', %s) returning id, user_id"
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        row = connection.execute(add, (COMPILER, BLOCKS)).fetchone()
        assert row is not None
        assert row["user_id"] == GRACE
        connection.execute("update layouts set published = true where id = %s", (row["id"],))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update layouts set project_id = %s where id = %s", (ENGINE, row["id"]))
    with (
        acting_as(untouched_database, "authenticated", GRACE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(add, (ENGINE, BLOCKS))
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        for statement in ("update layouts set name = 'A'", "delete from layouts"):
            assert connection.execute(f"{statement} where user_id = %s".encode(), (ADA,)).rowcount == 0


@pytest.mark.parametrize("table", ["ai_sessions", "subscriptions", "notifications"])
def test_what_handlers_write_is_seen_by_its_user_alone(database: str, table: str) -> None:
    columns = {
        "ai_sessions": "input_json) values (%s, '{}')",
        "subscriptions": "stripe_id, status, plan) values (%s, 'sub_1', 'active', 'paid')",
        "notifications": "type) values (%s, 'welcome')",
    }
    add = f"insert into public.{table} (user_id, {columns[table]}".encode()
    with superuser(database) as connection:
        connection.execute("set role service_role")
        connection.execute(add, (GRACE,))
    read = f"select distinct user_id from public.{table} where user_id = %s".encode()
    with acting_as(database, "authenticated", GRACE) as connection:
        assert connection.execute(read, (GRACE,)).fetchall() == [{"user_id": GRACE}]
        assert connection.execute(read, (ADA,)).fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(add, (GRACE,))
    with acting_as(database, "authenticated", ADA) as connection:
        assert connection.execute(read, (GRACE,)).fetchall() == []
    with acting_as(database, "anon") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(read, (GRACE,))


def test_users_delete_their_own_sessions(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("insert into ai_sessions (user_id) values (%s), (%s)", (ADA, GRACE))
    with acting_as(database, "authenticated", ADA) as connection:
        assert connection.execute("delete from ai_sessions").rowcount == 1


@pytest.mark.parametrize("table", ["templates", "layouts"])
def test_blocks_are_checked_only_where_they_change(database: str, table: str) -> None:
    """The check of a large page costs time: a rename does not pay for it."""
    with superuser(database) as connection:
        connection.execute(f"alter table {table} disable trigger check_added_blocks".encode())
        connection.execute(f"insert into {table} (name, blocks_json) values ('Unchecked', '[1]')".encode())
        connection.execute(
            f"update {table} set name = 'Renamed', blocks_json = '[1]' where name = 'Unchecked'".encode()
        )
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            connection.execute(f"update {table} set blocks_json = '[2]' where name = 'Renamed'".encode())
        assert refused.value.diag.constraint_name == f"{table}_blocks_json_blocks"
