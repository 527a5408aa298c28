"""Links as users paste them: stored in one form, whatever the way in, or refused with the field and an example."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sql.acting import ADA, ENGINE, Connection, acting_as, superuser

REPOSITORY = "https://github.com/ada/engine"
POST = "https://x.com/ada/status/1700000000000000001"
URN = "urn:li:activity:7100000000000000001"
UPDATE = f"https://www.linkedin.com/feed/update/{URN}"
N, M = "1700000000000000001", "7100000000000000001"

# canonical form: what is pasted
TAKEN: dict[str, dict[str, list[str]]] = {
    "github_link": {
        REPOSITORY: [
            REPOSITORY,
            "http://github.com/ada/engine",
            "github.com/ada/engine",
            "www.github.com/ada/engine",
            "//github.com/ada/engine",
            "HTTPS://GitHub.COM:443/ada/engine/",
            "http://github.com:80/ada/engine",
            "https://github.com./ada/engine",
            "https://github.com//ada//engine//",
            f"  {REPOSITORY}\n",
            f"{REPOSITORY}\u200b",
            f"{REPOSITORY}#readme",
            f"{REPOSITORY}?tab=readme-ov-file#usage",
            f"{REPOSITORY}?utm_source=newsletter",
            f"{REPOSITORY}.git",
            f"{REPOSITORY}/tree/main",
            f"{REPOSITORY}/blob/main/src/a%20b.py#L10-L20",
            f"{REPOSITORY}/issues/12",
            f"{REPOSITORY}/pull/3/files",
            f"{REPOSITORY}/releases/tag/v1.0",
            "git@github.com:ada/engine.git",
            "ssh://git@github.com/ada/engine.git",
            "git+https://github.com/ada/engine.git",
            "git+ssh://git@github.com/ada/engine.git#main",
            "git://github.com/ada/engine",
            "ssh://git@ssh.github.com:443/ada/engine.git",
            "git clone https://github.com/ada/engine.git",
            "git clone git@github.com:ada/engine.git",
            "gh repo clone ada/engine",
            "https://m.github.com/ada/engine",
            "https://redirect.github.com/ada/engine/issues/1",
            "https://github.dev/ada/engine",
            "https://raw.githubusercontent.com/ada/engine/main/a.py",
            "https://raw.githubusercontent.com/ada/engine/refs/heads/main/README.md",
            "https://api.github.com/repos/ada/engine/releases/latest",
            f"{REPOSITORY}.",
            f"{REPOSITORY}..git",
            f"({REPOSITORY}),",
            f"<{REPOSITORY}>",
            f"\u201c{REPOSITORY}\u201d",
            f"**{REPOSITORY}**",
            f"[Engine]({REPOSITORY}): the engine",
            f"`{REPOSITORY}`",
            f"My engine: {REPOSITORY}!",
            f"{REPOSITORY}?a b",
            "<github.com/ada/engine>;",
            f"\u2060{REPOSITORY}\u200e",
        ],
        "https://github.com/a/.github": ["https://github.com/a/.github"],
        "https://github.com/A-b-9/x.y_z-1": ["https://github.com/A-b-9/x.y_z-1/"],
        f"https://github.com/{'a' * 39}/{'b' * 100}": [f"https://github.com/{'a' * 39}/{'b' * 100}"],
    },
    "twitter_link": {
        POST: [
            POST,
            f"x.com/ada/status/{N}",
            f"http://www.x.com/ada/status/{N}/",
            f"https://twitter.com/ada/status/{N}",
            f"https://mobile.twitter.com/ada/status/{N}",
            f"https://mobile.x.com/ada/status/{N}",
            f"https://m.twitter.com/ada/status/{N}",
            f"https://twitter.com/ada/statuses/{N}",
            f"https://twitter.com/#!/ada/status/{N}",
            f"{POST}/photo/1",
            f"{POST}/video/1?s=20",
            f"{POST}/analytics",
            f"{POST}?s=20&t=abc#m",
            f"HTTPS://X.COM:443/ada/status/{N}",
            f"https://www.twitter.com/ada/status/{N}?lang=de",
            f"https://pro.x.com/ada/status/{N}",
            f"https://x.com/@ada/status/{N}",
            f"{POST}%3Fs%3D20",
            f"{POST}?utm_source=share&utm_medium=android_app",
            f"{POST}/retweets/with_comments",
            f"{POST}/likes",
            f"{POST}.",
            f"Look: {POST} via @ada",
            f"<{POST}>",
            f"[post]({POST}?s=46)",
        ],
        f"https://x.com/Ada_1815/status/{N}": [f"https://twitter.com/Ada_1815/status/{N}?ref_src=twsrc%5Etfw"],
        f"https://x.com/i/status/{N}": [f"https://x.com/i/web/status/{N}", f"https://x.com/i/status/{N}"],
    },
    "linkedin_link": {
        UPDATE: [
            UPDATE,
            f"{UPDATE}/",
            f"http://linkedin.com/feed/update/{URN}",
            f"de.linkedin.com/feed/update/{URN}/",
            f"https://m.linkedin.com/feed/update/{URN}",
            f"https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A{M}/",
            f"https://www.linkedin.com/feed/update/urn%3ali%3aactivity%3a{M}?utm_source=share",
            f"https://www.linkedin.com/feed/update/urn%253Ali%253Aactivity%253A{M}",
            f"https://www.linkedin.com/feed/update/activity:{M}",
            f"https://www.linkedin.com/posts/activity-{M}-AbCd/",
            f"https://www.linkedin.com/embed/feed/update/{URN}",
            f"https://www.linkedin.com/mwlite/feed/update/{URN}",
            f"https://www.linkedin.com/feed/?highlightedUpdateUrn=urn%3Ali%3Aactivity%3A{M}&midToken=x",
            f"https://www.linkedin.com/posts/ada_launch-activity-{M}-AbCd",
            f"https://www.linkedin.com/posts/ada-lovelace_activity-{M}-AbCd?trk=public_post#top",
            f"https://www.linkedin.com/posts/ada-lovelace_activity-{M}-",
            f"https://www.linkedin.com/posts/ad%C3%A1_x-activity-{M}-a1b2/",
            f"https://uk.linkedin.com/posts/ada_share-5-tips-activity-{M}-AbC_",
            f"https://br.linkedin.com/posts/ada_x-activity-{M}-AbCd?originalSubdomain=br",
            f"https://www.linkedin.com/posts/ada_x-activity-{M}-AbCd?utm_source=share&utm_medium=member_ios&rcm=ACoAAB",
            f"https://www.linkedin.com/feed/update/{URN}?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A{M}%2C7%29",
            f"https://www.linkedin.com/comm/feed/update/{URN}?midToken=AQ&trk=eml-x",
            f"https://www.linkedin.com/comm/posts/ada_x-activity-{M}-AbCd",
            f"https://www.linkedin.com/analytics/post-summary/{URN}/",
            f"{UPDATE}%3Futm_source%3Dshare",
            f"{UPDATE}.",
            f"<{UPDATE}>",
            f"I wrote this: {UPDATE}, read it",
            URN,
        ],
        f"https://www.linkedin.com/feed/update/urn:li:share:{M}": [
            f"https://www.linkedin.com/posts/ada_x-share-{M}-a1b2",
            f"https://www.linkedin.com/feed/update/urn:li:share:{M}/",
            f'<iframe src="https://www.linkedin.com/embed/feed/update/urn:li:share:{M}?collapsed=1"></iframe>',
        ],
        f"https://www.linkedin.com/feed/update/urn:li:ugcPost:{M}": [
            f"https://www.linkedin.com/posts/ada_x-ugcPost-{M}-a1b2/?trk=public",
            f"https://www.linkedin.com/feed/update/urn:li:ugcpost:{M}",
            f"https://www.linkedin.com/video/live/urn:li:ugcPost:{M}/",
        ],
    },
    "live_link": {
        "https://engine.example.com": [
            "https://engine.example.com",
            "engine.example.com",
            "HTTPS://Engine.Example.com:443",
            "//engine.example.com",
            "\thttps://engine.example.com\n",
            "<https://engine.example.com>",
        ],
        "https://example.com/Ä": ["HTTPS://Example.com/Ä", "example.com/Ä"],
        "http://127.0.0.1:3000/a?b=c#d": ["http://127.0.0.1:3000/a?b=c#d"],
        "http://localhost:5173/": ["http://localhost:5173/"],
        "https://example.com:8443/x": ["example.com:8443/x"],
        "https://example.com?x=a@b": ["https://example.com?x=a@b"],
        "http://example.com:443": ["http://example.com:443"],
    },
}
REFUSED = {
    "github_link": [
        "",
        "engine",
        "https://github.com/ada",
        "https://github.com/ada/..",
        "https://github.com/ada/./",
        "https://github.com/-ada/engine",
        "https://github.com.evil.example/ada/engine",
        "https://evil.example/github.com/ada/engine",
        "https://evilgithub.com/ada/engine",
        "see https://evil.example and https://github.com/ada/engine",
        "https://evil.example/?u=https://github.com/ada/engine",
        "gh repo clone engine",
        "https://github.com/login?return_to=%2Fada%2Fengine",
        "https://ada.github.io/engine",
        "https://gist.github.com/ada/engine",
        f"https://github.com/{'a' * 40}/b",
        "https://github.com/orgs/supabase/repositories",
        "https://github.com/topics/python",
        "https://github.com@evil.example/ada/engine",
        "https://ada:" + "word@github.com/ada/engine",
        "https://github.com:8443/ada/engine",
        "ftp://github.com/ada/engine",
        "https://gitlab.com/ada/engine",
        "https://git.io/abc",
    ],
    "linkedin_link": [
        "https://www.linkedin.com/in/ada",
        "https://www.linkedin.com/company/ada/posts/",
        "https://www.linkedin.com/pulse/engine-ada-lovelace-abcd",
        "https://linkedin.com.evil.example/feed/update/urn:li:activity:1",
        "https://www.linkedin.com/feed/update/urn:li:comment:1",
        "https://www.linkedin.com/feed/update/urn:li:activity:",
        "https://www.linkedin.com/posts/ada-1-abcd",
        "https://www.linkedin.com/feed/",
        "https://lnkd.in/eAbCdEf",
        f"https://ada@www.linkedin.com/feed/update/{URN}",
    ],
    "twitter_link": [
        "https://x.com/ada",
        "https://x.com/ada/status/",
        "https://x.com/ada/status/12a",
        "https://xxcom/ada/status/1",
        "https://evil-x.com/ada/status/1",
        "https://x.com.evil.example/ada/status/1",
        "https://ada@x.com/ada/status/1",
        "https://t.co/AbCdEf",
        "https://x.com/i/spaces/1abc",
        "https://x.com/search?q=engine",
        "https://x.com/ada/status/1x",
    ],
    "live_link": [
        "",
        "engine",
        "localhost:5173",
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:ada@example.com",
        "ftp://example.com",
        "https://",
        "https://user:" + "secret@example.com",
        "https://a b",
        "tel:123",
        "https://example.com/" + "x" * 2048,
    ],
}
# What cannot be resolved without asking somebody: field, link, and the beginning of what is advised.
ADVISED = [
    ("linkedin_link", "https://lnkd.in/e", "Open this short link"),
    ("linkedin_link", "lnkd.in/p/dAbC", "Open this short link"),
    ("linkedin_link", "https://bit.ly/3x", "Open this short link"),
    ("twitter_link", "https://t.co/A", "Open this short link"),
    ("twitter_link", "https://pic.x.com/AbC.", "Open this short link"),
    ("github_link", "git.io/abc", "Open this short link"),
    ("github_link", "https://www.google.com/url?q=https://github.com/ada/engine&sa=D", "Open this link"),
    ("github_link", "https://github.com/login?return_to=https%3A%2F%2Fgithub.com%2Fada%2Fengine", "Open this link"),
    ("linkedin_link", "https://www.linkedin.com/authwall?trk=x&sessionRedirect=https%3A%2F%2F", "Open this link"),
    ("linkedin_link", "https://www.linkedin.com/uas/login?session_redirect=%2Ffeed%2Fupdate%2F1", "Open this link"),
    ("linkedin_link", "https://www.linkedin.com/in/ada/recent-activity/all/", "Open one post"),
    ("linkedin_link", "https://www.linkedin.com/company/ada/posts/?feedView=all", "Open one post"),
    ("linkedin_link", "https://www.linkedin.com/pulse/engine-ada-abcd", "Open one post"),
    ("linkedin_link", "https://www.linkedin.com/newsletters/ada-7100", "Open one post"),
]


def store(connection: Connection, column: str, link: str) -> str:
    """What the database keeps of a link; rolled_back. Raises: CheckViolation."""
    with connection.transaction(force_rollback=True):
        row = connection.execute(
            f"update public.projects set {column} = %s where id = %s returning {column} as link".encode(),
            (link, ENGINE),
        ).fetchone()
        assert row is not None
        return str(row["link"])


@pytest.mark.parametrize("column", TAKEN)
def test_what_users_paste_is_stored_in_one_form(untouched_database: str, column: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        stored = {pasted: store(connection, column, pasted) for forms in TAKEN[column].values() for pasted in forms}
    assert stored == {pasted: form for form, forms in TAKEN[column].items() for pasted in forms}


@pytest.mark.parametrize("column", REFUSED)
def test_anything_else_is_refused_with_field_and_example(untouched_database: str, column: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        for link in REFUSED[column]:
            with pytest.raises(psycopg.errors.CheckViolation) as refused:
                store(connection, column, link)
            shown = refused.value.diag
            assert column in (shown.constraint_name or ""), link
            if len(link) <= 2048:
                assert (shown.message_detail, shown.column_name) == (f"projects.{column}", column), link
                assert shown.message_hint, link


@pytest.mark.parametrize(("column", "link", "advice"), ADVISED)
def test_what_leads_elsewhere_is_to_be_opened_first(
    untouched_database: str, column: str, link: str, advice: str
) -> None:
    with superuser(untouched_database) as connection, pytest.raises(psycopg.errors.CheckViolation) as refused:
        store(connection, column, link)
    assert (refused.value.diag.message_hint or "").startswith(advice)


def test_every_way_in_is_the_same(untouched_database: str) -> None:
    pasted = "www.github.com/ada/engine/tree/main#readme"
    added = (
        "insert into public.projects (user_id, title, github_link) values (%s, 'E', %s) returning github_link as link"
    )
    for role in ("authenticated", "service_role"):
        with acting_as(untouched_database, role, ADA if role == "authenticated" else None) as connection:
            assert connection.execute(added, (ADA, pasted)).fetchone() == {"link": REPOSITORY}
            assert store(connection, "github_link", pasted) == REPOSITORY


@pytest.mark.parametrize("column", TAKEN)
def test_a_stored_link_is_stored_again_as_it_is(untouched_database: str, column: str) -> None:
    """And it names a host of its platform alone, however the pieces are put together."""
    hosts = {
        "github_link": "https://github.com/",
        "twitter_link": "https://x.com/",
        "linkedin_link": "https://www.linkedin.com/feed/update/urn:li:",
        "live_link": "http",
    }
    words = "https: // / github.com x.com linkedin.com www. ada status posts urn:li: @ ? # .. . % %3A :443 7100 .git"
    pieces = st.sampled_from([*words.split(), "-activity-", "feed/update", "\n", " ", "a" * 40])
    starts = st.sampled_from(["", *(form for form in TAKEN[column])])
    with superuser(untouched_database) as connection:

        @settings(max_examples=60, deadline=None)
        @given(starts, st.one_of(st.lists(pieces, max_size=8).map("".join), st.text(max_size=9)))
        def attempt(start: str, tail: str) -> None:
            link = (start + tail).replace("\0", "")
            try:
                stored = store(connection, column, link)
            except (psycopg.errors.CheckViolation, UnicodeEncodeError):
                return
            assert store(connection, column, stored) == stored
            assert stored.startswith(hosts[column])
            assert not any(character.isspace() for character in stored)

        attempt()


def test_the_links_of_a_profile_are_taken_as_pasted(untouched_database: str) -> None:
    change = "update public.users set links = %s where username = 'ada' returning links"
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        pasted = ["Example.com/ada", "//b.example.com", "http://localhost:1", " https://c.example.com\n"]
        stored = ["https://example.com/ada", "https://b.example.com", "http://localhost:1", "https://c.example.com"]
        assert connection.execute(change, (pasted,)).fetchone() == {"links": stored}
        for bad in (["javascript:alert(1)"], ["word"], ["https://a:b@c.example"], ["a.example/" + "x" * 2048]):
            with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
                connection.execute(change, (bad,))


FOLDED = {"project_tags": "tag", "project_technologies": "technology"}


@pytest.mark.parametrize("table", FOLDED)
def test_spellings_that_differ_in_case_are_one(untouched_database: str, table: str) -> None:
    column = FOLDED[table]
    add = f"insert into public.{table} (project_id, {column}) values (%s, %s) on conflict do nothing".encode()
    names = (
        f"select array_agg({column} order by {column}) as names from public.{table} where lower({column}) = 'basalt'"
    )
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        connection.execute(add, (ENGINE, "Basalt"))
        connection.execute(add, (ENGINE, "basalt"))
        several = (
            f"insert into {table} (project_id, {column}) values (%s, 'BASALT'), (%s, 'bASALT') on conflict do nothing"
        )
        connection.execute(several.encode(), (ENGINE, ENGINE))
        assert connection.execute(names.encode()).fetchone() == {"names": ["Basalt"]}
        respelled = f"update public.{table} set {column} = 'BASALT' where {column} = 'Basalt'"
        assert connection.execute(respelled.encode()).rowcount == 1
        assert connection.execute(names.encode()).fetchone() == {"names": ["BASALT"]}
        connection.execute(add, (ENGINE, "Steam"))
        with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
            connection.execute(f"update public.{table} set {column} = 'basalt' where {column} = 'Steam'".encode())
        with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
            connection.execute(f"insert into public.{table} values (%s, 'STEAM')".encode(), (ENGINE,))
