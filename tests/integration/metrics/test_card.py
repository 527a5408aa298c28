"""metricsCard over HTTP: who sees it, and how caches may keep it."""

from xml.etree import ElementTree

import httpx
import pytest

from tests.integration.metrics.running import Metrics, Source
from tests.support import plain_http
from tests.support.stack import Caller


def card(
    metrics: Metrics, project: object, caller: Caller | None = None, *, method: str = "GET", known: str = ""
) -> httpx.Response:
    given = {"If-None-Match": known} | (metrics.stack.headers(caller) if caller else {})
    url = f"{metrics.functions_url}/functions/v1/metricsCard"
    return plain_http.request(method, url, params={"project_id": str(project)}, headers=given, timeout=30)


def with_history(metrics: Metrics, status: str = "published") -> Source:
    """Thirty days with a gap of six."""
    (source,) = metrics.make(1, status=status)
    with metrics.connect() as connection:
        connection.execute(
            """insert into social_metrics (project_id, platform, stars, forks, watchers, recorded_at, as_of)
               select %s, 'github', 1300 - ago, 34, 1, (now() at time zone 'utc')::date - ago,
                 now() - make_interval(days => ago)
               from generate_series(0, 40) as ago where ago not between 10 and 15""",
            (source.project,),
        )
        connection.execute(
            "update projects set title = '</text><script>alert(1)</script>' where id = %s", (source.project,)
        )
    return source


def test_anybody_gets_a_published_projects_card_without_a_key(metrics: Metrics) -> None:
    answer = card(metrics, with_history(metrics).project)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    picture = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    words = ["".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["</text><script>alert(1)</script>", "GitHub", "1.3k stars", "34 forks", "1 watcher"]
    (line,) = picture.iter("{http://www.w3.org/2000/svg}polyline")
    assert len(line.attrib["points"].split()) == 24, "thirty days but for the six that are missing"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_project_without_numbers_has_a_card_that_says_so(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    answer = card(metrics, source.project)
    assert (answer.status_code, "No numbers yet" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "public, max-age=60", "the first numbers come soon"
    assert metrics.count("github") == 0, "looking at a card asks nobody"


def test_caches_may_keep_it_and_ask_whether_it_changed(metrics: Metrics) -> None:
    source = with_history(metrics)
    first = card(metrics, source.project)
    assert first.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=86400"
    assert "authorization" not in first.headers.get("vary", "").lower()
    tag = first.headers["etag"]
    assert card(metrics, source.project).headers["etag"] == tag
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = card(metrics, source.project, known=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"]
    assert card(metrics, source.project, known='"other"').status_code == 200
    with metrics.connect() as connection:
        connection.execute("update social_metrics set forks = 35 where project_id = %s", (source.project,))
    changed = card(metrics, source.project, known=tag)
    assert (changed.status_code, "35" in changed.text) == (200, True)


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_published_has_a_card_for_its_owner_that_no_cache_keeps(metrics: Metrics, status: str) -> None:
    source = with_history(metrics, status)
    callers: tuple[Caller | None, ...] = (None, "anon", metrics.stack.make_user(), "service")
    for caller in callers:
        answer = card(metrics, source.project, caller)
        assert (answer.status_code, answer.json()["code"]) == (404, "project_not_found")
        assert "public" not in answer.headers.get("cache-control", "")
    own = card(metrics, source.project, metrics.owner)
    assert (own.status_code, "1.3k" in own.text) == (200, True)
    assert own.headers["cache-control"] == "private, no-store"


def test_wrong_requests_are_refused(metrics: Metrics) -> None:
    assert card(metrics, "nobody").status_code == 422
    assert card(metrics, "00000000-0000-4000-8000-00000000ffff").status_code == 404
    refused = card(metrics, "00000000-0000-4000-8000-00000000ffff", method="POST")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, OPTIONS")
