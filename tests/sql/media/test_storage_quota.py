"""One quota of bytes and files per user over all buckets: counted by triggers, anyone who writes and however."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, ENGINE, GRACE, Connection, acting_as, sign_up, superuser
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.schema import load_state

MIB = 1024 * 1024
EXCEEDED = "Storage quota exceeded"
BUCKETS = ("project-media", "qr-codes", "ai-assets", "uploads")

MULTIPART: LiteralString = """
create table if not exists storage.s3_multipart_uploads (
  id text primary key, in_progress_size bigint not null default 0, upload_signature text not null,
  bucket_id text not null references storage.buckets (id), key text collate "C" not null, version text not null,
  owner_id text, created_at timestamptz not null default now(), user_metadata jsonb, metadata jsonb
)
"""


def put(connection: Connection, bucket: str, name: str, size: int, user: UUID = ADA) -> None:
    """As Storage writes a row: an upsert."""
    connection.execute(
        "insert into storage.objects (bucket_id, name, metadata) values (%s, %s, %s) "
        "on conflict (bucket_id, name) do update set metadata = excluded.metadata",
        (bucket, f"{user}/{name}", Jsonb({"size": size, "mimetype": "image/png"})),
    )


def announce(connection: Connection, size: int, project: UUID = ENGINE) -> dict[str, Any]:
    row = connection.execute(
        "select public.create_media_upload(%s, %s, 'image', 'image/png', %s, %s, 7200) as a",
        (ADA, project, size, Jsonb({"free": 99, "paid": 99})),
    ).fetchone()
    answer: dict[str, Any] = row["a"] if row else {}
    return answer


def usage(connection: Connection, user: UUID = ADA) -> tuple[int, int, int, int]:
    row = connection.execute(
        "select used_bytes, used_files, reserved_bytes, reserved_files from private.storage_usage where user_id = %s",
        (user,),
    ).fetchone()
    assert row is not None
    return (row["used_bytes"], row["used_files"], row["reserved_bytes"], row["reserved_files"])


def limit(connection: Connection, max_bytes: int, max_files: int = 1000) -> None:
    connection.execute("update public.storage_quotas set max_bytes = %s, max_files = %s", (max_bytes, max_files))


def drifted(connection: Connection) -> int:
    row = connection.execute("select public.reconcile_storage_usage() as corrected").fetchone()
    return int(row["corrected"]) if row else -1


def test_a_user_sees_what_they_use_and_may_use(database: str) -> None:
    with superuser(database) as connection:
        put(connection, "ai-assets", "a.png", 100)
        put(connection, "account-exports", "a.zip", 100_000)  # a copy of the rest
        announce(connection, 50)
    with acting_as(database, "authenticated", ADA) as connection:
        row = connection.execute("select public.get_storage_usage() as usage").fetchone()
        quota = connection.execute("select * from public.storage_quotas where tier = 'paid'").fetchone()
        assert connection.execute("select from private.storage_usage").rowcount == 1
    assert quota is not None
    assert row == {
        "usage": {
            "used_bytes": 100,
            "used_files": 1,
            "reserved_bytes": 50,
            "reserved_files": 1,
            "max_bytes": quota["max_bytes"],
            "max_files": quota["max_files"],
        }
    }


@pytest.mark.parametrize("role", ["authenticated", "service_role"])
def test_bytes_and_files_end_at_the_quota_for_users_and_handlers(database: str, role: str) -> None:
    with superuser(database) as connection:
        limit(connection, 1000, 3)
    with acting_as(database, role, ADA) as connection:
        put(connection, "ai-assets", "a", 600)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXCEEDED), connection.transaction():
            put(connection, "ai-assets", "b", 401)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXCEEDED), connection.transaction():
            put(connection, "ai-assets", "a", 1001)  # an upsert of what is there
        put(connection, "ai-assets", "a", 500)
        put(connection, "ai-assets", "b", 500)
        connection.execute("update storage.objects set name = %s where name = %s", (f"{ADA}/c", f"{ADA}/b"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXCEEDED), connection.transaction():
            connection.execute("update storage.objects set metadata = '{\"size\": 501}' where name = %s", (f"{ADA}/c",))
        put(connection, "ai-assets", "d", 0)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXCEEDED), connection.transaction():
            put(connection, "ai-assets", "e", 0)
        connection.execute("delete from storage.objects where name = %s", (f"{ADA}/d",))
        put(connection, "ai-assets", "e", 0)


def test_storage_is_told_before_it_reads_a_body(database: str) -> None:
    """It tries the row with the declared length, as the caller, and rolls back."""
    with superuser(database) as connection:
        limit(connection, 1000)
    with acting_as(database, "authenticated", ADA) as connection:
        tried: LiteralString = "insert into storage.objects (bucket_id, name, metadata) values ('ai-assets', %s, %s)"
        connection.execute("select set_config('storage.operation', 'storage.object.upload', true)")
        for metadata, message in [({"contentLength": 1001}, EXCEEDED), ({"mimetype": "image/png"}, "Content-Length")]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=message), connection.transaction():
                connection.execute(tried, (f"{ADA}/a", Jsonb(metadata)))
        connection.execute(tried, (f"{ADA}/a", Jsonb({"contentLength": 1000})))
        connection.execute("select set_config('storage.operation', 'storage.s3.upload.create_multipart', true)")
        connection.execute(tried, (f"{ADA}/b", Jsonb({"mimetype": "image/png"})))


def test_a_body_of_unknown_length_is_not_kept_above_its_buckets_limit(database: str) -> None:
    with (
        superuser(database) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="larger than its bucket allows"),
    ):
        put(connection, "ai-assets", "a", 10 * MIB + 1)


def test_announced_uploads_reserve_until_they_arrive_end_or_are_overdue(database: str) -> None:
    with superuser(database) as connection:
        limit(connection, 1000)
        first, second = announce(connection, 400), announce(connection, 600)
        assert usage(connection) == (0, 0, 1000, 2)
        assert announce(connection, 1)["reason"] == "storage_quota_exceeded"
        put(connection, "uploads", first["id"], 399)
        assert usage(connection) == (399, 1, 600, 1)
        connection.execute("select public.reject_media_upload(%s, 'damaged_file')", (second["id"],))
        assert usage(connection) == (399, 1, 0, 0)
        connection.execute("delete from private.media_uploads where id = %s", (first["id"],))
        third = announce(connection, 601)
        assert usage(connection) == (399, 1, 601, 1)
        connection.execute("update private.media_uploads set expires_at = now() where id = %s", (third["id"],))
        assert announce(connection, 601)["id"]  # the overdue one makes room
        removals = connection.execute("select name from private.file_removals where bucket_id = 'uploads'").fetchall()
        assert {row["name"] for row in removals} == {f"{ADA}/{each['id']}" for each in (first, second, third)}
        assert drifted(connection) == 0


def test_forty_large_announcements_in_forty_projects_do_not_fit(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("update private.users set tier = 'free' where id = %s", (ADA,))
        projects = [uuid.uuid4() for _ in range(40)]
        for project in projects:
            connection.execute(
                "insert into public.projects (id, user_id, title) values (%s, %s, 'One of many')", (project, ADA)
            )
        answers = [announce(connection, 50 * MIB, project) for project in projects]
    assert [answer.get("reason") for answer in answers] == [None] * 10 + ["storage_quota_exceeded"] * 30


def test_what_is_made_of_a_sent_file_finds_the_room_that_the_sent_file_leaves(database: str) -> None:
    with superuser(database) as connection:
        limit(connection, 1000, 2)
        upload = announce(connection, 900)
        put(connection, "uploads", upload["id"], 900)
        put(connection, "project-media", f"{ENGINE}/{upload['id']}.png", 950)  # both are there for a moment
        assert usage(connection) == (1850, 2, 0, 0)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXCEEDED):
            put(connection, "project-media", f"{ENGINE}/{upload['id']}-320.webp", 51)
        connection.execute("delete from storage.objects where bucket_id = 'uploads'")
        assert usage(connection) == (950, 1, 0, 0)


def test_another_users_room_is_their_own(database: str) -> None:
    with superuser(database) as connection:
        limit(connection, 1000)
        put(connection, "ai-assets", "a", 1000)
        put(connection, "ai-assets", "a", 1000, GRACE)
        put(connection, "ai-assets", "a", 5000, uuid.uuid4())  # nobody's: the nightly sweep removes it
        connection.execute("delete from auth.users where id = %s", (ADA,))
        assert connection.execute("select from private.storage_usage where user_id = %s", (ADA,)).rowcount == 0
        assert usage(connection, GRACE) == (1000, 1, 0, 0)


def test_parts_of_an_s3_upload_are_counted(cluster: TestCluster) -> None:
    with cluster.copy(PLATFORM) as url, superuser(url) as connection:
        connection.execute(MULTIPART)
        load_state(url)
        user = sign_up(connection, "ada@example.com")
        limit(connection, 1000)
        connection.execute(
            "insert into storage.s3_multipart_uploads (id, upload_signature, bucket_id, key, version) "
            "values ('u', '', 'ai-assets', %s, '')",
            (f"{user}/a",),
        )
        part: LiteralString = "update storage.s3_multipart_uploads set in_progress_size = %s where id = 'u'"
        connection.execute(part, (900,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXCEEDED):
            connection.execute(part, (1001,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXCEEDED):
            put(connection, "ai-assets", "b", 200, user)
        assert drifted(connection) == 0
        put(connection, "ai-assets", "a", 900, user)  # complete: its parts go
        connection.execute("delete from storage.s3_multipart_uploads")
        assert usage(connection, user) == (900, 1, 0, 0)
        assert drifted(connection) == 0


def test_many_at_once_never_exceed_the_quota(database: str) -> None:
    with superuser(database) as connection:
        limit(connection, 10 * 100)

    def one(number: int) -> bool:
        with superuser(database) as connection:
            try:
                if number % 2:
                    return "id" in announce(connection, 100)
                put(connection, "ai-assets", str(number), 100)
            except psycopg.errors.InsufficientPrivilege:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(40))) == 10
    with superuser(database) as connection:
        used, _, reserved, _ = usage(connection)
        assert used + reserved == 1000
        assert drifted(connection) == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove", "move", "announce", "send", "end", "remove all"]),
        st.sampled_from(BUCKETS),
        st.integers(0, 3),
        st.integers(0, 500),
    ),
    max_size=25,
)


@settings(max_examples=25)
@given(STEPS)
def test_counters_are_the_sums_and_never_above_the_quota(database: str, steps: list[tuple[str, str, int, int]]) -> None:
    with superuser(database) as connection, connection.transaction(force_rollback=True):
        limit(connection, 1500, 5)
        announced: list[str] = []
        for kind, bucket, number, size in steps:
            try:
                with connection.transaction():
                    step(connection, kind, bucket, number, size, announced)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation):
                pass
            used_bytes, used_files, reserved_bytes, reserved_files = usage(connection)
            assert used_bytes + reserved_bytes <= 1500
            assert used_files + reserved_files <= 5
        assert drifted(connection) == 0


def step(connection: Connection, kind: str, bucket: str, number: int, size: int, announced: list[str]) -> None:
    match kind:
        case "put":
            put(connection, bucket, str(number), size)
        case "remove":
            connection.execute("delete from storage.objects where name = %s", (f"{ADA}/{number}",))
        case "move":
            connection.execute(
                "update storage.objects set name = %s where name = %s", (f"{ADA}/{size % 4}", f"{ADA}/{number}")
            )
        case "announce":
            announced.append(announce(connection, size + 1).get("id", ""))
        case "send" if any(announced):
            put(connection, "uploads", announced[number % len(announced)], size)
        case "end" if any(announced):
            connection.execute(
                "update private.media_uploads set status = 'rejected' where id::text = %s",
                (announced[number % len(announced)],),
            )
        case "remove all":
            connection.execute("delete from storage.objects where starts_with(name, %s)", (f"{ADA}/",))
