"""Users made fast: the rows that a first sign-in leaves, without the sign-in."""

import time
import uuid
from dataclasses import dataclass
from uuid import UUID

import jwt
from psycopg.types.json import Jsonb

from tests.support.database import kept_connection

HOUR = 3600


@dataclass(frozen=True)
class User:
    id: UUID
    email: str
    google_id: str
    username: str
    token: str


def make_user(database_url: str, jwt_secret: str, issuer: str, *, email: str = "", tier: str = "free") -> User:
    identity = uuid.uuid4()
    google_id = str(identity.int)[:21]
    email = email or f"p{identity.hex[:12]}@example.com"
    name = email.partition("@")[0]
    provided = {
        "iss": "https://accounts.google.com",
        "sub": google_id,
        "provider_id": google_id,
        "email": email,
        "email_verified": True,
        "name": name,
        "full_name": name,
        "picture": f"https://avatars.example.com/{name}.png",
        "avatar_url": f"https://avatars.example.com/{name}.png",
    }
    with kept_connection(database_url, autocommit=False) as connection:
        connection.execute(
            """
            insert into auth.users (
              instance_id, id, aud, role, email, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
              created_at, updated_at
            ) values (
              '00000000-0000-0000-0000-000000000000', %s, 'authenticated', 'authenticated', %s, now(), %s, %s,
              now(), now()
            )
            """,
            (identity, email, Jsonb({"provider": "google", "providers": ["google"]}), Jsonb(provided)),
        )
        connection.execute(
            """
            insert into auth.identities (id, user_id, provider, provider_id, identity_data, created_at, updated_at)
            values (gen_random_uuid(), %s, 'google', %s, %s, now(), now())
            """,
            (identity, google_id, Jsonb(provided)),
        )
        row = connection.execute(
            "update private.users set tier = %s where id = %s returning username", (tier, identity)
        ).fetchone()
        assert row is not None, "the trigger on auth.users made no profile"
    return User(identity, email, google_id, row["username"], access_token(jwt_secret, issuer, identity, email))


def access_token(secret: str, issuer: str, user: UUID, email: str = "", *, seconds: int = HOUR) -> str:
    """As Supabase Auth signs it with the project's shared secret; negative seconds make an expired one."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": str(user),
        "aud": "authenticated",
        "role": "authenticated",
        "email": email,
        "iat": now - HOUR if seconds < 0 else now,
        "exp": now + seconds,
        "session_id": str(uuid.uuid4()),
        "aal": "aal1",
        "is_anonymous": False,
        "app_metadata": {"provider": "google", "providers": ["google"]},
        "user_metadata": {},
    }
    return jwt.encode(claims, secret, algorithm="HS256")
