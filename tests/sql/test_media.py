"""The order of images and videos: dense, whoever changes it at the same time."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.sql.acting import ADA, ENGINE, GRACE, Connection, acting_as, superuser

KINDS = ["image", "video"]


@contextmanager
def ada(url: str) -> Iterator[Connection]:
    """Ada, whose changes stay."""
    with acting_as(url, "authenticated", ADA) as connection:
        yield connection
        connection.commit()


def fill(url: str, kind: str, count: int) -> list[UUID]:
    with superuser(url) as connection:
        connection.execute(f"delete from public.project_{kind}s where project_id = %s".encode(), (ENGINE,))
        ids = [uuid4() for _ in range(count)]
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


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_is_what_was_asked_for(database: str, kind: str) -> None:
    ids = fill(database, kind, 5)
    wanted = random.sample(ids, 5)
    with ada(database) as connection:
        reorder(connection, kind, wanted)
    assert order(database, kind) == [(each, place) for place, each in enumerate(wanted)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_one_must_be_named_once(database: str, kind: str) -> None:
    ids = fill(database, kind, 3)
    before = order(database, kind)
    for wrong in (ids[:2], [*ids, uuid4()], [ids[0], ids[0], ids[1]], [], [*ids, ids[0]]):
        with pytest.raises(psycopg.errors.InvalidParameterValue), ada(database) as connection:
            reorder(connection, kind, wrong)
    assert order(database, kind) == before


def test_only_the_owner_puts_in_order(database: str) -> None:
    ids = fill(database, "image", 2)
    for role, user in (("authenticated", GRACE), ("anon", None), ("service_role", None)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(database, role, user) as connection:
            reorder(connection, "image", ids[::-1])
    with pytest.raises(psycopg.errors.InvalidParameterValue), ada(database) as connection:
        reorder(connection, "sound; drop table public.projects", ids)


@pytest.mark.parametrize("kind", KINDS)
def test_a_deleted_one_leaves_no_gap(database: str, kind: str) -> None:
    ids = fill(database, kind, 5)
    with ada(database) as connection:
        connection.execute(f"delete from public.project_{kind}s where id = any (%s)".encode(), ([ids[0], ids[2]],))
    assert order(database, kind) == [(ids[1], 0), (ids[3], 1), (ids[4], 2)]


def test_many_at_once_keep_the_order_dense(database: str) -> None:
    """Orders, deletions and confirmed uploads race; whoever saw an old list is told so, and nobody waits for ever."""
    ids = fill(database, "image", 12)  # of which half are deleted, and what is left has no gap at once
    limits = '{"free": 1000, "paid": 1000}'

    def one(number: int) -> str:
        chance = random.Random(number)
        try:
            with ada(database) as connection:
                connection.execute("set local lock_timeout = '20s'")
                if number % 4 == 0 and number // 4 < 6:
                    connection.execute("delete from public.project_images where id = %s", (ids[number // 4],))
                    return "deleted"
                query = "select id from public.project_images where project_id = %s"
                there = [row["id"] for row in connection.execute(query, (ENGINE,)).fetchall()]
                if number % 4 != 1:
                    reorder(connection, "image", chance.sample(there, len(there)))
                    return "ordered"
            with superuser(database) as service:
                made: Any = service.execute(
                    "select public.create_media_upload(%s, %s, 'image', 'image/png', 9, %s, 60) as upload",
                    (ADA, ENGINE, limits),
                ).fetchone()
                service.execute(
                    "select public.confirm_media_upload(%s, %s, 'https://example.com/b', %s)",
                    (ADA, made["upload"]["id"], limits),
                )
            return "confirmed"
        except psycopg.errors.InvalidParameterValue:
            return "told"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, range(40)))
    assert {"deleted", "ordered", "confirmed"} <= set(results)
    after = order(database, "image")
    assert [place for _, place in after] == list(range(12 - 6 + results.count("confirmed")))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moves", [True, False])
def test_an_order_waits_for_a_deletion_and_leaves_no_gap(database: str, kind: str, *, moves: bool) -> None:
    """Also where the order would not touch the deleted one: who deletes cannot close the gap while others number."""
    ids = fill(database, kind, 5)
    wanted = ids[::-1] if moves else ids
    with acting_as(database, "authenticated", ADA) as deleting, ThreadPoolExecutor(1) as pool:
        with superuser(database) as holder, holder.transaction():
            holder.execute("select from public.projects where id = %s for no key update", (ENGINE,))
            deleting.execute(f"delete from public.project_{kind}s where id = %s".encode(), (ids[1],))

        def put_in_order() -> None:
            with ada(database) as connection:
                reorder(connection, kind, wanted)

        waiting = pool.submit(put_in_order)
        with superuser(database) as watcher:
            query = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            while not watcher.execute(query).rowcount:
                assert not waiting.done(), "it did not wait for the deletion"
        deleting.commit()
        with pytest.raises(psycopg.errors.InvalidParameterValue):  # it named one that is gone
            waiting.result(20)
    with ada(database) as connection:
        reorder(connection, kind, [each for each in wanted if each != ids[1]])
    assert [place for _, place in order(database, kind)] == list(range(4))


@pytest.mark.parametrize("kind", KINDS)
def test_a_confirmed_upload_waits_for_a_deletion_and_leaves_no_gap(database: str, kind: str) -> None:
    ids = fill(database, kind, 4)
    limits = '{"free": 1000, "paid": 1000}'
    with superuser(database) as service:
        made: Any = service.execute(
            "select public.create_media_upload(%s, %s, %s, 'image/png', 9, %s, 60) as upload",
            (ADA, ENGINE, kind, limits),
        ).fetchone()

    def confirm() -> None:
        with superuser(database) as service:
            service.execute(
                "select public.confirm_media_upload(%s, %s, 'https://example.com/b', %s)",
                (ADA, made["upload"]["id"], limits),
            )

    with acting_as(database, "authenticated", ADA) as deleting, ThreadPoolExecutor(1) as pool:
        with superuser(database) as holder, holder.transaction():
            holder.execute("select from public.projects where id = %s for no key update", (ENGINE,))
            deleting.execute(f"delete from public.project_{kind}s where id = %s".encode(), (ids[3],))
        waiting = pool.submit(confirm)
        with superuser(database) as watcher:
            query = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            while not watcher.execute(query).rowcount:
                assert not waiting.done(), "it did not wait for the deletion"
        deleting.commit()
        waiting.result(20)
    after = order(database, kind)
    assert [each for each, _ in after[:3]] == ids[:3]
    assert [place for _, place in after] == list(range(4))


def test_orders_alone_are_dense_at_every_moment(database: str) -> None:
    ids = fill(database, "image", 10)

    def one(number: int) -> list[int]:
        with ada(database) as connection:
            reorder(connection, "image", random.Random(number).sample(ids, 10))
        return [place for _, place in order(database, "image")]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(40))) == [list(range(10))] * 40
