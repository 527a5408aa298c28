"""Who may do what. A new project opens whatever is made in `public` to everybody: a restore must not inherit that."""

import hashlib

import psycopg
from psycopg import sql

from ops.backup.errors import BackupError
from ops.backup.schema import OURS

# What this role's new objects are given by themselves.
DEFAULTS = """
    select n.nspname, d.defaclobjtype, coalesce(r.rolname, '')
    from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
    cross join lateral aclexplode(d.defaclacl) a left join pg_roles r on r.oid = a.grantee
    where d.defaclrole = current_user::regrole
    group by 1, 2, 3
"""
KINDS = {"r": "tables", "S": "sequences", "f": "functions", "T": "types"}

# Of those who come by the API, and everybody. MAINTAIN is new in PostgreSQL 17.
GRANTS = """
    with granted (object, acl) as (
      select c.oid::regclass::text,
        coalesce(c.relacl, acldefault((case c.relkind when 'S' then 's' else 'r' end)::"char", c.relowner))
      from pg_class c
      where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relnamespace = any (%(ours)s::regnamespace[])
      union all
      select a.attrelid::regclass || '.' || a.attname, a.attacl
      from pg_attribute a join pg_class c on c.oid = a.attrelid
      where a.attacl is not null and not a.attisdropped and c.relnamespace = any (%(ours)s::regnamespace[])
      union all
      select p.oid::regprocedure::text || p.prosecdef, coalesce(p.proacl, acldefault('f', p.proowner))
      from pg_proc p where p.pronamespace = any (%(ours)s::regnamespace[])
      union all
      select 'schema ' || n.nspname, n.nspacl from pg_namespace n
      where n.oid = any (%(ours)s::regnamespace[]) and n.nspname <> 'public'
      union all
      select 'policy ' || schemaname || '.' || tablename || ' ' || policyname || permissive || cmd || roles::text, null
      from pg_policies where schemaname = any (%(all)s)
      union all
      select 'rows of ' || c.oid::regclass || c.relrowsecurity || c.relforcerowsecurity, null
      from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = any (%(ours)s::regnamespace[])
    )
    select object, coalesce(r.rolname, 'public') as grantee, a.privilege_type, a.is_grantable
    from granted left join lateral aclexplode(acl) a on a.grantee = 0 or a.grantee in (
      select oid from pg_roles where rolname in ('anon', 'authenticated', 'service_role')
    ) left join pg_roles r on r.oid = a.grantee
    where a.privilege_type is distinct from 'MAINTAIN'
"""


def forget_defaults(connection: psycopg.Connection) -> None:
    """So that what is made next has no grants but its own; the archive brings the defaults with it."""
    for schema, kind, role in connection.execute(DEFAULTS).fetchall():
        if kind not in KINDS:
            continue
        where = sql.SQL(" in schema {}").format(sql.Identifier(schema)) if schema else sql.SQL("")
        who = sql.Identifier(role) if role else sql.SQL("public")
        what = sql.SQL(KINDS[kind])
        connection.execute(sql.SQL("alter default privileges{} revoke all on {} from {}").format(where, what, who))


def digest_of_grants(connection: psycopg.Connection) -> str:
    """One word for all grants, policies and row-level security on what is ours."""
    known = connection.execute(
        "select array_agg(nspname::text) from pg_namespace where nspname = any (%s)", (list(OURS),)
    )
    ours: list[str] = (known.fetchone() or [[]])[0]
    rows = connection.execute(GRANTS, {"ours": ours, "all": [*OURS, "storage"]}).fetchall()
    return hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()


def check_grants(connection: psycopg.Connection, wanted: str) -> None:
    """Raises: BackupError, before anything is committed."""
    if digest_of_grants(connection) != wanted:
        raise BackupError(
            "The grants and policies of the new database would not be those of the old one: nothing was changed."
        )
