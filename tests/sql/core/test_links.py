"""Links as users paste them: stored in one form, whatever the way in, or refused with the field and an example."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sql.acting import ADA, ENGINE, Connection, acting_as, superuser
from tests.sql.core.pasted_links import ADVISED, REFUSED, REPOSITORY, TAKEN


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

        @settings(max_examples=60)
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
