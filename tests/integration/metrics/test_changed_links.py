"""Numbers belong to what a link names now: else anybody could link what is famous for a moment, and show its stars."""

import uuid

from tests.integration.metrics.running import Metrics, Source
from tests.integration.metrics.test_card import card

SAID = {"kind": "counts", "stars": 38_476, "forks": 3, "watchers": 4}


def link(metrics: Metrics, source: Source, name: str | None) -> None:
    with metrics.connect() as connection:
        connection.execute(
            "update projects set github_link = 'https://github.com/' || %s where id = %s", (name, source.project)
        )


def test_after_a_link_was_removed_only_the_history_stays(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    metrics.behave("github", source.subject, SAID)
    metrics.get(source)
    assert "38.4k" in card(metrics, source.project).text
    link(metrics, source, None)
    answer = metrics.call("getSocialMetrics", {"project_id": str(source.project), "history_days": 1}, "anon").json()
    assert answer["platforms"] == {}
    assert [day["counts"]["stars"] for day in answer["history"]] == [38_476]
    assert "No numbers yet" in card(metrics, source.project).text


def test_a_changed_link_never_shows_the_numbers_of_the_old_one(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    metrics.behave("github", source.subject, SAID)
    metrics.get(source)
    gone = f"tests/{uuid.uuid4().hex}"
    metrics.behave("github", gone, {"kind": "not_found"})
    link(metrics, source, gone)
    assert "No numbers yet" in card(metrics, source.project).text
    answer = metrics.get(source)
    assert (answer["counts"], answer["as_of"], answer["stale"], answer["reason"]) == (None, None, True, "gone")
    assert "No numbers yet" in card(metrics, source.project).text


def test_a_corrected_link_is_asked_at_once(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    typo = f"tests/{uuid.uuid4().hex}"
    metrics.behave("github", typo, {**SAID, "stars": 1})
    metrics.behave("github", source.subject, SAID)
    link(metrics, source, typo)
    assert metrics.get(source)["counts"]["stars"] == 1
    link(metrics, source, source.subject)
    answer = metrics.get(source)
    assert (answer["counts"]["stars"], answer["stale"]) == (38_476, False)
    history = metrics.call("getSocialMetrics", {"project_id": str(source.project), "history_days": 1}, "anon").json()
    assert [day["counts"]["stars"] for day in history["history"]] == [38_476], "one snapshot a day"


def test_a_link_that_comes_back_is_fetched_again(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    metrics.behave("github", source.subject, SAID)
    metrics.get(source)
    link(metrics, source, None)
    metrics.behave("github", source.subject, {**SAID, "stars": 5})
    link(metrics, source, source.subject)
    assert metrics.get(source)["counts"]["stars"] == 5


def test_what_does_not_change_the_link_s_meaning_changes_no_numbers(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    metrics.behave("github", source.subject, SAID)
    before = metrics.get(source)
    link(metrics, source, f"{source.subject}?tab=readme")
    with metrics.connect() as connection:
        connection.execute("update projects set status = 'archived' where id = %s", (source.project,))
        connection.execute("update projects set status = 'published' where id = %s", (source.project,))
    assert metrics.get(source) == before
    assert metrics.count("github", source.subject) == 1
