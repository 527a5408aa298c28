"""Whatever happens in whatever order: links change, platforms fail, workers die, visitors come, time passes."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from showcase.database import Database
from showcase.errors import Failure, VendorError
from showcase.metrics import store
from showcase.metrics.batching import BatchSize, fetch_in_batches
from showcase.metrics.dependencies import MetricsDependencies
from showcase.metrics.domain import COUNTED, Platform, RefreshLease
from showcase.metrics.refresh_due import refresh_due
from showcase.metrics.refresh_project import refresh_project
from showcase.outbound.http_client import HttpClient
from showcase.outbound.retry import Deadline

from tests.integration.metrics.running import Metrics, core_settings
from tests.integration.metrics.world import World

PLATFORMS = (Platform.GITHUB, Platform.TWITTER)
LINKS: Mapping[Platform, tuple[str, ...]] = {
    Platform.GITHUB: ("https://github.com/tests/one", "https://github.com/tests/two", "https://github.com/tests/three"),
    Platform.TWITTER: ("https://x.com/tests/status/1", "https://x.com/tests/status/2", "https://x.com/tests/status/3"),
}
LEASE = timedelta(seconds=120)

projects = st.integers(0, 2)
platforms = st.sampled_from(PLATFORMS)


class AnyOrder(RuleBasedStateMachine):
    metrics: Metrics
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.metrics.clear()
        self.world = World()
        self.runner = asyncio.Runner()
        http = HttpClient(timeout=30)
        clients = {platform: self.world.client(platform) for platform in PLATFORMS}
        database = Database(http, core_settings(self.metrics.stack))
        self.dependencies = MetricsDependencies(
            database, clients, self.metrics.settings(metrics_lease_size=3, metrics_concurrency=2)
        )
        self.closing = ExitStack()
        self.connection = self.closing.enter_context(self.metrics.connect())
        self.ids = [source.project for source in self.metrics.make(3, status="published")]
        self.days = 0
        self.seen: dict[tuple[UUID, str, date], datetime] = {}
        for project in range(3):
            self.change_link(project, Platform.GITHUB, 0)

    @rule(project=projects, platform=platforms, link=st.sampled_from([None, 0, 1, 2]))
    def change_link(self, project: int, platform: Platform, link: int | None) -> None:
        value = None if link is None else LINKS[platform][link]
        self.execute(f"update projects set {platform}_link = %s where id = %s", value, self.ids[project])

    @rule(project=projects, status=st.sampled_from(["published", "published", "draft", "archived"]))
    def change_status(self, project: int, status: str) -> None:
        self.execute("update projects set status = %s where id = %s", status, self.ids[project])

    @rule(
        name=st.sampled_from(["tests/one", "tests/two", "1", "2"]),
        failure=st.sampled_from([None, Failure.GONE, Failure.FORBIDDEN, Failure.UNAVAILABLE]),
    )
    def one_reference_fails(self, name: str, failure: Failure | None) -> None:
        self.world.failing.pop(name, None)
        if failure:
            self.world.failing[name] = failure

    @rule(
        platform=platforms,
        failure=st.sampled_from([None, None, Failure.UNAVAILABLE, Failure.RATE_LIMITED, Failure.REJECTED]),
    )
    def a_platform_refuses(self, platform: Platform, failure: Failure | None) -> None:
        self.world.refusing.pop(platform, None)
        if failure:
            self.world.refusing[platform] = VendorError(platform, failure, retry_after=90.0)

    @rule()
    def a_worker_runs(self) -> None:
        self.runner.run(refresh_due(self.dependencies))

    @rule(target=leases, platform=platforms)
    def a_worker_stalls(self, platform: Platform) -> Any:
        """With its lease: it may come back late, or never."""
        client = self.dependencies.clients[platform]
        taken = self.runner.run(store.lease_due(self.dependencies.database, client, 2, 2, round(LEASE.total_seconds())))
        return (platform, taken) if isinstance(taken, RefreshLease) else multiple()

    @rule(stalled=consumes(leases), twice=st.booleans())
    def it_comes_back(self, stalled: tuple[Platform, RefreshLease], twice: bool) -> None:
        platform, lease = stalled
        client = self.dependencies.clients[platform]
        asked = self.runner.run(fetch_in_batches(client, lease, BatchSize(2, 2), Deadline.after(5)))
        for _ in range(1 + twice):
            self.runner.run(store.record(self.dependencies.database, platform, lease, asked.results, asked.usage))

    @rule(project=projects, fresh=st.sampled_from([0, 86_400]))
    def somebody_looks(self, project: int, fresh: int) -> None:
        impatient = replace(self.dependencies, settings=self.metrics.settings(metrics_fetch_seconds=0.05))
        self.runner.run(refresh_project(impatient, self.ids[project], PLATFORMS, fresh))

    @rule(minutes=st.sampled_from([1, 3, 61]))
    def minutes_pass(self, minutes: int) -> None:
        self.shift(timedelta(minutes=minutes))

    @rule(days=st.sampled_from([1, 1, 2, 31]))
    def days_pass(self, days: int) -> None:
        self.shift(timedelta(days=days))
        self.days += days
        far = 100_000  # in two steps, so that no row steps on another's day
        for step in (far, -far - days):
            self.execute(
                "update social_metrics set recorded_at = recorded_at + %s where project_id = any (%s)", step, self.ids
            )
        self.execute(
            "update social_metrics set as_of = as_of - make_interval(days => %s) where project_id = any (%s)",
            days,
            self.ids,
        )

    def shift(self, by: timedelta) -> None:
        self.execute(
            """update private.metric_sources set due_at = due_at - %s, leased_until = leased_until - %s,
                 blocked_until = blocked_until - %s where project_id = any (%s)""",
            by, by, by, self.ids,
        )  # fmt: skip
        self.execute(
            "update private.metric_budgets set not_before = not_before - %s, resets_at = resets_at - %s", by, by
        )

    def execute(self, statement: str, *parameters: object) -> None:
        self.connection.execute(statement.encode(), parameters)

    def rows(self, query: str) -> list[dict[str, Any]]:
        return self.connection.execute(query.encode(), (self.ids,)).fetchall()

    @invariant()
    def history_only_grows_and_never_goes_back(self) -> None:
        today = {(row["project_id"], row["platform"], row["recorded_at"] + timedelta(days=self.days)): row
                 for row in self.rows("select * from social_metrics where project_id = any (%s)")}  # fmt: skip
        assert set(self.seen) <= set(today), "history is never deleted"
        for key, row in today.items():
            as_of = row["as_of"] + timedelta(days=self.days)
            assert as_of >= self.seen.get(key, as_of)
            assert all(row[name] > 0 for name in COUNTED[Platform(row["platform"])]), "a missing answer is no zero"
            self.seen[key] = as_of
        ordered = sorted(self.seen.items(), key=lambda item: (str(item[0][0]), item[0][1], item[0][2]))
        for (earlier, before), (later, after) in pairwise(ordered):
            assert earlier[:2] != later[:2] or before <= after

    @invariant()
    def sources_are_in_step_with_links(self) -> None:
        linked = {
            (row["id"], platform, LINKS[platform].index(row[f"{platform}_link"]))
            for row in self.rows("select * from projects where id = any (%s)")
            for platform in PLATFORMS
            if row[f"{platform}_link"] in LINKS[platform]
        }
        names = {"tests/one": 0, "tests/two": 1, "tests/three": 2, "1": 0, "2": 1, "3": 2}
        rows = self.rows("select * from private.metric_sources where project_id = any (%s)")
        known = {(row["project_id"], row["platform"], names[row["reference"]]) for row in rows}
        assert known == linked

    @invariant()
    def no_source_is_stuck(self) -> None:
        for row in self.rows("select *, now() as now from private.metric_sources where project_id = any (%s)"):
            wait = row["due_at"] - row["now"]
            if row["lease_id"]:
                assert row["leased_until"] - row["now"] <= LEASE, row
                assert row["due_at"] <= row["leased_until"], row
            negative = row["last_error"] in {"gone", "forbidden"}
            assert wait <= timedelta(days=30 if negative else 2), row
            assert (row["blocked_until"] or row["now"]) - row["now"] <= max(wait, timedelta(0)), row

    def teardown(self) -> None:
        """When all is well again, everything published is recorded."""
        try:
            self.world.failing.clear()
            self.world.refusing.clear()
            self.days_pass(31)
            for _ in range(3):  # a breaker that was open lets one probe through first
                self.runner.run(refresh_due(self.dependencies))
                self.minutes_pass(1)
            rolled_back = self.rows(
                """select source.* from private.metric_sources as source
                   left join social_metrics as today on today.project_id = source.project_id
                     and today.platform = source.platform and today.recorded_at = (now() at time zone 'utc')::date
                   where source.project_id = any (%s) and source.state <> 'paused' and today.id is null"""
            )
            assert rolled_back == []
            self.history_only_grows_and_never_goes_back()
        finally:
            self.runner.close()
            self.closing.close()


def play(metrics: Metrics, examples: int, steps: int) -> None:
    machine = type("AnyOrderHere", (AnyOrder,), {"metrics": metrics})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


def test_in_any_order(metrics: Metrics) -> None:
    play(metrics, 6, 25)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_in_very_many_orders(metrics: Metrics) -> None:
    play(metrics, 60, 40)
