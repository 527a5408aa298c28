"""From a sign-in with Google to a profile."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, Connection, acting_as, profile, rolled_back, sign_in_again, sign_up, superuser

USERNAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
ODD = st.one_of(st.none(), TEXT, st.integers(), st.booleans(), st.lists(TEXT, max_size=2), st.just("x" * 300))


def hook(connection: Connection, event: object) -> dict[str, Any]:
    row = connection.execute("select private.before_user_created(%s) as answer", (Jsonb(event),)).fetchone()
    assert row is not None
    answer: dict[str, Any] = row["answer"]
    return answer


def test_the_first_sign_in_makes_the_profile(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(
            connection,
            "Katherine.Johnson+Space@Example.com".lower(),
            {"sub": "103", "provider_id": "103", "picture": "https://images.example.com/k.png"},
        )
        made = profile(connection, user)
    assert made["username"] == "katherine-johnson"
    assert made["email"] == "katherine.johnson+space@example.com"
    assert made["google_id"] == "103"
    assert made["avatar_url"] == "https://images.example.com/k.png"
    assert made["tier"] == "free"


@pytest.mark.parametrize(
    ("email", "name", "username"),
    [
        ("josé.garcía@example.com", None, "jose-garcia"),
        ("ØRSTED@example.com", None, "rsted"),
        ("山田@example.com", "Yamada Taro", "yamada-taro"),
        ("山田@example.com", "山田太郎", "user"),
        ("__.__@example.com", None, "user"),
        (None, "Zoë", "zoe"),
        (None, None, "user"),
        ("a@example.com", None, "a"),
        ("Admin+news@example.com", None, "admin-2"),
        ("山田@example.com", "Sign Up", "sign-up-2"),
        ("x" * 243 + "@example.com", None, "x" * 24),
    ],
)
def test_usernames_are_readable(untouched_database: str, email: str | None, name: str | None, username: str) -> None:
    with rolled_back(untouched_database) as connection:
        assert profile(connection, sign_up(connection, email, {"name": name}))["username"] == username


def test_the_same_local_part_gets_a_number(database: str) -> None:
    with superuser(database) as connection:
        names = [profile(connection, sign_up(connection, f"ada@{n}.example.org"))["username"] for n in range(12)]
    assert names[:8] == [f"ada-{n}" for n in range(2, 10)]
    assert all(re.fullmatch(r"ada-\d{6}", name) for name in names[8:])
    assert len(set(names)) == 12


def test_concurrent_sign_ups_with_one_local_part_all_succeed(database: str) -> None:
    def arrive(number: int) -> str:
        with superuser(database) as connection:
            return str(profile(connection, sign_up(connection, f"lin@{number}.example.org"))["username"])

    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(arrive, range(16)))
    assert "lin" in names
    assert len(set(names)) == 16


def test_no_odd_answer_of_google_makes_a_sign_in_fail(untouched_database: str) -> None:
    with superuser(untouched_database) as connection:

        @settings(max_examples=150)
        @given(email=st.one_of(st.none(), TEXT, st.just("x" * 255)), name=ODD, picture=ODD, told_email=ODD)
        def attempt(email: str | None, name: object, picture: object, told_email: object) -> None:
            reported = {"name": name, "picture": picture, "avatar_url": picture, "email": told_email}
            with connection.transaction(force_rollback=True):
                user = sign_up(connection, email, reported)
                sign_in_again(connection, user, {"picture": name, "avatar_url": name, "email": name})
                made = profile(connection, user)
                assert USERNAME.fullmatch(made["username"])
                assert made["avatar_url"] is None or made["avatar_url"].lower().startswith(("http://", "https://"))

        attempt()


def test_an_address_that_cannot_be_kept_is_replaced_by_one_that_receives_no_mail(database: str) -> None:
    with superuser(database) as connection:
        missing = sign_up(connection, None)
        assert profile(connection, missing)["email"] == f"{missing}@no-address.invalid"
        connection.execute("update private.users set email = 'taken@example.com' where id = %s", (ADA,))
        clash = sign_up(connection, "taken@example.com", {"email_verified": False})
        assert profile(connection, clash)["email"] == f"{clash}@no-address.invalid"


def test_later_sign_ins_update_picture_and_address(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "old@example.com", {"picture": "https://images.example.com/old.png"})
        sign_in_again(connection, user, {"picture": "https://images.example.com/new.png", "email": "New@example.com"})
        made = profile(connection, user)
        assert made["avatar_url"] == "https://images.example.com/new.png"
        assert made["email"] == "new@example.com"
        assert made["username"] == "old", "a name that others may have linked to stays"

        connection.execute("update auth.users set email = 'third@example.com' where id = %s", (user,))
        assert profile(connection, user)["email"] == "third@example.com"


def test_a_picture_of_ones_own_choice_stays(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "p@example.com", {"picture": "https://images.example.com/google.png"})
        connection.execute(
            "update private.users set avatar_url = 'https://images.example.com/mine.png' where id = %s", (user,)
        )
        sign_in_again(connection, user, {"picture": "https://images.example.com/newer.png"})
        assert profile(connection, user)["avatar_url"] == "https://images.example.com/mine.png"


@pytest.mark.parametrize("email", ["ada@example.com", "", "x" * 300, None])
def test_an_address_that_is_taken_or_unusable_leaves_the_old_one(database: str, email: str | None) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "me@example.com")
        sign_in_again(connection, user, {"email": email, "email_verified": None})
        assert profile(connection, user)["email"] == "me@example.com"


def test_metadata_that_its_owner_edits_cannot_change_address_or_google_id(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "me@example.com")
        before = profile(connection, user)
        forged = Jsonb({"sub": "100000000000000000001", "provider_id": "1", "email": "boss@example.com"})
        connection.execute("update auth.users set raw_user_meta_data = %s where id = %s", (forged, user))
        assert profile(connection, user) == before


@pytest.mark.parametrize("provider", ["email", "github", "phone", None])
def test_other_identities_are_refused(untouched_database: str, provider: str | None) -> None:
    with superuser(untouched_database) as connection:
        with pytest.raises(psycopg.DatabaseError, match="Google only"):
            sign_up(connection, "someone@example.com", provider=provider)
        with pytest.raises(psycopg.DatabaseError, match="Google only"):
            connection.execute(
                """
                insert into auth.identities (id, user_id, provider, provider_id, identity_data)
                values (gen_random_uuid(), %s, coalesce(%s, ''), '7', '{}')
                """,
                (ADA, provider),
            )
        row = connection.execute("select count(*) as n from auth.users where email = 'someone@example.com'").fetchone()
        assert row == {"n": 0}


def test_an_account_without_a_google_id_is_refused(untouched_database: str) -> None:
    with superuser(untouched_database) as connection, pytest.raises(psycopg.DatabaseError, match="Google only"):
        sign_up(connection, "nobody@example.com", {"sub": "", "provider_id": None})


@pytest.mark.parametrize("table", ["private.users", "public.projects", "public.layouts", "public.subscriptions"])
def test_deleting_the_account_deletes_the_rows_that_are_the_users(database: str, table: str) -> None:
    column = "id" if table == "private.users" else "user_id"
    query = f"select count(*) > 0 as some from {table} where {column} = %s".encode()
    with superuser(database) as connection:
        assert connection.execute(query, (ADA,)).fetchone() == {"some": True}
        connection.execute("delete from auth.users where id = %s", (ADA,))
        assert connection.execute(query, (ADA,)).fetchone() == {"some": False}


def test_the_hook_lets_google_in_and_refuses_the_rest_kindly(untouched_database: str) -> None:
    with superuser(untouched_database) as connection:
        connection.execute("set role supabase_auth_admin")
        assert hook(connection, {"user": {"app_metadata": {"provider": "google"}}}) == {}
        events: list[object] = [{"user": {"app_metadata": {"provider": "email"}}}, {"user": {}}, {}, [], None]
        for event in events:
            error = hook(connection, event)["error"]
            assert error["http_code"] == 403
            assert "Google" in error["message"]


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_only_auth_calls_the_hook(untouched_database: str, role: str) -> None:
    with acting_as(untouched_database, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        hook(connection, {})
