"""Images and videos of Ada's engine, and their order."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from tests.sql.acting import ADA, ENGINE, Connection, acting_as, superuser

KINDS = ["image", "video"]


@contextmanager
def ada(url: str) -> Iterator[Connection]:
    """Ada, whose changes stay."""
    with acting_as(url, "authenticated", ADA) as connection:
        yield connection
        connection.commit()


def fill(url: str, kind: str, count: int, named: list[UUID] | None = None) -> list[UUID]:
    with superuser(url) as connection:
        connection.execute(f"delete from public.project_{kind}s where project_id = %s".encode(), (ENGINE,))
        ids = named or [uuid4() for _ in range(count)]
        for place, each in enumerate(ids):
            connection.execute(
                f"insert into public.project_{kind}s values (%s, %s, 'https://example.com/a', %s)".encode(),
                (each, ENGINE, place),
            )
    return ids


def order(url: str, kind: str) -> list[tuple[UUID, int]]:
    with superuser(url) as connection:
        query = f"select id, position from public.project_{kind}s where project_id = %s order by position"
        return [(row["id"], row["position"]) for row in connection.execute(query.encode(), (ENGINE,)).fetchall()]


def reorder(connection: Connection, kind: str, ids: list[UUID]) -> None:
    connection.execute("select public.reorder_project_media(%s, %s, %s)", (ENGINE, kind, ids))


def wait_for_locks(url: str, count: int = 1) -> None:
    """Until so many are waiting for somebody else."""
    deadline = time.monotonic() + 60
    query = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with superuser(url) as watcher:
        while watcher.execute(query).rowcount != count:
            assert time.monotonic() < deadline, "they do not wait"
            time.sleep(0.01)
