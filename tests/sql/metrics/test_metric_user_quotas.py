"""What a user's links may cost in a day, however many there are and however often they change."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.acting import ADA, GRACE, Connection
from tests.sql.metrics.metric_calls import (
    budget,
    change,
    known,
    lease,
    lease_project,
    leased,
    make_project,
    pass_time,
    record,
    rolled_back,
)

LIKES = {"likes": 3, "retweets": 2, "replies": 1}
RETURNED = {"failure": "returned"}
A_MONTH = 1_000_000
STEPS = ["run", "look", "flip", "lose", "day"]


def make_posts(connection: Connection, number: int, owner: UUID = ADA) -> list[UUID]:
    rows = connection.execute(
        """insert into public.projects (user_id, title, status, twitter_link)
           select %s, 'T', 'published', 'https://x.com/ada/status/' || n from generate_series(1, %s) as n
           returning id""",
        (owner, number),
    )
    return [row["id"] for row in rows.fetchall()]


def lease_posts(connection: Connection, per_user: int, sources: int = 500) -> set[UUID]:
    """All that is leased until nothing is due, as a run does it."""
    taken: set[UUID] = set()
    while True:
        answer = lease(connection, "twitter", sources=sources, units=A_MONTH, per_user=per_user)
        assert "reason" not in answer
        if answer == {"sources": []}:
            return taken
        taken |= leased(answer)
        if answer["sources"]:
            record(connection, answer, dict.fromkeys(leased(answer), LIKES), platform="twitter")


def next_day(connection: Connection) -> None:
    pass_time(connection, "1 day")
    connection.execute("update private.metric_user_quotas set day = day - 1")
    for step in (100_000, -100_001):  # so that no row steps on another's day
        connection.execute("update public.social_metrics set recorded_at = recorded_at + %s", (step,))


def test_what_is_more_than_a_share_waits_and_nobody_waits_behind_it(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        many = set(make_posts(connection, 40))
        few = set(make_posts(connection, 2, GRACE))
        connection.execute(
            "update private.metric_sources set due_at = now() - interval '1 hour' where project_id = any (%s)",
            (list(many),),
        )
        taken = lease_posts(connection, per_user=3, sources=10)
        assert few < taken
        assert len(taken & many) == 3
        assert budget(connection)["units"] == 5
        row = connection.execute("select date_trunc('day', now(), 'utc') + interval '1 day' as tomorrow").fetchone()
        assert row is not None
        waiting = [known(connection, project, "twitter") for project in many - taken]
        assert {(source["state"], source["last_error"], source["attempts"]) for source in waiting} == {
            ("active", None, 0)
        }
        assert all(0 <= (source["due_at"] - row["tomorrow"]).total_seconds() <= 1 for source in waiting)


def test_each_link_has_its_turn(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        posts = set(make_posts(connection, 6))
        first = lease_posts(connection, per_user=3)
        # Their own second of the day may be its first.
        connection.execute(
            "update private.metric_sources set due_at = due_at + interval '1 minute' where project_id = any (%s)",
            (list(first),),
        )
        next_day(connection)
        second = lease_posts(connection, per_user=3)
        assert (len(first), first | second) == (3, posts)


def test_a_changed_link_takes_from_the_same_share(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        (post,) = make_posts(connection, 1)
        asked = 0
        for number in range(6):
            change(connection, post, twitter_link=f"https://x.com/ada/status/{100 + number}")
            asked += len(leased(lease(connection, "twitter", units=A_MONTH, per_user=2)))
        assert asked == 2
        change(connection, post, twitter_link="https://x.com/ada/status/999")
        answer = lease_project(connection, post, "twitter", units=A_MONTH, per_user=2)["twitter"]
        assert answer == {"platform": "twitter", "reason": "share_spent"}
        connection.execute("delete from public.projects where id = %s", (post,))
        (again,) = make_posts(connection, 1)
        assert (
            lease_project(connection, again, "twitter", units=A_MONTH, per_user=2)["twitter"]["reason"] == "share_spent"
        )
        assert budget(connection)["units"] == 2
        next_day(connection)
        assert "lease_id" in lease_project(connection, again, "twitter", units=A_MONTH, per_user=2)["twitter"]


def test_a_visitor_s_call_takes_from_the_share_too(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        first, second, third = make_posts(connection, 3)
        (other,) = make_posts(connection, 1, GRACE)
        for post in (first, second):
            assert "lease_id" in lease_project(connection, post, "twitter", units=A_MONTH, per_user=2)["twitter"]
        assert (
            lease_project(connection, third, "twitter", units=A_MONTH, per_user=2)["twitter"]["reason"] == "share_spent"
        )
        assert known(connection, third, "twitter")["lease_id"] is None
        assert lease_posts(connection, per_user=2) == {other}


def test_what_was_not_asked_after_all_is_given_back(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        make_posts(connection, 3)
        taken = lease(connection, "twitter", sources=2, units=A_MONTH, per_user=2)
        asked, returned = leased(taken)
        record(connection, taken, {asked: LIKES, returned: RETURNED}, platform="twitter")
        again = lease(connection, "twitter", units=A_MONTH, per_user=2)
        assert (len(again["sources"]), again["put_off"]) == (1, 1)


def test_what_a_changed_link_took_from_its_lease_is_not_given_back(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        (post,) = make_posts(connection, 1)
        taken = lease(connection, "twitter", units=A_MONTH, per_user=1)
        change(connection, post, twitter_link="https://x.com/ada/status/77")
        record(connection, taken, {post: RETURNED}, platform="twitter")
        assert lease(connection, "twitter", units=A_MONTH, per_user=1) == {"sources": [], "put_off": 1}


def test_nothing_is_put_off_while_nobody_may_ask(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        posts = make_posts(connection, 3)
        before = [known(connection, post, "twitter")["due_at"] for post in posts]
        assert lease(connection, "twitter", units=0, per_user=2)["reason"] == "budget_spent"
        assert [known(connection, post, "twitter")["due_at"] for post in posts] == before
        assert len(lease_posts(connection, per_user=2)) == 2, "what was refused took nothing of the share"


def test_where_nothing_is_billed_nobody_has_a_share(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        projects = {make_project(connection) for _ in range(30)}
        assert leased(lease(connection)) == projects
        assert connection.execute("select from private.metric_user_quotas").fetchall() == []


@pytest.mark.parametrize("share", [1, 4])
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=25))
def test_in_any_order_a_day_costs_a_share_at_most(
    untouched_database: str, share: int, steps: list[tuple[str, int]]
) -> None:
    with rolled_back(untouched_database) as connection:
        posts = [*make_posts(connection, 4), *make_posts(connection, 2, GRACE)]
        asked = {ADA: 0, GRACE: 0}
        for number, (step, which) in enumerate(steps):
            if step == "run":
                for post in lease_posts(connection, share, sources=1 + which):
                    asked[ADA if post in posts[:4] else GRACE] += 1
            elif step == "look":
                answer = lease_project(connection, posts[which], "twitter", seconds=0, units=A_MONTH, per_user=share)[
                    "twitter"
                ]
                asked[ADA if which < 4 else GRACE] += "lease_id" in answer
            elif step == "flip":
                change(connection, posts[which], twitter_link=f"https://x.com/ada/status/{1000 + number}")
            elif step == "lose":
                taken = lease(connection, "twitter", sources=1 + which, units=A_MONTH, per_user=share)
                if taken["sources"]:
                    results = dict.fromkeys(leased(taken), RETURNED)
                    record(connection, taken, results, platform="twitter")
            else:
                next_day(connection)
                asked = dict.fromkeys(asked, 0)
            assert max(asked.values()) <= share
