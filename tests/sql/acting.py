"""The database as its users see it: as a role with a token, and as Auth writes a sign-in."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tests.support.database import Connection as Connection
from tests.support.database import kept_connection

AS_STORAGE = "set storage.allow_delete_query = 'true'"  # else no object's row may be deleted
OURS = "('public', 'private')"  # the schemas, for a query

ADA = UUID("00000000-0000-4000-8000-000000000001")
GRACE = UUID("00000000-0000-4000-8000-000000000002")
ENGINE = UUID("00000000-0000-4000-8000-000000000101")  # Ada's, published
NOTE_G = UUID("00000000-0000-4000-8000-000000000102")  # Ada's, a draft
COMPILER = UUID("00000000-0000-4000-8000-000000000201")  # Grace's, published


@contextmanager
def rolled_back(url: str) -> Iterator[Connection]:
    """A transaction of the superuser, rolled back at the end."""
    with kept_connection(url, autocommit=False) as connection:
        connection.execute(AS_STORAGE)
        yield connection
        connection.rollback()


def act_as(connection: Connection, role: str, user: UUID | None = None) -> None:
    """Until the transaction ends: the rights that PostgREST and Storage give to a request."""
    claims = json.dumps({"role": role} | ({"sub": str(user)} if user else {}))
    connection.execute("select set_config('role', %s, true)", (role,))
    connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))


@contextmanager
def acting_as(url: str, role: str, user: UUID | None = None) -> Iterator[Connection]:
    """A transaction with the rights of a request, rolled back at the end."""
    with rolled_back(url) as connection:
        act_as(connection, role, user)
        yield connection


@contextmanager
def superuser(url: str) -> Iterator[Connection]:
    with kept_connection(url) as connection:
        connection.execute(AS_STORAGE)
        yield connection


def sign_up(
    connection: Connection,
    email: str | None = None,
    metadata: dict[str, Any] | None = None,
    *,
    provider: str | None = "google",
) -> UUID:
    """The rows of a first sign-in, in the order in which Auth writes them: the account, then the identity."""
    user, made_up = uuid.uuid4(), str(uuid.uuid4().int)[:21]
    subject = (metadata or {}).get("sub") or made_up
    reported = {"iss": "https://accounts.google.com", "sub": subject, "provider_id": subject, "email_verified": True}
    reported |= ({"email": email} if email else {}) | (metadata or {})
    with connection.transaction():
        connection.execute(
            """
            insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data)
            values (%s, 'authenticated', 'authenticated', %s, %s, %s)
            """,
            (user, email, Jsonb({"provider": provider} if provider else {}), Jsonb(reported)),
        )
        connection.execute(
            """
            insert into auth.identities (id, user_id, provider, provider_id, identity_data)
            values (gen_random_uuid(), %s, %s, %s, %s)
            """,
            (user, provider or "none", subject, Jsonb(reported)),
        )
    return user


def sign_in_again(connection: Connection, user: UUID, changes: dict[str, Any]) -> None:
    """What Auth updates at a later sign-in: the identity, then the account's metadata."""
    with connection.transaction():
        connection.execute(
            "update auth.identities set identity_data = identity_data || %s where user_id = %s", (Jsonb(changes), user)
        )
        connection.execute(
            "update auth.users set raw_user_meta_data = raw_user_meta_data || %s where id = %s", (Jsonb(changes), user)
        )


def profile(connection: Connection, user: UUID) -> DictRow:
    row = connection.execute("select * from private.users where id = %s", (user,)).fetchone()
    assert row is not None, "there is no profile"
    return row


def offenders(url: str, query: str) -> list[str]:
    """The names that a query finds, which it calls `name`."""
    with superuser(url) as connection:
        return [str(row["name"]) for row in connection.execute(query.encode()).fetchall()]
