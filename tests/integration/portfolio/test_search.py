"""Search through the API: what is found, in which order, page by page."""

import uuid
from itertools import pairwise
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.portfolio.conftest import add, change, rpc
from tests.support.stack import Stack


def word() -> str:
    """One that no other test's projects have, and that no stemmer shortens."""
    return "".join(chr(ord("b") + int(digit, 16)) for digit in uuid.uuid4().hex[:16]) + "q"


def search(client: httpx.Client, **wanted: object) -> list[dict[str, Any]]:
    answer = rpc(client, "search_projects", **wanted)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["projects"]
    return rows


def titles(client: httpx.Client, **wanted: object) -> list[str]:
    return [row["title"] for row in search(client, **wanted)]


def pages(client: httpx.Client, **wanted: object) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        answer = rpc(client, "search_projects", **wanted, cursor=cursor).json()
        page = [row["id"] for row in answer["projects"]]
        assert not set(page) & set(found), "a page came twice"
        found += page
        cursor = answer["next_cursor"]
        if cursor is None:
            return found
        assert page, "a page is empty and not the last"


def test_a_title_counts_more_than_a_tag_and_a_tag_more_than_a_summary(owner: httpx.Client, anon: httpx.Client) -> None:
    wanted = word()
    add(owner, "In summary", short_summary=f"About {wanted}.")
    tagged, built = add(owner, "Tagged")["id"], add(owner, "Built")["id"]
    owner.post("/rest/v1/project_tags", json={"project_id": tagged, "tag": wanted}).raise_for_status()
    technology = {"project_id": built, "technology": f"{wanted} 2"}
    owner.post("/rest/v1/project_technologies", json=technology).raise_for_status()
    add(owner, f"The {wanted.title()}")
    add(owner, "Described only", description=wanted)
    found = titles(anon, query=wanted.upper())
    assert (found[0], sorted(found[1:3]), found[3:]) == (f"The {wanted.title()}", ["Built", "Tagged"], ["In summary"])


def test_exactly_the_title_comes_first_however_old_and_however_many_have_its_words(
    stack: Stack, owner: httpx.Client, anon: httpx.Client
) -> None:
    wanted, tag = word(), word()
    old = add(owner, wanted.title())["id"]
    rows = [{"title": f"{wanted} {wanted} {n}", "status": "published"} for n in range(301)]
    owner.post("/rest/v1/projects", json=rows).raise_for_status()
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "update private.project_search set published_at = now() - interval '30 years' where project_id = %s", (old,)
        )
    first, second = search(anon, query=f" {wanted.upper()} ", limit=2)
    assert (first["id"], second["title"].split()[0]) == (old, wanted)
    assert old not in {row["id"] for row in search(anon, query=wanted, tags=[tag])}


def test_words_are_meant_as_users_type_them(owner: httpx.Client, anon: httpx.Client) -> None:
    one, two = word(), word()
    for title in (f"{one} {two}", f"{two} {one}", one, two):
        add(owner, title)
    assert len(search(anon, query=f"{one} {two}")) == 2
    assert titles(anon, query=f'"{one} {two}"') == [f"{one} {two}"]
    assert titles(anon, query=f"{one} -{two}") == [one]
    assert len(search(anon, query=f"{one} or {two}")) == 4
    assert len(search(anon, query=f"{one} - {two}")) == 2
    assert search(anon, query=f'"{one} the {one}"') == []


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        *(("Köln", "koln"), ("koln", "Köln"), ("Ko\u0308ln", "köln"), ("Łódź", "lodz"), ("strasse", "Straße")),
        *(("Ørsted", "orsted"), ("Señor", "senor"), ("Điện", "dien"), ("Œuvre", "oeuvre"), ("naïve", "NAIVE")),
    ],
)
def test_accents_make_no_difference(owner: httpx.Client, anon: httpx.Client, written: str, searched: str) -> None:
    wanted = word()
    made = add(owner, f"{wanted} {written}")["id"]
    owner.post("/rest/v1/project_tags", json={"project_id": made, "tag": f"{wanted} {written}"}).raise_for_status()
    for arguments in ({"query": f"{wanted} {searched}"}, {"tags": [f"{wanted} {searched}"]}):
        assert titles(anon, **arguments) == [f"{wanted} {written}"]
    assert titles(anon, query=f'"{wanted} {searched}"', sort="stars") == [f"{wanted} {written}"]


def test_projects_are_found_by_their_owner_as_the_owner_is_called_now(owner: httpx.Client, anon: httpx.Client) -> None:
    wanted, name, username = word(), word(), f"{word()}_x"
    add(owner, wanted)
    for field, value in (("name", f"Zoë {name}"), ("username", username)):
        assert titles(anon, query=value) == []
        owner.patch("/rest/v1/users?username=neq.", json={field: value}).raise_for_status()
        assert titles(anon, query=f"{value} {wanted}") == titles(anon, query=value.upper()) == [wanted]
    assert titles(anon, query=f"zoe {name}") == titles(anon, query=f"@{username}") == [wanted]
    owner.patch("/rest/v1/users?username=neq.", json={"name": None}).raise_for_status()
    assert titles(anon, query=f"zoe {name}") == []


@pytest.mark.parametrize("sort", [None, "newest", "likes"])
def test_what_is_spelled_nearly_alike_is_found_where_nothing_else_is(
    owner: httpx.Client, anon: httpx.Client, sort: str | None
) -> None:
    wanted, tag = word(), word()
    made = add(owner, f"{wanted} engine")["id"]
    owner.post("/rest/v1/project_tags", json={"project_id": made, "tag": tag}).raise_for_status()
    swapped = wanted[:6] + wanted[7] + wanted[6] + wanted[8:]
    for typed in (swapped, wanted[:8] + wanted[9:], f"{wanted[:-1]}z engine", f"{wanted}s enigne", wanted[:9], tag[1:]):
        assert titles(anon, query=typed, sort=sort) == [f"{wanted} engine"], typed
    assert titles(anon, query=wanted[1:], tags=[tag.upper()]) == [f"{wanted} engine"]
    for typed in (f'"{wanted[1:]}"', f"{wanted[1:]} -engine", word()):
        assert titles(anon, query=typed) == [], typed
    assert titles(anon, query=wanted[1:], tags=[word()]) == []


def test_what_is_spelled_alike_makes_one_page_the_nearest_first(owner: httpx.Client, anon: httpx.Client) -> None:
    wanted = word()
    for title in (wanted[:10], wanted, wanted[:11]):
        add(owner, title)
    first, second = pages(anon, query=f"{wanted[:-1]}p", limit=2)
    assert [row["id"] for row in search(anon, query=f"{wanted[:-1]}p")][:2] == [first, second]
    assert first == search(anon, query=wanted)[0]["id"]


def test_a_title_of_words_that_are_in_no_index_is_found_by_it(owner: httpx.Client, anon: httpx.Client) -> None:
    made = add(owner, "Now and Then")["id"]
    assert made in [row["id"] for row in search(anon, query="now and then", limit=100)]


def test_what_is_found_says_what_a_list_shows(owner: httpx.Client, anon: httpx.Client, stack: Stack) -> None:
    wanted = word()
    made = add(owner, wanted, short_summary="Short.", github_link=f"https://github.com/{wanted}/a")
    owner.post("/rest/v1/project_tags", json={"project_id": made["id"], "tag": "maths"}).raise_for_status()
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            """insert into social_metrics (project_id, platform, stars, as_of)
               values (%s, 'github', 7, now() + interval '1 second')""",
            (made["id"],),
        )
    (row,) = search(anon, query=wanted)
    assert {name: row[name] for name in ("id", "slug", "title", "short_summary", "stars", "likes", "tags")} == {
        "id": made["id"],
        "slug": wanted,
        "title": wanted,
        "short_summary": "Short.",
        "stars": 7,
        "likes": 0,
        "tags": ["maths"],
    }
    assert row["technologies"] == []
    assert row["username"]


def test_only_what_is_published_is_found_as_it_is_now(owner: httpx.Client, anon: httpx.Client) -> None:
    wanted, other = word(), word()
    project = add(owner, wanted, status="draft")["id"]
    assert search(anon, query=wanted) == search(owner, query=wanted) == []
    change(owner, project, status="published")
    assert titles(anon, query=wanted) == [wanted]
    change(owner, project, title=other)
    assert (titles(anon, query=wanted), titles(anon, query=other)) == ([], [other])
    change(owner, project, status="archived")
    assert search(anon, query=other) == []
    change(owner, project, status="published")
    owner.delete(f"/rest/v1/projects?id=eq.{project}").raise_for_status()
    assert search(anon, query=other) == []


def test_tags_and_technologies_are_matched_whole_in_any_case(owner: httpx.Client, anon: httpx.Client) -> None:
    tag, technology = f"{word()} C++", f"It's\\{word()}"
    both, one = add(owner, "Both")["id"], add(owner, "One")["id"]
    owner.post("/rest/v1/project_tags", json=[{"project_id": p, "tag": tag} for p in (both, one)]).raise_for_status()
    used = {"project_id": both, "technology": technology}
    owner.post("/rest/v1/project_technologies", json=used).raise_for_status()
    assert sorted(titles(anon, tags=[tag.upper()])) == ["Both", "One"]
    assert titles(anon, tags=[tag], technologies=[technology.lower()]) == ["Both"]
    assert titles(anon, tags=[tag.split()[0]]) == []
    owner.delete(f"/rest/v1/project_technologies?project_id=eq.{both}").raise_for_status()
    assert titles(anon, technologies=[technology]) == []


def many(stack: Stack, client: httpx.Client, wanted: str, number: int) -> None:
    """Projects of different times, stars and likes, some alike."""
    rows = [{"title": f"{wanted} {n}", "status": "published"} for n in range(number)]
    client.post("/rest/v1/projects", json=rows).raise_for_status()
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            """with mine as materialized (
                 select id, substring(title from '[0-9]+$')::int as place from projects where title like %s
               ),
               numbers as (
                 update private.project_totals as known set stars = place %% 7, likes = place %% 5
                 from mine where known.project_id = mine.id
               )
               update private.project_search as entry set published_at = now() - make_interval(days => place %% 11)
               from mine where entry.project_id = mine.id""",
            (f"{wanted} %",),
        )


@pytest.mark.parametrize("sort", ["relevance", "newest", "stars", "likes"])
def test_pages_hold_everything_once_and_in_order(
    stack: Stack, owner: httpx.Client, anon: httpx.Client, sort: str
) -> None:
    wanted = word()
    many(stack, owner, wanted, 23)
    ids = pages(anon, query=wanted, sort=sort, limit=4)
    assert len(ids) == len(set(ids)) == 23
    rows = search(anon, query=wanted, sort=sort, limit=100)
    assert [row["id"] for row in rows] == ids
    if sort != "relevance":
        key = {"newest": "published_at"}.get(sort, sort)
        assert all(a[key] >= b[key] for a, b in pairwise(rows))


def test_all_of_it_is_browsed_without_words(stack: Stack, owner: httpx.Client, anon: httpx.Client) -> None:
    many(stack, owner, word(), 5)
    rows = search(anon, limit=100)
    assert all(a["published_at"] >= b["published_at"] for a, b in pairwise(rows))
    assert search(anon, query="  ", limit=3) == rows[:3]
    assert pages(anon, sort="stars", limit=100)


@pytest.mark.parametrize(
    "wanted",
    [
        {"sort": "best"},
        {"query": "q" * 201},
        {"tags": ["t"] * 11},
        {"tags": ["t" * 3000]},
        {"technologies": ["t" * 201]},
        {"cursor": "x" * 100 + " 00000000-0000-4000-8000-000000000101"},
        {"limit": 0},
        {"limit": 101},
        {"cursor": "nonsense"},
        {"cursor": "x 00000000-0000-4000-8000-000000000101", "sort": "stars"},
        {"cursor": "99999999999 00000000-0000-4000-8000-000000000101", "sort": "likes"},
        {"cursor": "x 00000000-0000-4000-8000-000000000101", "query": "engine"},
        {"cursor": "2026-02-31 00000000-0000-4000-8000-000000000101", "sort": "newest"},
        {"cursor": "x 00000000-0000-4000-8000-000000000101", "sort": "relevance"},
    ],
)
def test_what_makes_no_sense_is_refused(anon: httpx.Client, wanted: dict[str, object]) -> None:
    answer = rpc(anon, "search_projects", **wanted)
    assert answer.status_code == 400, answer.text
    refused = answer.json()
    assert (refused["code"], refused["details"]) == ("22023", f"field: {next(iter(wanted))}")


@pytest.mark.parametrize("letter", ["\N{MUSICAL SYMBOL EIGHTH NOTE}", "\N{SQUARE RAD OVER S SQUARED}", "'", "\\"])
def test_a_tag_may_have_any_letters(owner: httpx.Client, anon: httpx.Client, letter: str) -> None:
    tag, title = letter * 50, word()
    project = add(owner, title)["id"]
    owner.post("/rest/v1/project_tags", json={"project_id": project, "tag": tag}).raise_for_status()
    assert titles(anon, query=title, tags=[tag]) == [title]
    # One letter may fold to several: 200 of them are more than a lexeme takes.
    assert titles(anon, tags=[letter * 200]) == titles(anon, technologies=[letter * 200]) == []


TEXT = st.text(max_size=60).map(lambda text: text.replace("\x00", ""))


@settings(max_examples=120)
@given(
    query=TEXT,
    tags=st.lists(TEXT, max_size=3),
    technologies=st.lists(TEXT, max_size=3),
    sort=st.sampled_from(["relevance", "newest", "stars", "likes", None]),
)
def test_nothing_that_users_type_is_an_error(
    anon: httpx.Client, query: str, tags: list[str], technologies: list[str], sort: str | None
) -> None:
    search(anon, query=query, tags=tags, technologies=technologies, sort=sort)
