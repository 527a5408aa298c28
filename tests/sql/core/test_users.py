"""public.users: everybody's profile, and one's own address."""

import psycopg
import pytest

from tests.sql.acting import ADA, GRACE, acting_as, sign_up, superuser

ADAS_PRIVATE = {"email": "ada@example.com", "google_id": "100000000000000000001"}
NOTHING = {"email": None, "google_id": None}


def private_columns(url: str, role: str, user: object = None) -> dict[str, dict[str, object]]:
    with acting_as(url, role, user) as connection:  # type: ignore[arg-type]
        rows = connection.execute("select username, email, google_id from public.users").fetchall()
        return {row.pop("username"): row for row in rows}


def test_visitors_see_profiles_without_addresses(untouched_database: str) -> None:
    assert private_columns(untouched_database, "anon") == {"ada": NOTHING, "grace": NOTHING}


def test_users_see_their_own_address_alone(untouched_database: str) -> None:
    assert private_columns(untouched_database, "authenticated", ADA) == {"ada": ADAS_PRIVATE, "grace": NOTHING}
    assert private_columns(untouched_database, "authenticated") == {"ada": NOTHING, "grace": NOTHING}


def test_handlers_see_every_address(untouched_database: str) -> None:
    assert private_columns(untouched_database, "service_role")["ada"] == ADAS_PRIVATE


def test_a_filter_on_the_address_finds_only_oneself(untouched_database: str) -> None:
    query = "select username from public.users where email like '%@example.com' or google_id like '1%'"
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        assert connection.execute(query).fetchall() == [{"username": "grace"}]


def test_a_role_that_is_only_claimed_opens_nothing(untouched_database: str) -> None:
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        connection.execute("select set_config('request.jwt.claims', '{\"role\": \"service_role\"}', true)")
        assert connection.execute("select private.email_of(%s) as email", (ADA,)).fetchone() == {"email": None}


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize("column", ["email", "google_id", "*"])
def test_nobody_reads_addresses_from_the_table(untouched_database: str, role: str, column: str) -> None:
    with acting_as(untouched_database, role, GRACE) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"select {column} from private.users".encode())


def test_users_change_their_own_name_and_picture(untouched_database: str) -> None:
    change = "update public.users set username = 'countess', avatar_url = 'https://a.example.com/a.png' where id = %s"
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        row = connection.execute(f"{change} returning username, email".encode(), (ADA,)).fetchone()
        assert row == {"username": "countess", "email": "ada@example.com"}
    with acting_as(untouched_database, "authenticated", GRACE) as connection:
        assert connection.execute(change.encode(), (ADA,)).rowcount == 0
    with acting_as(untouched_database, "anon") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(change.encode(), (ADA,))


@pytest.mark.parametrize(
    "change", ["tier = 'paid'", "id = gen_random_uuid()", "created_at = now()", "email = 'x@example.com'"]
)
@pytest.mark.parametrize("table", ["public.users", "private.users"])
def test_users_change_nothing_else(untouched_database: str, table: str, change: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", GRACE) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)),
    ):
        connection.execute(f"update {table} set {change} where id = '{GRACE}'".encode())


def test_handlers_change_tiers(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        row = connection.execute("update public.users set tier = 'paid' where id = %s returning tier", (GRACE,))
        assert row.fetchone() == {"tier": "paid"}


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize("statement", ["delete from", "insert into", "truncate"])
def test_profiles_come_and_go_with_accounts_only(untouched_database: str, role: str, statement: str) -> None:
    rest = " (id, username) values (gen_random_uuid(), 'me')" if statement == "insert into" else ""
    with acting_as(untouched_database, role, GRACE) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"{statement} private.users{rest}".encode())
    with (
        acting_as(untouched_database, role, GRACE) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.WrongObjectType)),
    ):
        connection.execute(f"{statement} public.users{rest}".encode())


@pytest.mark.parametrize("name", ["", "A b", "a b", "-a", "a-", "ä", "a" * 33, "a.b", "a\n"])
def test_a_bad_username_is_refused(untouched_database: str, name: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", ADA) as connection,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        connection.execute("update public.users set username = %s where id = %s", (name, ADA))


def test_a_taken_username_is_refused(untouched_database: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", ADA) as connection,
        pytest.raises(psycopg.errors.UniqueViolation),
    ):
        connection.execute("update public.users set username = 'grace' where id = %s", (ADA,))


@pytest.mark.parametrize(
    "picture", ["javascript:alert(1)", "/a.png", "ftp://a.example.com/a", "https://a b", "https://"]
)
def test_a_bad_picture_is_refused(untouched_database: str, picture: str) -> None:
    with (
        acting_as(untouched_database, "authenticated", ADA) as connection,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        connection.execute("update public.users set avatar_url = %s where id = %s", (picture, ADA))


def test_lookups_use_the_index(database: str) -> None:
    with superuser(database) as connection:
        for number in range(500):
            sign_up(connection, f"user{number}@example.com")
        connection.execute("analyze private.users")
    with acting_as(database, "anon") as connection:
        plan = connection.execute("explain (format text) select * from public.users where username = 'ada'").fetchall()
    assert any("users_username_key" in row["QUERY PLAN"] for row in plan), plan
