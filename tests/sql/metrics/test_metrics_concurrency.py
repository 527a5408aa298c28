"""Many at once: nobody has what another has, nothing is overspent, nobody is left standing."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar
from uuid import UUID

from tests.sql.acting import Connection, superuser
from tests.sql.metrics.metric_calls import (
    budget,
    change,
    clear,
    known,
    lease,
    lease_project,
    leased,
    make_project,
    make_projects,
    record,
    snapshots,
    take,
)

STARS = {"stars": 3, "forks": 2, "watchers": 1, "platform_id": "R_1"}
T = TypeVar("T")


def at_once(url: str, number: int, call: Callable[[Connection], T]) -> list[T]:
    barrier = Barrier(number)

    def run(_: int) -> T:
        with superuser(url) as connection:
            barrier.wait()
            return call(connection)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_workers_take_different_sources_and_together_all(database: str) -> None:
    with superuser(database) as connection:
        clear(connection)
        projects = set(make_projects(connection, 200))

    def work(connection: Connection) -> list[UUID]:
        taken: list[UUID] = []
        while held := leased(lease(connection, sources=7)):
            taken.extend(held)
        return taken

    shares = at_once(database, 8, work)
    everything = Counter(project for share in shares for project in share)
    assert set(everything) == projects
    assert set(everything.values()) == {1}


def test_a_worker_passes_what_another_is_taking(database: str) -> None:
    with superuser(database) as first, superuser(database) as second:
        clear(first)
        projects = set(make_projects(first, 10))
        with first.transaction():
            first.execute(
                "select from private.metric_sources where project_id = any (%s) for update", (list(projects)[:5],)
            )
            second.execute("set lock_timeout = '2s'")
            assert leased(lease(second)) == set(list(projects)[5:])
        assert leased(lease(first)) == set(list(projects)[:5])


def test_of_twenty_leases_at_once_exactly_one_is_given(database: str) -> None:
    with superuser(database) as connection:
        clear(connection)
        project = make_project(
            connection,
            github_link="https://github.com/ada/engine",
            linkedin_link="https://www.linkedin.com/feed/update/urn:li:activity:7",
            twitter_link="https://x.com/ada/status/9",
        )
    for _ in range(3):
        answers = at_once(database, 20, lambda c: lease_project(c, project, "twitter", "github", "linkedin"))
        for platform in ("github", "linkedin", "twitter"):
            assert sum("lease_id" in answer[platform] for answer in answers) == 1
            others = [answer[platform] for answer in answers if "lease_id" not in answer[platform]]
            assert {answer["reason"] for answer in others} == {"refresh_in_progress"}
        with superuser(database) as connection:
            connection.execute("update private.metric_sources set leased_until = now() - interval '1 second'")


def test_concurrent_takers_never_spend_more_than_the_month_has(database: str) -> None:
    def spend(connection: Connection) -> int:
        granted = 0
        for _ in range(20):
            answer = take(connection, random.choice("abc"), units=3, a_month=100, platform="twitter")
            granted += answer["granted"] if answer["credential"] else 0
        return granted

    with superuser(database) as connection:
        clear(connection)
    assert sum(at_once(database, 8, spend)) == 100
    with superuser(database) as connection:
        row = connection.execute("select sum(units) as units from private.metric_budgets").fetchone()
    assert row == {"units": 100}


def test_concurrent_takers_never_take_more_than_the_platform_leaves(database: str) -> None:
    with superuser(database) as connection:
        clear(connection)
        take(connection, "a")
        connection.execute("update private.metric_budgets set remaining = 50, resets_at = now() + interval '1 hour'")

    def spend(connection: Connection) -> int:
        return sum(3 for _ in range(10) if take(connection, "a", requests=3)["credential"])

    assert sum(at_once(database, 8, spend)) == 48
    with superuser(database) as connection:
        assert budget(connection, "a")["remaining"] == 2


def test_one_answer_in_two_workers_hands_is_recorded_once(database: str) -> None:
    with superuser(database) as connection:
        clear(connection)
        projects = make_projects(connection, 50)
        taken = lease(connection)
    results = dict.fromkeys(projects, STARS)
    summaries = at_once(database, 4, lambda c: record(c, taken, results))
    assert sorted(summary["recorded"] for summary in summaries) == [0, 0, 0, 50]


def refresh_often(connection: Connection, projects: list[UUID]) -> None:
    for _ in range(40):
        taken = lease(connection, sources=6, seconds=0)
        if taken["sources"]:
            record(connection, taken, dict.fromkeys(leased(taken), STARS))
        connection.execute("update private.metric_sources set due_at = now() where project_id = %s", (projects[0],))


def visit_often(connection: Connection, projects: list[UUID]) -> None:
    for _ in range(40):
        project = random.choice(projects)
        taken = lease_project(connection, project, "github", "twitter", seconds=0, fresh=0)["github"]
        if "lease_id" in taken:
            record(connection, taken, {project: STARS})


def edit_often(connection: Connection, projects: list[UUID]) -> None:
    """The last three projects are deleted meanwhile."""
    for turn in range(40):
        change(connection, random.choice(projects[:-3]), github_link=f"https://github.com/tests/{turn}")
        if turn in {10, 20, 30}:
            connection.execute("delete from public.projects where id = %s", (projects[-turn // 10],))


def test_workers_visitors_and_owners_do_not_block_each_other_for_good(database: str) -> None:
    """Everybody takes locks in the same order: projects, sources, budgets. A deadlock would be an error here."""
    with superuser(database) as connection:
        clear(connection)
        projects = make_projects(connection, 12)
    roles = [refresh_often, refresh_often, refresh_often, visit_often, visit_often, visit_often, edit_often]
    at_once(database, len(roles), lambda connection: roles.pop()(connection, projects))
    with superuser(database) as connection:
        for project in projects[:-3]:
            assert len(snapshots(connection, project)) <= 1
            assert known(connection, project)["state"] == "active"


def test_a_late_answer_and_new_leases_pass_each_other(database: str) -> None:
    """The lease ran out, its holder records while others lease: each wants what the other may hold."""
    with superuser(database) as connection:
        clear(connection)
        project = make_project(connection)
    for _ in range(15):
        with superuser(database) as connection:
            connection.execute(
                "update private.metric_sources set due_at = now(), leased_until = null where project_id = %s",
                (project,),
            )
            late = lease(connection, seconds=0)
        calls: list[Callable[[Connection], object]] = [
            partial(record, taken=late, results={project: STARS}),
            partial(lease_project, project=project, fresh=0),
            partial(lease_project, project=project, fresh=0),
        ]
        at_once(database, len(calls), partial(_next, calls))


def _next(calls: list[Callable[[Connection], object]], connection: Connection) -> object:
    return calls.pop()(connection)
