"""supabase-js's query builder on /rest/v1: each of its methods once, in one run of Node.js."""

from typing import Any

import pytest

from tests.postgrest.builder_cases import COMPILER, ENGINE, FILTERS, PUBLISHED, STARS
from tests.postgrest.callers import ADA, user_token
from tests.postgrest.conftest import Rest
from tests.postgrest.test_supabase_py import ALL_OF_GALLERY, GALLERY
from tests.support.node import run_script

# Of the language, of types alone, or called by each of the others.
NOT_CALLED = {
    *("constructor", "then", "toJSON", "returns", "overrideTypes"),
    *("decorateFetch", "cloneRequestState", "processResponse"),
}


@pytest.fixture(scope="module")
def ran(rest: Rest) -> dict[str, Any]:
    """As Ada; what she changed is put back."""
    settings = rest.settings
    token = user_token(settings.supabase_jwt_secret, ADA)
    given = {"url": settings.gateway_url, "key": settings.supabase_publishable_key, "token": token, "user": ADA}
    found = run_script("../../postgrest/supabase_js.mjs", **given, gallery=GALLERY, allOfGallery=ALL_OF_GALLERY)
    rest.rows.restore()
    return found


def test_each_method_is_called(ran: dict[str, Any]) -> None:
    assert set(ran["methods"]) - NOT_CALLED == set(ran["called"])


def test_filters_and_modifiers(ran: dict[str, Any]) -> None:
    answers = ran["answers"]
    answered = {
        name: answers[name]["error"] or [row["title"] for row in answers[name]["data"]]
        for name in FILTERS
        if name in answers
    }
    assert answered == {name: FILTERS[name] for name in answered}
    assert len(answered) == 35


def test_answers_of_other_shapes(ran: dict[str, Any]) -> None:
    answers = ran["answers"]
    assert answers["from"]["data"] == [{"username": "ada"}]
    assert answers["select"]["count"] == len(PUBLISHED)
    assert answers["single"]["data"] == {"title": STARS, "description": None}
    assert answers["maybeSingle"] == {"status": 200, "data": None, "error": None, "count": None}
    assert answers["csv"]["data"] == f"title\n{COMPILER}"
    assert answers["stripNulls"]["data"] == [{"title": STARS}]
    assert answers["setHeader"]["data"] == [{"created_at": "2026-01-15T09:00:00+09:00"}]
    assert answers["rpc"]["data"]["title"] == ENGINE
    assert "/projects" in answers["getOpenApiSpec"]["data"]["paths"]


def test_writes(ran: dict[str, Any]) -> None:
    answers = ran["answers"]
    assert answers["insert"]["data"] == {"title": "Added", "users": {"username": "ada"}}
    assert answers["upsert"]["data"] == [{"enabled": True}]
    assert answers["update"]["data"] == [{"title": "Changed"}]
    assert (answers["delete"]["status"], answers["delete"]["count"]) == (204, 1)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("schema", "PGRST106"),
        ("explain", "PGRST107"),
        ("geojson", "42883"),  # PostGIS is not installed
        ("throwOnError", "PGRST205"),
        ("maxAffected", "PGRST124"),
    ],
)
def test_what_is_refused(ran: dict[str, Any], method: str, code: str) -> None:
    assert ran["answers"][method]["error"] == code
