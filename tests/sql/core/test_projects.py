"""Projects and what hangs on them: who sees and changes what."""

from datetime import datetime
from uuid import UUID

import psycopg
import pytest

from tests.sql.acting import ADA, COMPILER, ENGINE, GRACE, NOTE_G, act_as, acting_as, rolled_back, superuser

CHILDREN = {
    "project_images": ("url", "https://images.example.com/1.png"),
    "project_videos": ("url", "https://videos.example.com/1.mp4"),
    "project_tags": ("tag", "new"),
    "project_technologies": ("technology", "new"),
}
READERS = [
    ("anon", None, {ENGINE, COMPILER}),
    ("authenticated", GRACE, {ENGINE, COMPILER}),
    ("authenticated", ADA, {ENGINE, COMPILER, NOTE_G}),
    ("service_role", None, {ENGINE, COMPILER, NOTE_G}),
]


def add(child: str) -> bytes:
    return f"insert into public.{child} (project_id, {CHILDREN[child][0]}) values (%s, %s)".encode()


@pytest.mark.parametrize(("role", "user", "visible"), READERS)
def test_drafts_are_seen_by_their_owner_alone(
    untouched_database: str, role: str, user: UUID | None, visible: set[UUID]
) -> None:
    with acting_as(untouched_database, role, user) as connection:
        assert {row["id"] for row in connection.execute("select id from public.projects").fetchall()} == visible


@pytest.mark.parametrize(("role", "user", "visible"), READERS)
@pytest.mark.parametrize("child", [*CHILDREN, "social_metrics"])
def test_a_child_is_as_visible_as_its_project(
    untouched_database: str, child: str, role: str, user: UUID | None, visible: set[UUID]
) -> None:
    with rolled_back(untouched_database) as connection:
        for project in (ENGINE, COMPILER, NOTE_G):
            if child == "social_metrics":
                connection.execute("insert into social_metrics (project_id, platform) values (%s, 'github')", [project])
            else:
                connection.execute(add(child), (project, CHILDREN[child][1]))
        act_as(connection, role, user)
        rows = connection.execute(f"select project_id from public.{child}".encode()).fetchall()
        assert {row["project_id"] for row in rows} == visible


def test_a_new_project_is_its_makers_draft(untouched_database: str) -> None:
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        row = connection.execute("insert into projects (title) values ('New') returning user_id, status").fetchone()
        assert row == {"user_id": GRACE, "status": "draft"}


def test_nobody_adds_a_project_for_somebody_else(untouched_database: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", GRACE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("insert into projects (title, user_id) values ('New', %s)", (ADA,))
    with acting_as(untouched_database, "anon") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("insert into projects (title) values ('New')")


@pytest.mark.parametrize("statement", ["update public.projects set title = 'Mine'", "delete from public.projects"])
def test_changes_reach_ones_own_projects_only(untouched_database: str, statement: str) -> None:
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        assert connection.execute(statement.encode()).rowcount == 1
    with acting_as(untouched_database, "anon") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(("role", "user"), [("authenticated", ADA), ("service_role", None)])
@pytest.mark.parametrize("table", ["projects", "layouts"])
def test_nothing_moves_to_another_owner(untouched_database: str, table: str, role: str, user: UUID | None) -> None:
    for change in (f"user_id = '{GRACE}'", "id = gen_random_uuid()"):
        with (
            acting_as(untouched_database, role, user) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"update public.{table} set {change} where user_id = '{ADA}'".encode())


def test_an_upsert_of_ones_own_project_works(untouched_database: str) -> None:
    """As PostgREST writes it: every column that was sent is set again, the id too."""
    upsert = """
        insert into projects (id, user_id, title) values (%s, %s, 'Second edition')
        on conflict (id) do update set id = excluded.id, user_id = excluded.user_id, title = excluded.title
    """
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        assert connection.execute(upsert, (ENGINE, ADA)).rowcount == 1
    with (
        acting_as(untouched_database, "authenticated", GRACE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(upsert, (ENGINE, GRACE))


@pytest.mark.parametrize("table", ["projects", "layouts"])
def test_times_are_the_databases(untouched_database: str, table: str) -> None:
    """Whatever users send: it may be what they read."""
    forged = f"update public.{table} set created_at = '2000-01-01', updated_at = '2000-01-01' where user_id = '{ADA}'"
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        before = connection.execute(f"select created_at from {table} where user_id = %s".encode(), (ADA,)).fetchall()
        after = connection.execute(f"{forged} returning created_at, updated_at, now()".encode()).fetchall()
        assert after
        assert sorted(row["created_at"] for row in after) == sorted(row["created_at"] for row in before)
        assert all(row["updated_at"] == row["now"] for row in after)


@pytest.mark.parametrize("table", ["projects", "layouts"])
def test_updated_at_follows_every_change(database: str, table: str) -> None:
    with superuser(database) as connection:
        change = f"""
            update public.{table} set updated_at = '2000-01-01' where user_id = %s returning updated_at, now() as now
        """
        rows = connection.execute(change.encode(), (ADA,)).fetchall()
        assert rows
        for row in rows:
            assert isinstance(row["updated_at"], datetime)
            assert row["updated_at"] == row["now"]


@pytest.mark.parametrize("child", CHILDREN)
def test_only_the_owner_changes_what_hangs_on_a_project(untouched_database: str, child: str) -> None:
    column, value = CHILDREN[child]
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        connection.execute(add(child), (NOTE_G, value))
        change = f"update public.{child} set {column} = '{value}2' where project_id = %s and {column} = '{value}'"
        assert connection.execute(change.encode(), (NOTE_G,)).rowcount == 1
        assert connection.execute(f"delete from public.{child}".encode()).rowcount > 1
    for project in (ENGINE, NOTE_G):
        with (
            acting_as(untouched_database, "authenticated", GRACE) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(add(child), (project, value))
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        for statement in (f"update public.{child} set {column} = '{value}'", f"delete from public.{child}"):
            assert connection.execute(f"{statement} where project_id = %s".encode(), (ENGINE,)).rowcount == 0
    with acting_as(untouched_database, "anon") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(add(child), (ENGINE, value))


@pytest.mark.parametrize("child", CHILDREN)
def test_a_child_cannot_be_hung_on_anothers_project(untouched_database: str, child: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", ADA) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"update {child} set project_id = %s where project_id = %s".encode(), (COMPILER, ENGINE))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("project_tags", "tag", ""),
        ("project_tags", "tag", " a"),
        ("project_tags", "tag", "a\n"),
        ("project_tags", "tag", "x" * 51),
        ("project_technologies", "technology", ""),
        ("project_images", "url", "data:image/png;base64,AA=="),
        ("project_videos", "url", "javascript:alert(1)"),
    ],
)
def test_what_users_enter_is_limited(untouched_database: str, table: str, column: str, value: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", ADA) as connection,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        connection.execute(f"insert into {table} (project_id, {column}) values (%s, %s)".encode(), (ENGINE, value))


def test_lists_of_projects_and_their_children_use_indexes(database: str) -> None:
    with superuser(database) as connection:
        # Search has plans of its own, and takes most of the time of such rows.
        connection.execute("alter table projects disable trigger update_search_of_new")
        connection.execute("alter table project_tags disable trigger update_search_of_added")
        connection.execute(
            # Each with an address of its own at once: as alike ones, they would look for one that is free.
            """
            insert into projects (user_id, title, status)
            select %s, 'P' || number, 'published' from generate_series(1, 5000) as number
            """,
            (GRACE,),
        )
        connection.execute("insert into project_tags select id, 'many' from projects")
        connection.execute("analyze")
    newest = "select * from projects where status = 'published' order by created_at desc limit 20"
    queries = {
        f"select * from projects where user_id = '{ADA}' order by created_at desc": "projects_user_id_created_at_idx",
        newest: "projects_published_created_at_idx",
        f"select * from project_tags where project_id = '{ENGINE}'": "project_tags_pkey",
    }
    for role, user in (("anon", None), ("authenticated", ADA)):
        for query, index in queries.items():
            with acting_as(database, role, user) as connection:
                plan = "\n".join(r["QUERY PLAN"] for r in connection.execute(f"explain {query}".encode()).fetchall())
            assert index in plan
            assert "Seq Scan" not in plan, "a policy must not read all projects for a few rows"
