"""supabase-py's query builder on /rest/v1: each of its methods once, and what is asked of it wrongly."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from postgrest import APIError, SyncPostgrestClient
from postgrest._sync import request_builder as builders

from tests.postgrest.builder_cases import COMMAS, COMPILER, ENGINE, FILTERS, NO_OPERATOR, PUBLISHED, STARS
from tests.postgrest.callers import ADA, user_token
from tests.postgrest.conftest import Rest

# supabase-py hands its parts options that they no longer like.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

GALLERY = '[{"type": "gallery"}]'
ALL_OF_GALLERY = """[{"type": "hero", "props": {"align": "center"}}, {"type": "gallery", "props": {"columns": 3}},
  {"type": "video", "props": {"autoplay": false}}, {"type": "metrics", "props": {"platforms": ["github", "linkedin",
  "twitter"]}}, {"type": "more"}]"""
SPAN = ("2026-01-01", "2026-02-01")

Ask = Callable[[Any], Any]  # a builder that selects, with one more method called
CASES: dict[str, Ask] = {
    "eq": lambda q: q.eq("title", COMPILER),
    "neq": lambda q: q.neq("title", COMPILER),
    "gt": lambda q: q.gt("created_at", "2026-01-12"),
    "gte": lambda q: q.gte("created_at", "2026-01-12"),
    "lt": lambda q: q.lt("created_at", "2026-01-11"),
    "lte": lambda q: q.lte("created_at", "2026-01-11"),
    "is_": lambda q: q.is_("description", "null"),
    "in_": lambda q: q.in_("title", [STARS, ENGINE]),
    "like": lambda q: q.like("title", "%ngine"),
    "like_all_of": lambda q: q.like_all_of("title", "%A%,%e%"),
    "like_any_of": lambda q: q.like_any_of("title", "%ngine,Comp%"),
    "ilike": lambda q: q.ilike("title", "%ENGINE"),
    "ilike_all_of": lambda q: q.ilike_all_of("title", "%ANA%,%E%"),
    "ilike_any_of": lambda q: q.ilike_any_of("title", "%ENGINE,comp%"),
    "or_": lambda q: q.or_("title.eq.Compiler,title.like.Anal*"),
    "not_": lambda q: q.not_.eq("title", COMPILER),
    "filter": lambda q: q.filter("title", "eq", COMPILER),
    "match": lambda q: q.match({"title": COMPILER, "status": "published"}),
    "text_search": lambda q: q.text_search("description", "'mill' & 'store'", {"config": "english"}),
    "fts": lambda q: q.fts("description", "weaves"),
    "plfts": lambda q: q.plfts("description", "mill store"),
    "phfts": lambda q: q.phfts("description", "punched cards"),
    "wfts": lambda q: q.wfts("description", "flowers or machine"),
    "order": lambda q: q.order("title"),
    "limit": lambda q: q.limit(2),
    "range": lambda q: q.range(1, 2),
    "offset": lambda q: q.offset(3),
    "retry": lambda q: q.eq("title", COMPILER).retry(False),
    "cs": lambda q: q.cs("blocks_json", ["a"]),
    "cd": lambda q: q.cd("blocks_json", ["a"]),
    "contains": lambda q: q.contains("blocks_json", GALLERY),
    "contained_by": lambda q: q.contained_by("blocks_json", ALL_OF_GALLERY),
    "ov": lambda q: q.ov("blocks_json", ["a"]),
    "overlaps": lambda q: q.overlaps("blocks_json", ["a"]),
    "range_gt": lambda q: q.range_gt("created_at", SPAN),
    "range_gte": lambda q: q.range_gte("created_at", SPAN),
    "range_lt": lambda q: q.range_lt("created_at", SPAN),
    "range_lte": lambda q: q.range_lte("created_at", SPAN),
    "range_adjacent": lambda q: q.range_adjacent("created_at", SPAN),
    "sl": lambda q: q.sl("created_at", SPAN),
    "sr": lambda q: q.sr("created_at", SPAN),
    "nxl": lambda q: q.nxl("created_at", SPAN),
    "nxr": lambda q: q.nxr("created_at", SPAN),
    "adj": lambda q: q.adj("created_at", SPAN),
}
# Called by the tests below.
ELSEWHERE = {
    *("select", "insert", "upsert", "update", "delete", "execute"),
    *("single", "maybe_single", "csv", "explain", "strip_nulls", "max_affected"),
}


@pytest.fixture
def client(rest: Rest) -> Iterator[SyncPostgrestClient]:
    """As Ada; what she changes is put back."""
    token = user_token(rest.settings.supabase_jwt_secret, ADA)
    headers = {"apikey": rest.settings.supabase_publishable_key, "Authorization": f"Bearer {token}"}
    with SyncPostgrestClient(f"{rest.settings.gateway_url}/rest/v1", headers=headers) as client:
        yield client
    rest.rows.restore()


def camel(name: str) -> str:
    first, *others = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in others)


def test_each_method_of_the_builders_is_called() -> None:
    methods = {
        name
        for builder in vars(builders).values()
        if isinstance(builder, type) and builder.__module__ == builders.__name__
        for name in dir(builder)
        if not name.startswith("_") and name != "request"
    }
    assert methods == CASES.keys() | ELSEWHERE


@pytest.mark.parametrize("method", CASES)
def test_a_filter_or_modifier(client: Any, method: str) -> None:
    expected = FILTERS[camel(method)]
    if method in ("contains", "contained_by", "cs", "cd", "ov", "overlaps"):
        asked = CASES[method](client.from_("layouts" if method == "contains" else "templates").select("title:name"))
    else:
        asked = CASES[method](client.from_("projects").select("title").eq("status", "published"))
        asked = asked if method == "order" else asked.order("id")
    if isinstance(expected, str):
        with pytest.raises(APIError) as refused:
            asked.execute()
        assert refused.value.code == expected
    else:
        assert [row["title"] for row in asked.execute().data] == expected


def test_modifiers_of_the_answer(client: Any) -> None:
    one = client.from_("projects").select("title, description").eq("title", STARS)
    assert one.single().execute().data == {"title": STARS, "description": None}
    assert client.from_("projects").select("title").in_("title", [COMMAS]).execute().data == [{"title": COMMAS}]
    none = client.from_("projects").select("title").eq("title", "nothing").maybe_single().execute()
    assert none is None
    assert client.from_("projects").select("title").eq("title", COMPILER).csv().execute().data == f"title\n{COMPILER}"
    stripped = client.from_("projects").select("title, description").eq("title", STARS).strip_nulls().execute()
    assert stripped.data == [{"title": STARS}]
    counted = client.from_("projects").select("id", count="exact").eq("status", "published").limit(1).execute()
    assert (counted.count, len(counted.data)) == (len(PUBLISHED), 1)
    embedded = client.from_("users").select("username, projects(title)").eq("username", "ada")
    limited = embedded.order("id", foreign_table="projects").limit(1, foreign_table="projects").execute()
    assert limited.data == [{"username": "ada", "projects": [{"title": ENGINE}]}]


def test_writes(client: Any) -> None:
    projects = client.from_("projects")
    added = projects.insert({"user_id": ADA, "title": "Added"}).select("title, status").execute()
    assert added.data == [{"title": "Added", "status": "draft"}]
    changed = projects.update({"title": "Changed"}).eq("title", "Added").max_affected(1).select("title").execute()
    assert changed.data == [{"title": "Changed"}]
    again = {"user_id": ADA, "type": "weekly_metrics", "enabled": True}
    preferences = client.from_("notification_preferences")
    assert preferences.upsert(again, on_conflict="user_id,type").execute().data[0]["enabled"] is True
    assert preferences.upsert(again | {"enabled": False}).execute().data[0]["enabled"] is False
    assert projects.delete().eq("title", "Changed").select("title").execute().data == [{"title": "Changed"}]


def test_a_function_is_called(client: Any) -> None:
    asked = client.rpc("get_project_metrics", {"project_id": "00000000-0000-4000-8000-000000000101"}).execute()
    assert asked.data["title"] == ENGINE
    with pytest.raises(APIError) as unknown:
        client.rpc("no_such_function", {}).execute()
    assert unknown.value.code == "PGRST202"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda c: c.from_("no_such_table").select("*"), "PGRST205"),
        (lambda c: c.from_("projects").select("no_such_column"), "42703"),
        (lambda c: c.from_("projects").select("title, plans(plan)"), "PGRST200"),
        (lambda c: c.from_("projects").select("title").eq("id", "no uuid"), "22P02"),
        (lambda c: c.from_("projects").select("title").filter("title", "nonsense", "x"), "PGRST100"),
        (lambda c: c.from_("projects").select("title").or_("title.eq.a,("), "PGRST100"),
        (lambda c: c.from_("projects").select("title").single(), "PGRST116"),
        (lambda c: c.from_("projects").select("title").explain(), "PGRST107"),
        (lambda c: c.from_("projects").select("title.count()"), "PGRST123"),
        (lambda c: c.from_("projects").insert({"user_id": ADA}), "23502"),
        (lambda c: c.from_("projects").insert({"title": "x", "no_such_column": 1}), "PGRST204"),
        (lambda c: c.from_("projects").update({"title": "x"}).eq("user_id", ADA).max_affected(1), "PGRST124"),
        (lambda c: c.from_("social_metrics").update({"likes": 1}).eq("platform", "github"), "42501"),
        (lambda c: c.schema("private").from_("users").select("*"), "PGRST106"),
        (lambda c: c.from_("projects").select("title").sl("title", ("a", "b")), NO_OPERATOR),
    ],
)
def test_a_wrong_use_is_refused_and_changes_nothing(
    client: SyncPostgrestClient, rest: Rest, ask: Ask, code: str
) -> None:
    with pytest.raises(APIError) as refused:
        ask(client).execute()
    assert refused.value.code == code
    assert rest.rows.restore() == {}
