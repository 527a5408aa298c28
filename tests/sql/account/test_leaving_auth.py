"""What of somebody who left is erased in Auth's own tables, and what happens where that is forbidden."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.acting import ADA, GRACE, superuser

FILL = """
    insert into auth.audit_log_entries (id, payload) values
      (gen_random_uuid(), json_build_object('action', 'login', 'actor_id', %(id)s::uuid, 'actor_username', 'a@b')),
      (gen_random_uuid(), json_build_object('action', 'x', 'traits', json_build_object('user_id', %(id)s::uuid)));
    insert into auth.flow_state (id, user_id, authentication_method, provider_type)
      values (gen_random_uuid(), %(id)s, 'oauth', 'google');
"""
LEFT = """
    select (select count(*) from auth.audit_log_entries where strpos(payload::text, %(id)s) > 0) as logged,
      (select count(*) from auth.flow_state where user_id = %(id)s::uuid) as flows,
      (select count(*) from auth.users where id = %(id)s::uuid) as accounts
"""
FORBID = """
    create function private.forbid() returns trigger language plpgsql as 'begin raise {}; end';
    create trigger forbid before delete on auth.audit_log_entries for each row execute function private.forbid();
"""


def fill(url: str) -> None:
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        for user in (ADA, GRACE):
            connection.execute(FILL, {"id": user})


def leave(url: str, user: UUID) -> dict[str, Any]:
    """The last steps, as the handlers call them; the receipt."""
    with superuser(url) as connection:
        query = """
            insert into private.account_deletions (user_id, due_at, status, step)
            values (%s, now(), 'running', 'account') returning id
        """
        asked = connection.execute(query, (user,)).fetchone()
        assert asked
        connection.execute("select public.delete_account(%s)", (asked["id"],))
        connection.execute("select public.record_account_deletion(%s, 'rest', null, null)", (asked["id"],))
        connection.execute("select public.finish_account_deletion(%s)", (asked["id"],))
        receipt = connection.execute("select * from private.account_deletions where id = %s", (asked["id"],)).fetchone()
        assert receipt
        return receipt


def left(url: str, user: UUID) -> tuple[int, int, int]:
    with superuser(url) as connection:
        row = connection.execute(LEFT, {"id": str(user)}).fetchone()
        assert row
        return row["logged"], row["flows"], row["accounts"]


def test_what_has_no_foreign_key_goes_too(database: str) -> None:
    fill(database)
    receipt = leave(database, ADA)
    assert (receipt["status"], receipt["user_id"]) == ("done", None)
    assert left(database, ADA) == (0, 0, 0)
    assert left(database, GRACE) == (2, 1, 1)


@pytest.mark.parametrize("problem", ["insufficient_privilege", "query_canceled", "undefined_column"])
def test_what_the_platform_forbids_stays_and_holds_nothing_up(database: str, problem: str) -> None:
    fill(database)
    with superuser(database) as connection:
        connection.execute(FORBID.format(problem).encode())
    receipt = leave(database, ADA)
    assert (receipt["status"], receipt["user_id"]) == ("done", None)
    assert left(database, ADA) == (2, 0, 0)
