"""Who changes the order of images and videos at the same time: everybody in turn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.sql.acting import ADA, ENGINE, GRACE, acting_as, superuser
from tests.sql.media.media_order import KINDS, ada, fill, order, reorder, wait_for_locks


def go_on_after_a_deletion(database: str, kind: str, deleted: object, work: Callable[[], None]) -> None:
    """Begins some work while an image or video is being deleted: it waits for that, and is done after it."""
    with acting_as(database, "authenticated", ADA) as deleting, ThreadPoolExecutor(1) as pool:
        deleting.execute(f"delete from public.project_{kind}s where id = %s".encode(), (deleted,))
        waiting = pool.submit(work)
        wait_for_locks(database)
        deleting.commit()
        waiting.result(20)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moves", [True, False])
def test_an_order_waits_for_a_deletion_and_leaves_no_gap(database: str, kind: str, *, moves: bool) -> None:
    """Also where the order would not touch the deleted one."""
    ids = fill(database, kind, 5)
    wanted = ids[::-1] if moves else ids
    with acting_as(database, "authenticated", ADA) as deleting, ThreadPoolExecutor(1) as pool:
        deleting.execute(f"delete from public.project_{kind}s where id = %s".encode(), (ids[1],))

        def put_in_order() -> None:
            with ada(database) as connection:
                reorder(connection, kind, wanted)

        waiting = pool.submit(put_in_order)
        wait_for_locks(database)
        deleting.commit()
        with pytest.raises(psycopg.errors.InvalidParameterValue):  # it named one that is gone
            waiting.result(20)
    with ada(database) as connection:
        reorder(connection, kind, [each for each in wanted if each != ids[1]])
    assert [place for _, place in order(database, kind)] == list(range(4))


@pytest.mark.parametrize("kind", KINDS)
def test_who_deletes_several_and_who_puts_in_order_do_not_wait_for_each_other(database: str, kind: str) -> None:
    """They hold rows in opposite orders, by id and by position, when somebody between them lets both go on."""
    ids = fill(database, kind, 4, sorted((uuid4() for _ in range(4)), reverse=True))
    as_in_large_tables = "set local enable_seqscan = off; set local enable_bitmapscan = off"

    def delete_all() -> None:
        with ada(database) as connection:
            connection.execute(as_in_large_tables)
            connection.execute(f"delete from public.project_{kind}s where id = any (%s)".encode(), (ids,))

    def put_in_order() -> None:
        with ada(database) as connection:
            connection.execute(as_in_large_tables)
            reorder(connection, kind, ids[::-1])

    with ThreadPoolExecutor(2) as pool:
        with superuser(database) as between, between.transaction():
            between.execute(f"select from public.project_{kind}s where id = %s for update".encode(), (ids[1],))
            deleting = pool.submit(delete_all)
            wait_for_locks(database, 1)
            ordering = pool.submit(put_in_order)
            wait_for_locks(database, 2)
        deleting.result(60)
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            ordering.result(60)
    assert order(database, kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_leaves_no_gap_while_the_project_is_changed(database: str, kind: str) -> None:
    ids = fill(database, kind, 3)
    with acting_as(database, "authenticated", ADA) as changing:
        changing.execute("update public.projects set title = 'Another' where id = %s", (ENGINE,))
        with ada(database) as deleting:
            deleting.execute(f"delete from public.project_{kind}s where id = %s".encode(), (ids[0],))
        changing.commit()
    assert order(database, kind) == [(ids[1], 0), (ids[2], 1)]


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

    go_on_after_a_deletion(database, kind, ids[3], confirm)
    after = order(database, kind)
    assert [each for each, _ in after[:3]] == ids[:3]
    assert [place for _, place in after] == list(range(4))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", ["authenticated", "service_role"])
def test_an_addition_waits_for_a_deletion_and_comes_last(database: str, kind: str, role: str) -> None:
    """Anyone who adds: a handler has no turn of its own, and takes the owner's."""
    ids, added = fill(database, kind, 3), uuid4()

    def add() -> None:
        with acting_as(database, role, ADA if role == "authenticated" else None) as adding:
            row = f"insert into public.project_{kind}s (id, project_id, url) values (%s, %s, 'https://example.com/b')"
            adding.execute(row.encode(), (added, ENGINE))
            adding.commit()

    go_on_after_a_deletion(database, kind, ids[1], add)
    assert order(database, kind) == [(ids[0], 0), (ids[2], 1), (added, 2)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_who_adds_waits_for_nobody(database: str, kind: str) -> None:
    with acting_as(database, "authenticated", ADA) as ordering:
        reorder(ordering, kind, [each for each, _ in order(database, kind)])
        with acting_as(database, "authenticated", GRACE) as stranger:
            stranger.execute("set local lock_timeout = '20s'")
            row = f"insert into public.project_{kind}s (project_id, url) values (%s, 'https://example.com/b')"
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                stranger.execute(row.encode(), (ENGINE,))
