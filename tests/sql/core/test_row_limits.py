"""How many projects and layouts a user may have, and how much a project."""

from contextlib import suppress

import psycopg
import pytest
from psycopg.errors import Error

from tests.sql.acting import ADA, GRACE, Connection, acting_as, superuser
from tests.sql.metrics.test_metrics_concurrency import at_once

LIMITS = {"projects": 1000, "layouts": 200}
ADD = {
    "projects": "insert into projects (user_id, title) select %s, 'P' from generate_series(1, %s)",
    "layouts": "insert into layouts (user_id, name, blocks_json) select %s, 'L', '[]' from generate_series(1, %s)",
}
AS_A_USER = "select set_config('role', 'authenticated', false), set_config('request.jwt.claims', %s, false)"


def become(connection: Connection) -> None:
    connection.execute(AS_A_USER, (f'{{"role": "authenticated", "sub": "{ADA}"}}',))


def left(connection: Connection, table: str) -> int:
    counted = connection.execute(f"select count(*) as number from {table} where user_id = %s".encode(), (ADA,))
    row = counted.fetchone()
    assert row
    return LIMITS[table] - int(row["number"])


@pytest.mark.parametrize("table", LIMITS)
def test_a_user_has_so_many_and_no_more(untouched_database: str, table: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        connection.execute(ADD[table], (ADA, left(connection, table)))
        with pytest.raises(Error) as refused, connection.transaction():
            connection.execute(ADD[table], (ADA, 1))
        assert refused.value.sqlstate == "PT409"
        assert refused.value.diag.message_primary == f"You may have {LIMITS[table]} {table} at most."
        connection.execute(f"delete from {table} where id = (select id from {table} limit 1)".encode())
        connection.execute(ADD[table], (ADA, left(connection, table)))


@pytest.mark.parametrize("table", LIMITS)
def test_what_is_there_may_be_written_again(untouched_database: str, table: str) -> None:
    """An upsert of a row that is there, as supabase-js sends it."""
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        connection.execute(ADD[table], (ADA, left(connection, table)))
        connection.execute(
            f"insert into {table} select * from (select * from {table} where user_id = %s limit 1) as one "
            "on conflict (id) do update set created_at = excluded.created_at".encode(),
            (ADA,),
        )


@pytest.mark.parametrize("table", LIMITS)
def test_handlers_and_others_are_not_counted(untouched_database: str, table: str) -> None:
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        connection.execute("select set_config('role', 'service_role', true)")
        if table == "layouts":
            connection.execute(ADD[table], (ADA, LIMITS[table] + 1))
        connection.execute("reset role")
        connection.execute(ADD[table], (ADA, LIMITS[table] + 1))
        connection.execute("select set_config('role', 'authenticated', true)")
        connection.execute(ADD[table], (GRACE, 1))


@pytest.mark.parametrize("table", LIMITS)
def test_two_at_once_do_not_share_the_last_place(database: str, table: str) -> None:
    with superuser(database) as connection:
        connection.execute(ADD[table], (ADA, left(connection, table) - 3))

    def work(connection: psycopg.Connection[dict[str, object]]) -> int:
        become(connection)
        added = 0
        for _ in range(4):
            with suppress(Error):
                connection.execute(ADD[table], (ADA, 1))
                added += 1
        return added

    assert sum(at_once(database, 6, work)) == 3
    with superuser(database) as connection:
        assert left(connection, table) == 0


OF_A_PROJECT = {"images": 100, "videos": 20, "tags": 50, "technologies": 50}
COLUMN = {"images": "url", "videos": "url", "tags": "tag", "technologies": "technology"}


def add_to(connection: Connection, kind: str, project: object, number: int) -> None:
    connection.execute(
        f"""insert into project_{kind} (project_id, {COLUMN[kind]})
            select %s, 'https://e/' || gen_random_uuid() from generate_series(1, %s)""".encode(),
        (project, number),
    )


def full_and_other(connection: Connection, kind: str) -> tuple[object, object]:
    """A project that has all that it may have of a kind, and one that has one."""
    one, other = new_project(connection), new_project(connection)
    add_to(connection, kind, one, OF_A_PROJECT[kind])
    add_to(connection, kind, other, 1)
    return one, other


def new_project(connection: Connection) -> object:
    row = connection.execute("insert into projects (title) values ('P') returning id").fetchone()
    assert row
    return row["id"]


@pytest.mark.parametrize("kind", OF_A_PROJECT)
def test_a_project_has_so_much_and_no_more(untouched_database: str, kind: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        one, _ = full_and_other(connection, kind)
        with pytest.raises(Error) as refused, connection.transaction():
            add_to(connection, kind, one, 1)
        assert refused.value.sqlstate == "PT409"
        assert refused.value.diag.message_primary == f"A project may have {OF_A_PROJECT[kind]} {kind} at most."
        connection.execute(f"delete from project_{kind} where project_id = %s".encode(), (one,))
        add_to(connection, kind, one, 1)


@pytest.mark.parametrize("kind", ["tags", "technologies"])
def test_no_more_can_be_moved_there_either(untouched_database: str, kind: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        one, other = full_and_other(connection, kind)
        with pytest.raises(Error) as refused, connection.transaction():
            connection.execute(
                f"update project_{kind} set project_id = %s where project_id = %s".encode(), (one, other)
            )
        assert refused.value.sqlstate == "PT409"
