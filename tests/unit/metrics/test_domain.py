from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from showcase.metrics.domain import FRESH_FOR, Platform, ProjectMetrics, Snapshot


def project(*linked: Platform, **snapshots: Snapshot) -> ProjectMetrics:
    return ProjectMetrics(uuid4(), uuid4(), "T", linked, {Platform(name): one for name, one in snapshots.items()})


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_a_snapshot_is_stale_after_24_hours(age: timedelta) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    snapshot = Snapshot(Platform.GITHUB, {"stars": 1}, date(2026, 3, 1), now - age)
    stale = project(Platform.GITHUB, github=snapshot).stale(now)
    assert (stale == [Platform.GITHUB]) == (age >= FRESH_FOR)


def test_a_linked_platform_without_snapshot_is_stale_and_an_unlinked_one_is_not() -> None:
    assert project(Platform.TWITTER).stale() == [Platform.TWITTER]
    assert project().stale() == []
