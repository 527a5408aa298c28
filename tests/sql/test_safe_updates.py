"""A hosted project's API loads pg_safeupdate: no update or delete without a where, inside functions either."""

import re
from collections.abc import Iterator

import pytest

from tests.sql.acting import superuser

# What stands in quotes, or is a comment: one alternative after the other, since each may contain the other's signs.
UNREAD = re.compile(r"'(?P<text>(?:[^']|'')*)'|--[^\n]*|/\*.*?\*/", re.DOTALL)
# Not `for update`, which locks, nor `do update` and `then update set`, which belong to an insert or a merge.
WRITE = re.compile(r"(?<!\bfor )(?<!\bkey )(?<!\bdo )\b(?:update (?!set\b)|delete from )(?=[a-z_\"%])")


def unbounded(body: str) -> Iterator[str]:
    """Each update or delete without a where of its own, those in the texts that are executed among them."""
    for text in (found["text"] or "" for found in UNREAD.finditer(body.lower())):
        if text.lstrip().startswith(("update ", "delete ", "with ")):
            yield from unbounded(text.replace("''", "'"))
    read = code(body)
    for write in WRITE.finditer(read):
        statement = own_words(read[write.start() :])
        if not re.search(r"\bwhere\b", statement):
            yield statement


def code(body: str) -> str:
    return " ".join(UNREAD.sub(lambda found: " " if found["text"] is None else "''", body.lower()).split())


def own_words(text: str) -> str:
    """Up to its end, without what stands in brackets: a subquery's where is not this statement's."""
    depth, kept = 0, []
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0 or (depth == 0 and letter == ";"):
            break
        if depth == 0:
            kept.append(letter)
    return "".join(kept)


def test_no_function_updates_or_deletes_without_saying_which_rows(untouched_database: str) -> None:
    query = """
        select oid::regprocedure::text as name, coalesce(pg_get_function_sqlbody(oid), prosrc) as body from pg_proc
        where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    """
    with superuser(untouched_database) as connection:
        functions = connection.execute(query.encode()).fetchall()
    assert sum(bool(WRITE.search(code(str(each["body"])))) for each in functions) > 30
    assert {each["name"]: found for each in functions if (found := list(unbounded(str(each["body"]))))} == {}


@pytest.mark.parametrize(
    "body",
    [
        "update a set b = 1",
        "begin delete from a; delete from b where c; end",
        "with gone as (delete from a returning id) select * from gone where id > 1",
        "update a set b = (select c from d where e)",
        "if x then update a set b = 1; end if",
        "update a set b = 'where' -- where\n; select 1 where true",
        "execute 'delete from a'",
        "raise log 'a -- b'; delete from a",
        "execute format('update %I set b = ''c''', d)",
    ],
)
def test_what_would_be_refused_is_found(body: str) -> None:
    assert len(list(unbounded(body))) == 1


@pytest.mark.parametrize(
    "body",
    [
        "update a set b = 1 where c",
        "select 1 from a for update; select 1 from a for no key update",
        "insert into a values (1) on conflict (id) do update set b = 1",
        "merge into a using b on a.id = b.id when matched then update set c = 1",
        "if tg_op = 'UPDATE' then return new; end if",
        "update a set b = 1 from c where (a.id = c.id)",
    ],
)
def test_what_says_its_rows_is_not(body: str) -> None:
    assert list(unbounded(body)) == []
