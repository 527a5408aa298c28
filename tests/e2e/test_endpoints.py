"""The data API's endpoints as apps call them: by supabase-js and by supabase-py, as visitor, owner and another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from postgrest import APIError, SyncRequestBuilder

from supabase import Client
from tests.support.node import run_script
from tests.support.sign_in import python_client
from tests.support.stack import Stack
from tests.support.users import User

# supabase-py hands its parts options that they no longer like.
pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")

EMBEDDED = (
    "id,title,users(username),project_images(url,position),project_tags(tag),project_technologies(technology),"
    "social_metrics(platform,stars)"
)
Answers = dict[str, Any]


@dataclass(frozen=True)
class Portfolio:
    """What one user has: two projects, the second a draft."""

    owner: User
    published: str
    draft: str


@pytest.fixture
def portfolio(stack: Stack, user: User) -> Portfolio:
    with stack.client(user) as mine:
        mine.headers["prefer"] = "return=representation"
        ids = []
        for status in ("published", "draft"):
            answer = mine.post("/rest/v1/projects", json={"user_id": str(user.id), "title": status, "status": status})
            ids.append(answer.raise_for_status().json()[0]["id"])
        published, draft = ids
        image = {"project_id": published, "url": "https://example.com/a.png"}
        mine.post("/rest/v1/project_images", json=image).raise_for_status()
        mine.post("/rest/v1/project_tags", json={"project_id": published, "tag": "maths"}).raise_for_status()
        technology = {"project_id": published, "technology": "brass"}
        mine.post("/rest/v1/project_technologies", json=technology).raise_for_status()
    with psycopg.connect(stack.database_url) as connection:
        counted = "insert into public.social_metrics (project_id, platform, stars) values (%s, 'github', 7)"
        connection.execute(counted, (published,))
    return Portfolio(user, published, draft)


def by_javascript(stack: Stack, portfolio: Portfolio, token: str | None) -> Answers:
    return run_script(
        "endpoints.mjs",
        url=stack.url,
        key=stack.publishable_key,
        token=token,
        owner=str(portfolio.owner.id),
        username=portfolio.owner.username,
        published=portfolio.published,
        draft=portfolio.draft,
    )


def by_python(stack: Stack, portfolio: Portfolio, token: str | None) -> Answers:
    with python_client(stack, token) as client:
        return ask_endpoints(client, portfolio)


def ask_endpoints(client: Client, portfolio: Portfolio) -> Answers:
    owner = str(portfolio.owner.id)

    def users() -> SyncRequestBuilder:
        return client.table("users")

    def projects() -> SyncRequestBuilder:
        return client.table("projects")

    def ask(build: Callable[[], Any]) -> Answers:
        try:
            answer = build().execute()
        except APIError as error:
            return {"data": None, "error": {"code": error.code, "message": error.message}}
        return {"data": answer.data if answer is not None else None, "error": None}

    new = {"user_id": owner, "title": "New", "status": "draft"}
    return {
        "users": ask(lambda: users().select("id,username,email").in_("id", [owner])),
        "byId": ask(lambda: users().select("*").eq("id", owner)),
        "byUsername": ask(
            lambda: users().select("id,username,email").eq("username", portfolio.owner.username).maybe_single()
        ),
        "projects": ask(lambda: projects().select("id").eq("user_id", owner).order("created_at", desc=True)),
        "embedded": ask(lambda: projects().select(EMBEDDED).eq("id", portfolio.published).maybe_single()),
        "update": ask(lambda: projects().update({"short_summary": "by supabase-py"}).eq("id", portfolio.draft)),
        "insert": ask(lambda: projects().insert(new)),
        "remove": ask(lambda: projects().delete().eq("user_id", owner).eq("title", "New")),
    }


CLIENTS = pytest.mark.parametrize("ask", [by_javascript, by_python], ids=["supabase-js", "supabase-py"])


def check_reading(answers: Answers, portfolio: Portfolio, email: str | None) -> None:
    """What everybody sees; the address only of oneself."""
    owner = portfolio.owner
    profile = {"id": str(owner.id), "username": owner.username, "email": email}
    assert answers["users"]["data"] == [profile]
    assert answers["byUsername"]["data"] == profile
    by_id = answers["byId"]["data"][0]
    assert set(by_id) == {
        *("id", "email", "username", "avatar_url", "google_id", "tier", "created_at"),
        *("name", "headline", "bio", "location", "links"),
    }
    assert by_id["google_id"] == (owner.google_id if email else None)
    assert answers["embedded"]["data"] == {
        "id": portfolio.published,
        "title": "published",
        "users": {"username": owner.username},
        "project_images": [{"url": "https://example.com/a.png", "position": 0}],
        "project_tags": [{"tag": "maths"}],
        "project_technologies": [{"technology": "brass"}],
        "social_metrics": [{"platform": "github", "stars": 7}],
    }


@CLIENTS
def test_the_owner_reads_and_writes(
    stack: Stack, portfolio: Portfolio, ask: Callable[[Stack, Portfolio, str | None], Answers]
) -> None:
    answers = ask(stack, portfolio, portfolio.owner.token)
    check_reading(answers, portfolio, portfolio.owner.email)
    assert [row["id"] for row in answers["projects"]["data"]] == [portfolio.draft, portfolio.published]
    assert answers["update"]["data"][0]["short_summary"].startswith("by supabase-")
    assert answers["insert"]["data"][0]["title"] == "New"
    assert [row["title"] for row in answers["remove"]["data"]] == ["New"]


@CLIENTS
@pytest.mark.parametrize("caller", ["visitor", "somebody else"])
def test_everybody_else_reads_what_is_published_and_writes_nothing(
    stack: Stack, portfolio: Portfolio, ask: Callable[[Stack, Portfolio, str | None], Answers], caller: str
) -> None:
    token = stack.make_user().token if caller == "somebody else" else None
    answers = ask(stack, portfolio, token)
    check_reading(answers, portfolio, None)
    assert [row["id"] for row in answers["projects"]["data"]] == [portfolio.published]
    assert answers["insert"]["error"]["code"] == "42501"
    for write in ("update", "remove"):
        assert answers[write]["data"] == [] or answers[write]["error"]["code"] == "42501"
    with stack.client(portfolio.owner) as mine:
        rows = mine.get("/rest/v1/projects", params={"user_id": f"eq.{portfolio.owner.id}", "select": "short_summary"})
        assert rows.json() == [{"short_summary": None}, {"short_summary": None}]
