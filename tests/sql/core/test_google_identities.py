"""One Google account, one user: whatever becomes of addresses, and whatever Auth makes of them."""

import uuid
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.sql.acting import Connection, profile, sign_in_again, sign_up, superuser

REFUSED = psycopg.DatabaseError  # of no class that psycopg knows: PT403, which Auth answers operators as 403


def link(connection: Connection, user: UUID, subject: str, email: str) -> None:
    """What Auth writes when it links an identity to a user: by itself (same verified address), or as its owner asks."""
    reported = Jsonb({"sub": subject, "provider_id": subject, "email": email, "email_verified": True})
    connection.execute(
        """
        insert into auth.identities (id, user_id, provider, provider_id, identity_data)
        values (gen_random_uuid(), %s, 'google', %s, %s)
        """,
        (user, subject, reported),
    )


def identities(connection: Connection, user: UUID) -> list[str]:
    rows = connection.execute("select provider_id from auth.identities where user_id = %s", (user,)).fetchall()
    return sorted(row["provider_id"] for row in rows)


def test_a_second_google_account_of_the_same_address_is_refused(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        with pytest.raises(REFUSED, match="another Google account"):
            link(connection, user, "1002", "first@example.com")
        assert identities(connection, user) == ["1001"]
        assert profile(connection, user)["google_id"] == "1001"


def test_one_that_was_linked_before_opens_nothing_any_more(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        with connection.transaction():
            connection.execute("set local session_replication_role = replica")
            link(connection, user, "1002", "first@example.com")
        again = "update auth.identities set last_sign_in_at = now() where provider_id = %s"
        connection.execute(again, ("1001",))
        with pytest.raises(REFUSED):
            connection.execute(again, ("1002",))


@pytest.mark.parametrize(
    "change",
    [
        "update auth.identities set provider_id = '1002' where provider_id = '1001'",
        "update auth.identities set user_id = %(other)s where provider_id = '1001'",
        "update auth.identities set provider = 'github' where provider_id = '1001'",
        "update private.users set google_id = '1002' where google_id = '1001'",
    ],
)
def test_no_identity_changes_its_user(database: str, change: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        other = sign_up(connection, "other@example.com", {"sub": "1003", "provider_id": "1003"})
        with pytest.raises(REFUSED) as refused:
            connection.execute(change.encode(), {"other": other} if "%(other)" in change else None)
        assert refused.value.sqlstate in {"PT403", "23000"}
        assert identities(connection, user) == ["1001"]


def test_the_same_google_account_may_be_linked_again(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        connection.execute("delete from auth.identities where user_id = %s", (user,))
        with pytest.raises(REFUSED):
            link(connection, user, "1002", "first@example.com")
        link(connection, user, "1001", "first@example.com")
        assert identities(connection, user) == ["1001"]


def test_a_new_address_is_taken_over_in_auth_too(database: str) -> None:
    """Auth itself never moves it: anyone who got the old address would be linked to this account, and refused."""
    with superuser(database) as connection:
        user = sign_up(connection, "old@example.com")
        sign_in_again(connection, user, {"email": "New@example.com"})
        row = connection.execute("select email from auth.users where id = %s", (user,)).fetchone()
        assert row == {"email": "new@example.com"}


def test_an_operator_frees_an_address_and_replaces_a_google_account(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        connection.execute("insert into auth.sessions (id, user_id) values (gen_random_uuid(), %s)", (user,))
        connection.execute("select private.release_address(%s)", (user,))
        assert profile(connection, user)["email"] == f"{user}@no-address.invalid"
        second = sign_up(connection, "first@example.com", {"sub": "1002", "provider_id": "1002"})
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("select private.replace_google_account(%s, '1002')", (user,))
        connection.execute("delete from auth.users where id = %s", (second,))
        connection.execute("select private.replace_google_account(%s, '1002')", (user,))
        assert identities(connection, user) == ["1002"]
        assert profile(connection, user)["google_id"] == "1002"
        sessions = connection.execute("select count(*) as n from auth.sessions where user_id = %s", (user,)).fetchone()
        assert sessions == {"n": 0}
        with pytest.raises(psycopg.errors.NoDataFound):
            connection.execute("select private.replace_google_account(%s, '1004')", (uuid.uuid4(),))


def change_address(connection: Connection, user: UUID, email: str) -> None:
    """What Auth writes when a new address is confirmed, or an operator sets one."""
    with connection.transaction():
        connection.execute(
            """
            insert into auth.identities (id, user_id, provider, provider_id, identity_data)
            values (gen_random_uuid(), %s, 'email', %s, %s)
            """,
            (user, str(user), Jsonb({"sub": str(user), "email": email, "email_verified": True})),
        )
        connection.execute("update auth.users set email = %s where id = %s", (email, user))


def test_a_changed_address_lasts_until_the_next_sign_in(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        change_address(connection, user, "second@example.com")
        assert profile(connection, user)["email"] == "second@example.com"
        assert profile(connection, user)["google_id"] == "1001"
        sign_in_again_with_google(connection, "1001", "first@example.com")
        assert profile(connection, user)["email"] == "first@example.com"
        assert identities(connection, user) == ["1001"]


def sign_in_again_with_google(connection: Connection, subject: str, email: str) -> None:
    connection.execute(
        "update auth.identities set identity_data = identity_data || %s where provider = 'google' and provider_id = %s",
        (Jsonb({"email": email, "email_verified": True}), subject),
    )


def test_a_changed_address_takes_none_from_another_profile(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        other = sign_up(connection, "other@example.com", {"sub": "1002", "provider_id": "1002"})
        with pytest.raises(psycopg.errors.UniqueViolation):
            change_address(connection, user, "other@example.com")
        assert profile(connection, other)["email"] == "other@example.com"
        assert identities(connection, user) == ["1001"]


def test_a_google_account_is_replaced_beside_a_changed_address(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        change_address(connection, user, "second@example.com")
        connection.execute("select private.replace_google_account(%s, '1002')", (user,))
        assert identities(connection, user) == ["1002"]
        assert profile(connection, user)["google_id"] == "1002"


@pytest.mark.parametrize("provider_id", ["someone else's", "100000000000000000001"])
def test_an_identity_of_an_address_is_its_users_own(database: str, provider_id: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        with pytest.raises(REFUSED, match="Google only"):
            connection.execute(
                """
                insert into auth.identities (id, user_id, provider, provider_id, identity_data)
                values (gen_random_uuid(), %s, 'email', %s, '{}')
                """,
                (user, provider_id),
            )


def test_a_soft_deleted_account_frees_its_google_account(database: str) -> None:
    """As Auth deletes softly: the row stays, and the ids are hashes."""
    with superuser(database) as connection:
        user = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        with connection.transaction():
            connection.execute("update auth.users set email = 'a hash', deleted_at = now() where id = %s", (user,))
            connection.execute(
                "update auth.identities set identity_data = '{}', provider_id = 'another' where user_id = %s", (user,)
            )
        assert profile(connection, user)["google_id"] == "another"
        again = sign_up(connection, "first@example.com", {"sub": "1001", "provider_id": "1001"})
        assert again != user


@dataclass
class Auth:
    """Sign-ins as hosted Auth decides them (internal/models/linking.go), for addresses that Google verified."""

    connection: Connection
    users: dict[str, UUID] = field(default_factory=dict)  # sub -> the user that it opened first

    def sign_in(self, subject: str, email: str) -> UUID | None:
        """The user that it opens; None where it is refused."""
        try:
            with self.connection.transaction():
                return self._open(subject, email)
        except REFUSED as error:
            if error.sqlstate != "PT403":
                raise
            return None

    def _open(self, subject: str, email: str) -> UUID:
        find = self.connection.execute
        known = find("select user_id from auth.identities where provider_id = %s", (subject,)).fetchone()
        if known is not None:
            sign_in_again(self.connection, known["user_id"], {"email": email, "email_verified": True})
            return UUID(str(known["user_id"]))
        similar = find("select distinct user_id from auth.identities where email = %s", (email,)).fetchall()
        similar = similar or find("select id as user_id from auth.users where email = %s", (email,)).fetchall()
        assert len(similar) <= 1, "Auth answers an error where an address leads to several users"
        if not similar:
            return sign_up(self.connection, email, {"sub": subject, "provider_id": subject})
        link(self.connection, similar[0]["user_id"], subject, email)
        return UUID(str(similar[0]["user_id"]))


SUBJECTS, ADDRESSES = ["2001", "2002", "2003"], ["a@example.net", "b@example.net", "c@example.net"]


def test_no_life_of_addresses_opens_another_account(untouched_database: str) -> None:
    """At Google an address belongs to one account at a time, and may be given to the next."""
    with superuser(untouched_database) as connection:

        @settings(max_examples=60)
        @given(st.lists(st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(ADDRESSES)), min_size=1, max_size=8))
        def live(steps: list[tuple[str, str]]) -> None:
            auth, named = Auth(connection), dict[str, str]()  # address -> the sub that it was named for last
            with connection.transaction(force_rollback=True):
                for subject, email in steps:
                    opened = auth.sign_in(subject, email)
                    if opened is None:
                        assert subject not in auth.users, "who is known is never refused"
                        assert named.get(email, subject) != subject, "only an address of another account is"
                        continue
                    assert auth.users.setdefault(subject, opened) == opened
                    named = {other: owner for other, owner in named.items() if owner != subject} | {email: subject}
                    assert len(set(auth.users.values())) == len(auth.users), "no two subjects open one account"
                    for address, owner in named.items():
                        assert profile(connection, auth.users[owner])["email"] == address

        live()
