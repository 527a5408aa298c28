"""Every kind of relationship, embedding and filter."""

from typing import Any

import httpx
import pytest

READS: list[tuple[str, Any]] = [
    ("authors?select=name,countries(name)&id=eq.1", [{"name": "Ada", "countries": {"name": "Britain"}}]),
    ("authors?select=name,passports(number)&id=eq.1", [{"name": "Ada", "passports": {"number": 9007199254740993}}]),
    ("authors?select=name,pupils:authors!mentor(name)&id=eq.1&pupils.order=id.desc",
     [{"name": "Ada", "pupils": [{"name": "Mary"}, {"name": "Grace"}]}]),
    ("authors?select=name,mentor(name)&id=eq.2", [{"name": "Grace", "mentor": {"name": "Ada"}}]),
    ("books?select=title,authors(name)&id=eq.2&authors.order=id",
     [{"title": "Compilers", "authors": [{"name": "Ada"}, {"name": "Grace"}]}]),
    ("books?select=title,authors!inner(name)&authors.name=eq.Mary",
     [{"title": "Frankenstein", "authors": [{"name": "Mary"}]}]),
    ("letters?select=sender:authors!letters_sender_fkey(name),receiver:authors!receiver(name)&id=eq.1",
     [{"sender": {"name": "Ada"}, "receiver": {"name": "Grace"}}]),
    ("books?select=title,...authors(names:name)&id=eq.2&authors.order=name.desc",
     [{"title": "Compilers", "names": ["Grace", "Ada"]}]),
    ("authors?select=name,...countries(country:name)&order=countries(country).desc.nullslast&limit=1",
     [{"name": "Ada", "country": "Britain"}]),
    # What a page is cut out of before it is joined, and what it is not.
    ("books?select=title,authors(name)&authors.order=name.desc&order=year.desc&limit=1&offset=1",
     [{"title": "Notes", "authors": [{"name": "Ada"}]}]),
    ("authors?select=name,countries(name),books(title)&order=country.desc.nullslast&offset=1&books.limit=1&books.order=id",
     [{"name": "Ada", "countries": {"name": "Britain"}, "books": [{"title": "Notes"}]},
      {"name": "Mary", "countries": None, "books": [{"title": "Frankenstein"}]}]),
    ("books?select=title,title_length,authors(name)&order=title_length.desc&limit=1&offset=2",
     [{"title": "Notes", "title_length": 5, "authors": [{"name": "Ada"}]}]),
    ("books?select=title,first_author(name)&order=id&limit=1&offset=2",
     [{"title": "Frankenstein", "first_author": {"name": "Mary"}}]),
    ("books?select=title,both_authors(name)&order=id&limit=1&offset=2",
     [{"title": "Compilers", "both_authors": {"name": "Grace"}}]),
    ("authors?select=name,countries!inner(name)&order=id&limit=1&offset=1",
     [{"name": "Grace", "countries": {"name": "America"}}]),
    ("authors?select=name,countries()&countries=not.is.null&order=id.desc&limit=1", [{"name": "Grace"}]),
    ("authors?select=name,countries(name)&order=countries(name)&limit=1&offset=1",
     [{"name": "Ada", "countries": {"name": "Britain"}}]),
    ("passports?select=author,readers(name)&order=number&limit=1&offset=1",
     [{"author": 1, "readers": {"name": "Ada"}}]),
    ("books?select=title,first_author(name)&id=eq.2", [{"title": "Compilers", "first_author": {"name": "Ada"}}]),
    ("books?select=title_length&id=eq.1", [{"title_length": 5}]),
    ("books?select=title&title_length=gt.9", [{"title": "Frankenstein"}]),
    ("old_books?select=title,book_authors(author)&book_id=eq.3",
     [{"title": "Frankenstein", "book_authors": [{"author": 3}]}]),
    ("books?select=id&words=fts(english).compiler", [{"id": 2}]),
    ("books?select=id&title=wfts(english).notes", [{"id": 1}]),
    ('books?select=data->pages->1,x:data->tags->>"a-b"&id=eq.1', [{"pages": 2, "x": "x"}]),
    ("books?select=id&year=gte.1818&year=lt.1900&order=id", [{"id": 1}, {"id": 3}]),
    ("books?select=id&or=(id.eq.1,id.eq.2)&or=(id.eq.2,id.eq.3)", [{"id": 2}]),
    ("books?select=id&title=like(any).{No*,Fr*}&order=id", [{"id": 1}, {"id": 3}]),
    ("books?select=id&data->>missing=is.null&data=not.is.null&order=id", [{"id": 1}, {"id": 3}]),
    ("authors?select=id,countries()&countries=is.null", [{"id": 3}]),
    ("rpc/all_books?select=title,id&year=lt.1900&order=id.desc&limit=1", [{"title": "Frankenstein", "id": 3}]),
    ("rpc/all_books?select=title,authors(name)&id=eq.3", [{"title": "Frankenstein", "authors": [{"name": "Mary"}]}]),
    ("rpc/total?numbers=1&numbers=2&numbers=39", 42),
    ("rpc/greet", "Hello nobody"),
    ("rpc/greet?name=Ada", "Hello Ada"),
    ("rpc/pair", {"low": 1, "high": 2}),
    ("rpc/numbers", [1, 2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "expected"), READS)
def test_reads(rest: httpx.Client, path: str, expected: Any) -> None:
    answer = rest.get(f"/{path}")
    assert (answer.status_code, answer.json()) == (200, expected), answer.text


def test_an_ambiguous_call_and_an_ambiguous_embedding_list_what_was_found(rest: httpx.Client) -> None:
    call = rest.post("/rpc/twice", json={"a": 1})
    assert (call.status_code, call.json()["code"]) == (300, "PGRST203")
    embedding = rest.get("/letters?select=authors(name)")
    assert (embedding.status_code, embedding.json()["code"]) == (300, "PGRST201")
    assert embedding.json()["hint"].startswith("Try changing 'authors' to one of the following: 'authors!letters_")
    assert [one["cardinality"] for one in embedding.json()["details"]] == ["many-to-one"] * 2


def test_the_defaults_of_the_description(rest: httpx.Client) -> None:
    """As PostgREST reads them: text as JSON between quotes, which `say "x"` is not."""
    properties = rest.get("/").json()["definitions"]["stamps"]["properties"]
    assert {name: column["default"] for name, column in properties.items() if "default" in column} == {
        "plain": "a b",
        "half": "it''s",
        "slash": "a\b",
        "letters": "x",
        "pages": 7,
        "seen": False,
        "at": "now()",
    }
