"""Settings of roles, and the pre-request function."""

import time

import httpx
import jwt
import psycopg

from local.settings import Settings


def test_roles_have_their_own_settings_and_a_change_of_the_schema_is_seen(
    served: tuple[Settings, str], rest: httpx.Client
) -> None:
    settings, url = served
    role = f"hasty_{settings.gateway_port}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create role {role}; grant {role} to authenticator; grant anon to {role};".encode())
        try:
            connection.execute(f"alter role {role} set statement_timeout = '100ms'".encode())
            connection.execute("create function public.added() returns int language sql immutable as 'select 7'")
            connection.execute("notify pgrst, 'reload schema'")
            token = jwt.encode({"role": role}, settings.supabase_jwt_secret, algorithm="HS256")
            deadline = time.monotonic() + 60
            while (answer := rest.get("/rpc/added")).status_code == 404 and time.monotonic() < deadline:
                time.sleep(0.02)
            assert answer.json() == 7
            slow = rest.post("/rpc/wait", json={"seconds": 30}, headers={"Authorization": f"Bearer {token}"})
            assert (slow.status_code, slow.json()["code"]) == (500, "57014")
        finally:
            connection.execute(f"drop role {role}".encode())


def test_the_pre_request_function_comes_before_every_request(served: tuple[Settings, str], rest: httpx.Client) -> None:
    _, url = served
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("""create function public.deny() returns void language plpgsql as $$ begin
          if current_setting('request.headers')::json ->> 'x-denied' = 'yes' then
            raise sqlstate 'PT403' using message = 'Denied';
          end if;
        end $$""")
        name = connection.execute("select format('%I', current_database())").fetchone()
        assert name
        change = f"alter role authenticator in database {name[0]}"
        connection.execute(f"{change} set pgrst.db_pre_request = 'public.deny'".encode())
        try:
            connection.execute("notify pgrst, 'reload config'")
            denied = {"x-denied": "yes"}
            deadline = time.monotonic() + 60
            while rest.get("/books?limit=1", headers=denied).status_code == 200 and time.monotonic() < deadline:
                time.sleep(0.02)
            paths = ["/books?limit=1", "/rpc/greet", "/"]
            assert [rest.get(path, headers=denied).status_code for path in paths] == [403] * 3
            assert [rest.get(path).status_code for path in paths] == [200] * 3
        finally:
            connection.execute(f"{change} reset pgrst.db_pre_request".encode())
            connection.execute("notify pgrst, 'reload config'")
