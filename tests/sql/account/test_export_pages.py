"""Pages of an archive: complete, and never more than memory takes."""

from typing import Any

from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, acting_as

MOST = 4 * 1024 * 1024


def test_a_page_ends_before_it_is_too_large_and_nothing_is_left_out(untouched_database: str) -> None:
    sizes = [256 * 1024] * 40 + [5 * 1024 * 1024, 10, 5 * 1024 * 1024]
    with acting_as(untouched_database, "postgres") as connection:
        for number, size in enumerate(sizes):
            connection.execute(
                "insert into storage.objects (bucket_id, name, metadata) values ('ai-assets', %s, %s)",
                (f"{ADA}/{number:03}", Jsonb({"text": "\N{GRINNING FACE}" * (size // 4)})),
            )
        query = "select name from storage.objects where starts_with(name, %s)"
        stored = [row["name"] for row in connection.execute(query, (str(ADA),)).fetchall()]
        reported: list[str] = []
        pages: list[tuple[int, int]] = []
        after: str | None = None
        while not pages or after is not None:
            found: Any = connection.execute(
                "select page, octet_length(page ->> 'rows') as bytes"
                " from public.export_account_rows(%s, 'files', %s, 500) as page",
                (ADA, after),
            ).fetchone()
            rows = found["page"]["rows"]
            pages.append((found["bytes"], len(rows)))
            reported += [row["name"] for row in rows]
            after = found["page"]["next"]
    assert sorted(reported) == sorted(stored)
    assert len(reported) >= len(sizes)
    assert all(size < MOST + 10_000 or count == 1 for size, count in pages), pages
    assert len(pages) < 8, "as few as it takes"


def test_a_page_has_as_many_rows_as_were_asked_for(untouched_database: str) -> None:
    with acting_as(untouched_database, "postgres") as connection:
        for number in range(5):
            connection.execute(
                "insert into storage.objects (bucket_id, name) values ('ai-assets', %s)", (f"{ADA}/{number}",)
            )
        counts: list[int] = []
        after: str | None = None
        while not counts or after is not None:
            found: Any = connection.execute(
                "select public.export_account_rows(%s, 'files', %s, 2) as page", (ADA, after)
            ).fetchone()
            counts.append(len(found["page"]["rows"]))
            after = found["page"]["next"]
    assert all(count == 2 for count in counts[:-1])
    assert sum(counts) >= 5
