"""Files: below a folder named with their owner's id, and only there."""

import tomllib
from uuid import UUID

import psycopg
import pytest

from local.settings import ROOT
from tests.sql.acting import ADA, GRACE, Connection, act_as, acting_as, rolled_back, superuser

BUCKETS = ("project-media", "avatars", "qr-codes", "ai-assets")


def upload(connection: Connection, bucket: str, name: str) -> None:
    connection.execute("insert into storage.objects (bucket_id, name) values (%s, %s)", (bucket, name))


def test_users_use_their_own_folder(untouched_database: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        upload(connection, "ai-assets", f"{ADA}/deep/er/a.png")
        assert connection.execute("update storage.objects set metadata = '{}'").rowcount == 1
        assert connection.execute("select from storage.objects").rowcount == 1
        assert connection.execute("delete from storage.objects").rowcount == 1


@pytest.mark.parametrize("bucket", ["project-media", "avatars", "qr-codes"])
def test_what_everybody_sees_is_written_by_handlers_alone(database: str, bucket: str) -> None:
    """The owner sees and removes it; they can neither add nor change it, nor move another file to its name."""
    with acting_as(database, "authenticated", ADA) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        upload(connection, bucket, f"{ADA}/a.png")
    with superuser(database) as connection:
        upload(connection, bucket, f"{ADA}/a.png")
    with acting_as(database, "authenticated", ADA) as connection:
        assert connection.execute("select from storage.objects").rowcount == 1
        assert connection.execute("update storage.objects set metadata = '{}'").rowcount == 0
        assert connection.execute("delete from storage.objects").rowcount == 1
        upload(connection, "ai-assets", f"{ADA}/b.png")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update storage.objects set bucket_id = %s", (bucket,))


def test_a_token_that_outlives_its_user_stores_nothing(database: str) -> None:
    with superuser(database) as connection:
        upload(connection, "ai-assets", f"{ADA}/a.png")
        connection.execute("delete from auth.users where id = %s", (ADA,))
    with acting_as(database, "authenticated", ADA) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        upload(connection, "ai-assets", f"{ADA}/b.png")
    with acting_as(database, "authenticated", ADA) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("update storage.objects set metadata = '{}'")


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("name", [f"{GRACE}/a.png", "a.png", f"{ADA}", f"/{ADA}/a.png", f"{ADA}x/a.png", f"x/{ADA}/a"])
def test_nobody_writes_elsewhere(untouched_database: str, bucket: str, name: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", ADA) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        upload(connection, bucket, name)


def test_an_unknown_bucket_is_closed(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("insert into storage.buckets (id, name) values ('later', 'later')")
    with acting_as(database, "authenticated", ADA) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        upload(connection, "later", f"{ADA}/a.png")


@pytest.mark.parametrize(("role", "user"), [("anon", None), ("authenticated", GRACE)])
@pytest.mark.parametrize("bucket", BUCKETS)
def test_others_neither_list_nor_change_nor_take_over(
    untouched_database: str, bucket: str, role: str, user: UUID | None
) -> None:
    with rolled_back(untouched_database) as connection:
        upload(connection, bucket, f"{ADA}/a.png")
        act_as(connection, role, user)
        assert connection.execute("select from storage.objects").rowcount == 0
        assert connection.execute("update storage.objects set name = 'x/a.png'").rowcount == 0
        assert connection.execute("delete from storage.objects").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            upload(connection, bucket, f"{ADA}/b.png")


def test_a_file_cannot_be_moved_into_anothers_folder(untouched_database: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        upload(connection, "ai-assets", f"{ADA}/a.png")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update storage.objects set name = %s", (f"{GRACE}/a.png",))


def test_buckets_have_limits_and_take_nothing_that_runs_scripts(untouched_database: str) -> None:
    with superuser(untouched_database) as connection:
        rows = connection.execute("select * from storage.buckets").fetchall()
    assert {row["id"]: row["public"] for row in rows} == {
        "project-media": True,
        "avatars": True,
        "qr-codes": True,
        "ai-assets": False,
        "uploads": False,
        "account-exports": False,
    }
    for row in rows:
        if row["id"] != "account-exports":  # written by handlers alone, as large as what a user has
            assert 0 < row["file_size_limit"] <= 50 * 1024 * 1024
        assert row["allowed_mime_types"]
        assert not [kind for kind in row["allowed_mime_types"] if "svg" in kind or "html" in kind or "*" in kind]


def test_config_toml_has_the_same_buckets_and_a_limit_that_allows_each(untouched_database: str) -> None:
    storage = tomllib.loads((ROOT / "supabase" / "config.toml").read_text("utf-8"))["storage"]
    with superuser(untouched_database) as connection:
        rows = connection.execute("select * from storage.buckets").fetchall()
    in_file = {
        name: (bucket["public"], in_bytes(bucket["file_size_limit"]), bucket["allowed_mime_types"])
        for name, bucket in storage["buckets"].items()
    }
    assert in_file == {row["id"]: (row["public"], row["file_size_limit"], row["allowed_mime_types"]) for row in rows}
    assert in_bytes(storage["file_size_limit"]) >= max(size for _, size, _ in in_file.values())


def in_bytes(size: str) -> int:
    return int(size.removesuffix("MiB")) * 1024 * 1024
