"""What a database has in `auth` and `storage`: columns, constraints, indexes, triggers, grants. As data, to compare.

`python -m tests.support.platform_catalogue <database url>` prints it. tests/platform/catalogue.json was made so, from a
database in which Auth and Storage had run their own migrations. Make it again when the versions in SOURCE move on.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import psycopg

SOURCE = "Supabase Auth 2.196.0 and Storage 1.70.6, by their own migrations"
IN_SCHEMAS = "in ('auth'::regnamespace, 'storage'::regnamespace)"
# Each gives a table and a line of text about it.
FACTS: Mapping[str, str] = {
    "columns": f"""
        select attrelid::regclass::text, concat_ws(' ', attname, format_type(atttypid, atttypmod),
          'collate ' || nullif(collname, 'default'), case when attnotnull then 'not null' end,
          case attgenerated when 's' then 'generated' else 'default' end || ' ' || pg_get_expr(adbin, adrelid))
        from pg_attribute join pg_class c on c.oid = attrelid
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        left join pg_collation on pg_collation.oid = attcollation
        where relkind = 'r' and relnamespace {IN_SCHEMAS} and attnum > 0 and not attisdropped order by 1, attnum
    """,
    # Since PostgreSQL 18 `not null` is one too (contype n); it is in the columns.
    "constraints": f"""
        select conrelid::regclass::text, quote_ident(conname) || ' ' || pg_get_constraintdef(oid) from pg_constraint
        where conrelid in (select oid from pg_class where relnamespace {IN_SCHEMAS}) and contype in ('p', 'u', 'f', 'c')
        order by 1, 2
    """,
    "indexes": f"""
        select indrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
        where indrelid in (select oid from pg_class where relnamespace {IN_SCHEMAS})
          and indexrelid not in (select conindid from pg_constraint) order by 1, 2
    """,
    "triggers": f"""
        select tgrelid::regclass::text, pg_get_triggerdef(oid) from pg_trigger
        where not tgisinternal and tgrelid in (select oid from pg_class where relnamespace {IN_SCHEMAS}) order by 1, 2
    """,
    # MAINTAIN is new in PostgreSQL 17.
    "grants": f"""
        select c.oid::regclass::text, r.rolname || ': ' || string_agg(privilege_type, ', ' order by privilege_type)
        from pg_class c, aclexplode(relacl) a join pg_roles r on r.oid = a.grantee
        where relkind = 'r' and relnamespace {IN_SCHEMAS} and rolname in ('anon', 'authenticated', 'service_role')
          and privilege_type <> 'MAINTAIN'
        group by 1, rolname order by 1, 2
    """,
    "security": f"""
        select oid::regclass::text, concat_ws(' ', 'owned by', relowner::regrole, case when relrowsecurity then
          'row-level security' end)
        from pg_class where relkind = 'r' and relnamespace {IN_SCHEMAS} order by 1
    """,
}
ENUMS = f"""
    select t.oid::regtype::text, array_agg(enumlabel::text order by enumsortorder)
    from pg_type t join pg_enum on enumtypid = t.oid where typnamespace {IN_SCHEMAS} group by 1 order by 1
"""


def read_catalogue(url: str) -> dict[str, Any]:
    """{"types": {name: labels}, "tables": {name: {fact: lines}}}, in a stable order."""
    tables: dict[str, dict[str, list[str]]] = defaultdict(lambda: {fact: [] for fact in FACTS})
    with psycopg.connect(url) as connection:
        connection.execute("set search_path = pg_catalog, pg_temp")
        types: dict[str, list[str]] = dict(connection.execute(ENUMS.encode()).fetchall())
        for fact, query in FACTS.items():
            for table, line in connection.execute(query.encode()).fetchall():
                tables[table][fact].append(line)
    return {"types": types, "tables": dict(tables)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"source": SOURCE, **read_catalogue(sys.argv[1])}, indent=1, sort_keys=True) + "\n")
