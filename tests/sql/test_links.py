"""Which links a project may have."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sql.acting import ENGINE, superuser

GOOD = {
    "github_link": [
        "https://github.com/ada/analytical-engine",
        "https://github.com/a/.github",
        "https://github.com/A-b-9/x.y_z-1/",
        "https://github.com/ada/engine?tab=readme",
        "https://github.com/" + "a" * 39 + "/" + "b" * 100,
    ],
    "linkedin_link": [
        "https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000001",
        "https://www.linkedin.com/feed/update/urn:li:share:7100000000000000001/",
        "https://www.linkedin.com/feed/update/urn:li:ugcPost:7100000000000000001?utm_source=share",
        "https://www.linkedin.com/posts/ada-lovelace_engine-activity-7100000000000000001-AbC_",
        "https://www.linkedin.com/posts/ada_x-ugcPost-7100000000000000001-a1b2/?trk=public",
        "https://www.linkedin.com/posts/ad%C3%A1_x-share-7100000000000000001-a1b2",
    ],
    "twitter_link": [
        "https://x.com/ada/status/1700000000000000001",
        "https://twitter.com/Ada_1815/status/20/",
        "https://x.com/ada/status/1700000000000000001?s=20&t=abc",
    ],
    "live_link": [
        "https://engine.example.com",
        "http://127.0.0.1:3000/a?b=c#d",
        "HTTPS://Example.com/Ä",
        "https://example.com?x=a@b",
    ],
}
BAD = {
    "github_link": [
        "http://github.com/ada/engine",
        "https://github.com/ada",
        "https://github.com/ada/engine/issues",
        "https://github.com/ada/..",
        "https://github.com/ada/./",
        "https://github.com/-ada/engine",
        "https://github.com.evil.example/ada/engine",
        "https://evil.example/github.com/ada/engine",
        "https://github.com/ada/engine#readme",
        "https://github.com/ada/engine\n",
        "https://github.com/ada/engine?a b",
        "https://gist.github.com/ada/engine",
        "https://github.com/" + "a" * 40 + "/b",
        "",
    ],
    "linkedin_link": [
        "https://www.linkedin.com/in/ada",
        "https://linkedin.com.evil.example/feed/update/urn:li:activity:1",
        "https://www.linkedin.com/feed/update/urn:li:comment:1",
        "https://www.linkedin.com/feed/update/urn:li:activity:",
        "https://www.linkedin.com/posts/ada-1-abcd",
        "http://www.linkedin.com/feed/update/urn:li:activity:1",
    ],
    "twitter_link": [
        "https://x.com/ada",
        "https://x.com/ada/status/",
        "https://x.com/ada/status/12a",
        "https://xxcom/ada/status/1",
        "https://evil-x.com/ada/status/1",
        "http://x.com/ada/status/1",
    ],
    "live_link": [
        "javascript:alert(1)",
        "ftp://example.com",
        "https://",
        "example.com",
        "https://user:" + "secret@example.com",
        "https://a b",
        "\nhttps://example.com",
        "https://example.com/" + "x" * 2048,
    ],
}


def store(url: str, column: str, links: list[str]) -> list[str]:
    """Those of the links that the column takes."""
    taken = []
    with superuser(url) as connection:
        for link in links:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(f"update projects set {column} = %s where id = %s".encode(), (link, ENGINE))
            except psycopg.errors.CheckViolation:
                continue
            taken.append(link)
    return taken


@pytest.mark.parametrize("column", GOOD)
def test_good_links_are_taken(untouched_database: str, column: str) -> None:
    assert store(untouched_database, column, GOOD[column]) == GOOD[column]


@pytest.mark.parametrize("column", BAD)
def test_bad_links_are_refused(untouched_database: str, column: str) -> None:
    assert store(untouched_database, column, BAD[column]) == []


def test_a_taken_link_names_a_repository_of_that_host(untouched_database: str) -> None:
    pieces = st.sampled_from(
        ["https:", "//", "/", "github.com", "www.", "ada", "engine", "@", "?", "#", "..", ".", "\n", " ", "%", "a" * 40]
    )
    with superuser(untouched_database) as connection:

        @settings(max_examples=300, deadline=None)
        @given(st.one_of(st.lists(pieces, max_size=8).map("".join), st.text(max_size=9)))
        def attempt(tail: str) -> None:
            link = "https://github.com/ada/" + tail.replace("\0", "")
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute("update projects set github_link = %s where id = %s", (link, ENGINE))
            except (psycopg.errors.CheckViolation, UnicodeEncodeError):
                return
            name, _, query = link.removeprefix("https://github.com/ada/").partition("?")
            name = name.removesuffix("/")
            assert name not in {"", ".", ".."}
            assert name.isascii()
            assert not set(name) & set("/#@% \n")
            assert not any(character.isspace() or character == "#" for character in query)

        attempt()
