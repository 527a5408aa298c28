"""Which of our tables Realtime sends changes of, as SQL: pg_dump leaves publications out where schemas are chosen."""

from typing import cast

import psycopg

PUBLISHED = """
    select format(
      'alter publication supabase_realtime add table %%s%%s%%s;', m.prrelid::regclass,
      (
        select ' (' || string_agg(quote_ident(a.attname), ', ' order by a.attnum) || ')' from pg_attribute a
        where a.attrelid = m.prrelid and a.attnum = any (m.prattrs::int2[])
      ),
      ' where (' || pg_get_expr(m.prqual, m.prrelid) || ')'
    ) from pg_publication_rel m
    join pg_publication p on p.oid = m.prpubid
    join pg_class c on c.oid = m.prrelid
    where p.pubname = 'supabase_realtime' and c.relnamespace::regnamespace::text = any (%s)
    order by c.oid::regclass::text
"""
# A hosted project has the publication, and may have tables in it; a local one has none.
MADE = """
do $$ begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end $$;
"""


def read_publication(connection: psycopg.Connection, schemas: list[str]) -> bytes:
    """Statements to run once the tables are there; none where no table is published.

    Source: https://www.postgresql.org/docs/18/catalog-pg-publication-rel.html
    """
    rows = cast(list[tuple[str]], connection.execute(PUBLISHED, (schemas,)).fetchall())
    return "\n".join([MADE, *(row[0] for row in rows), ""]).encode() if rows else b""
