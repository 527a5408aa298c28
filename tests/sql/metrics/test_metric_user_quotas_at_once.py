"""A user's share of a day at X while many ask, and while the user leaves."""

from tests.sql.acting import ADA, GRACE, Connection, superuser
from tests.sql.metrics.metric_calls import clear, lease, lease_project
from tests.sql.metrics.test_metric_user_quotas import A_MONTH, make_posts
from tests.sql.metrics.test_metrics_concurrency import at_once


def test_a_user_who_is_being_deleted_is_not_waited_for(database: str) -> None:
    with superuser(database) as first, superuser(database) as second:
        clear(first)
        (post,) = make_posts(first, 1)
        with first.transaction():
            first.execute("select from private.users where id = %s for update", (ADA,))
            second.execute("set lock_timeout = '2s'")
            answer = lease_project(second, post, "twitter", units=A_MONTH, per_user=2)["twitter"]
            assert answer["reason"] == "share_spent"
            assert lease(second, "twitter", units=A_MONTH, per_user=2) == {"sources": [], "put_off": 1}


def test_many_at_once_take_no_more_than_a_share(database: str) -> None:
    with superuser(database) as connection:
        clear(connection)
        posts = make_posts(connection, 30)
        others = make_posts(connection, 30, GRACE)

    def work(connection: Connection) -> int:
        number = len(lease(connection, "twitter", sources=5, units=A_MONTH, per_user=11)["sources"])
        for post in (*posts, *others):
            answer = lease_project(connection, post, "twitter", units=A_MONTH, per_user=11)["twitter"]
            number += "lease_id" in answer
        return number

    assert sum(at_once(database, 6, work)) == 22
