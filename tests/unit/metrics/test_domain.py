from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from showcase.metrics.domain import FRESH_FOR, Platform, ProjectMetrics, Repository, Snapshot, parse_github_link

OWNERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", fullmatch=True)
NAMES = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,90}", fullmatch=True).filter(lambda n: not n.endswith(".git"))


@given(OWNERS, NAMES, st.sampled_from(["", "/", ".git", "?tab=readme", "#top", ".git/"]))
def test_a_repository_link_names_its_repository(owner: str, name: str, rest: str) -> None:
    assert parse_github_link(f"https://github.com/{owner}/{name}{rest}") == Repository(owner, name)


@given(st.text())
def test_any_text_is_a_repository_or_none(text: str) -> None:
    repository = parse_github_link(text)
    if repository:
        assert text.startswith(f"https://github.com/{repository.owner}/{repository.name}")


def test_other_hosts_and_forms_name_nothing() -> None:
    for link in (
        "http://github.com/a/b",
        "https://github.com.evil.example/a/b",
        "https://evil.example/https://github.com/a/b",
        "https://github.com/a",
        "https://github.com/a/..",
        "https://github.com/a/b/issues",
        "https://user@github.com/a/b",
        "https://github.com/a/b\nhttps://x",
    ):
        assert parse_github_link(link) is None, link


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_a_snapshot_is_stale_after_24_hours(age: timedelta) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    snapshot = Snapshot(Platform.GITHUB, {"stars": 1}, date(2026, 3, 1), now - age)
    metrics = ProjectMetrics(uuid4(), {Platform.GITHUB: "https://github.com/a/b"}, {Platform.GITHUB: snapshot})
    assert (metrics.stale(now) == [Platform.GITHUB]) == (age >= FRESH_FOR)


def test_a_linked_platform_without_snapshot_is_stale_and_an_unlinked_one_is_not() -> None:
    assert ProjectMetrics(uuid4(), {Platform.TWITTER: "x"}, {}).stale() == [Platform.TWITTER]
