"""Who leaves and comes back on the same day has used what they used, however often they do it."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from tests.sql.acting import ADA, Connection, acting_as, sign_up, superuser
from tests.sql.design.test_design_sessions import begin, finish, usage
from tests.sql.metrics.metric_calls import clear, lease_project
from tests.sql.metrics.test_metric_user_quotas import A_MONTH, make_posts


def come(connection: Connection, google_id: str) -> UUID:
    return sign_up(connection, metadata={"sub": google_id, "provider_id": google_id})


def leave(connection: Connection, user: UUID) -> None:
    connection.execute("delete from auth.users where id = %s", (user,))


def kept(connection: Connection) -> list[dict[str, object]]:
    return connection.execute("select * from private.usage_carryover order by what").fetchall()


def ask_x(connection: Connection, user: UUID) -> str:
    (post,) = make_posts(connection, 1, user)
    answer = lease_project(connection, post, "twitter", units=A_MONTH, per_user=2)["twitter"]
    return str(answer.get("reason", "asked"))


def test_a_new_account_has_no_new_day(database: str) -> None:
    google_id = secrets.token_hex(8)
    with superuser(database) as connection:
        clear(connection)
        designs, posts = [], []
        for _ in range(3):
            user = come(connection, google_id)
            for _ in range(2):
                answer = begin(connection, user)
                designs.append(answer.get("refused", "begun"))
                if "session_id" in answer:
                    finish(connection, answer["session_id"])
                posts.append(ask_x(connection, user))
            leave(connection, user)
        assert designs == ["begun"] * 3 + ["quota_exceeded"] * 3
        assert posts == ["asked"] * 2 + ["share_spent"] * 4
        row = next(row for row in kept(connection) if row["what"] == "designs")
        assert (row["used"], row["attempts"]) == (3, 3)
        assert google_id not in str(row)
        stranger = come(connection, secrets.token_hex(8))
        assert (usage(connection, stranger), ask_x(connection, stranger)) == ((0, 0), "asked")


def test_what_failed_stays_an_attempt(database: str) -> None:
    google_id = secrets.token_hex(8)
    with superuser(database) as connection:
        user = come(connection, google_id)
        finish(connection, begin(connection, user)["session_id"], status="failed", returned=True)
        leave(connection, user)
        assert usage(connection, come(connection, google_id)) == (0, 1)
        assert kept(connection) == [], "while there is an account, its own rows count"


def test_a_day_later_all_is_forgotten(database: str) -> None:
    google_id = secrets.token_hex(8)
    with superuser(database) as connection:
        user = come(connection, google_id)
        begin(connection, user)
        leave(connection, user)
        connection.execute("update private.usage_carryover set day = day - 1")
        leave(connection, ADA)
        assert kept(connection) == []
        assert usage(connection, come(connection, google_id)) == (0, 0)


def test_what_is_counted_while_a_user_is_deleted_is_not_lost(database: str) -> None:
    google_id = secrets.token_hex(8)
    with superuser(database) as connection, superuser(database) as other, ThreadPoolExecutor() as threads:
        user = come(connection, google_id)
        begin(connection, user)
        with connection.transaction():
            begin(connection, user)
            leaving = threads.submit(leave, other, user)
            waiting = "select from pg_locks where pid = %s and not granted"
            with superuser(database) as watcher:
                while not watcher.execute(waiting, (other.info.backend_pid,)).fetchall():
                    assert not leaving.done()
        leaving.result()
        assert usage(connection, come(connection, google_id)) == (2, 2)


def test_handlers_may_do_all_that_it_takes(database: str) -> None:
    with acting_as(database, "service_role") as connection:
        assert "session_id" in begin(connection, ADA, limits={})
