"""The order of images and videos: dense, anyone who changes it at the same time."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.sql.acting import ADA, ENGINE, GRACE, acting_as, superuser
from tests.sql.media.media_order import KINDS, ada, fill, order, reorder


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
    """Orders, deletions and confirmed uploads race; an old list is an error, and nobody waits for ever."""
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
            return "reported"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, range(40)))
    assert {"deleted", "confirmed"} <= set(results)
    assert one(42) == "ordered", "among many each may have seen an old list; alone nobody has"
    after = order(database, "image")
    assert [place for _, place in after] == list(range(12 - 6 + results.count("confirmed")))


def test_orders_alone_are_dense_at_every_moment(database: str) -> None:
    ids = fill(database, "image", 10)

    def one(number: int) -> list[int]:
        with ada(database) as connection:
            reorder(connection, "image", random.Random(number).sample(ids, 10))
        return [place for _, place in order(database, "image")]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(40))) == [list(range(10))] * 40


STORED = "https://a.example/storage/v1/object/public/project-media/{0}/{0}/{0}.png"


@pytest.mark.parametrize("kind", KINDS)
def test_users_link_to_files_elsewhere_alone(database: str, kind: str) -> None:
    """A stored file's row comes from a confirmed upload, which counts it."""
    ids = fill(database, kind, 1)
    stored = STORED.format(uuid4())
    for query, values in (
        (f"insert into public.project_{kind}s (project_id, url) values (%s, %s)", (ENGINE, stored)),
        (f"update public.project_{kind}s set url = %s where id = %s", (stored, ids[0])),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="confirmUpload"), ada(database) as connection:
            connection.execute(query.encode(), values)
    with acting_as(database, "service_role") as service:
        service.execute(f"update public.project_{kind}s set url = %s where id = %s".encode(), (stored, ids[0]))
        service.commit()
    with ada(database) as connection:  # and is theirs to move
        connection.execute(f"update public.project_{kind}s set position = 5, url = url where id = %s".encode(), ids)
