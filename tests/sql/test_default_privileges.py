"""Our grants stand by themselves: new projects no longer give the API's roles rights on what is made in `public`."""

import psycopg

from tests.support.cluster import PLATFORM, TestCluster
from tests.support.schema import load_state

ROLES = ["anon", "authenticated", "service_role"]
RIGHTS = """
    with granted (kind, name, acl) as (
      select 'relation', oid::regclass::text, relacl from pg_class where relnamespace = any (%(schemas)s)
      union all
      select 'column', attrelid::regclass || '.' || attname, attacl from pg_attribute
      join pg_class on pg_class.oid = attrelid where relnamespace = any (%(schemas)s)
      union all
      select 'function', oid::regprocedure::text, proacl from pg_proc where pronamespace = any (%(schemas)s)
      union all
      select 'type', oid::regtype::text, typacl from pg_type where typnamespace = any (%(schemas)s)
      union all
      select 'schema', nspname, nspacl from pg_namespace where oid = any (%(schemas)s)
    )
    select kind, name, grantee::regrole::text, privilege_type, is_grantable
    from granted, aclexplode(acl) where grantee::regrole::text = any (%(roles)s)
"""


def rights(url: str) -> set[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        schemas = connection.execute(
            "select array_agg(oid) from pg_namespace where nspname in ('public', 'private')"
        ).fetchone()
        assert schemas is not None
        return set(connection.execute(RIGHTS.encode(), {"schemas": schemas[0], "roles": ROLES}).fetchall())


def take_default_privileges(url: str) -> None:
    roles = ", ".join(ROLES)
    with psycopg.connect(url) as connection:
        for kind in ("tables", "functions", "sequences"):
            connection.execute(f"alter default privileges in schema public revoke all on {kind} from {roles}".encode())
        left = connection.execute("select from pg_default_acl where defaclnamespace = 'public'::regnamespace").rowcount
        assert left == 0


def test_rights_are_the_same_without_default_privileges(cluster: TestCluster) -> None:
    with cluster.copy(PLATFORM) as old, cluster.copy(PLATFORM) as new:
        take_default_privileges(new)
        load_state(old)
        load_state(new)
        given = rights(old)
        assert len(given) > 300
        assert rights(new) ^ given == set()
