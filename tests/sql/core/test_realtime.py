"""What Realtime sends of which tables. Who gets a row is decided by the policies, which tests/access holds."""

import psycopg

from local.settings import ROOT

PUBLISHED = {"projects", "social_metrics", "subscriptions", "notifications"}

TABLES = """
    select c.relname, c.relrowsecurity, c.relreplident, p.pubinsert and p.pubupdate and p.pubdelete,
      has_any_column_privilege('authenticated', c.oid, 'select'), array(
        select a.attname::text from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
        where i.indrelid = c.oid and i.indisprimary
      )
    from pg_publication p
      join pg_publication_rel r on r.prpubid = p.oid
      join pg_class c on c.oid = r.prrelid
    where p.pubname = 'supabase_realtime' and c.relnamespace = 'public'::regnamespace
"""


def test_published_are_tables_that_clients_read_by_their_policies(untouched_database: str) -> None:
    with psycopg.connect(untouched_database) as connection:
        rows = connection.execute(TABLES).fetchall()
    assert {name for name, *_ in rows} == PUBLISHED
    assert all(has_policies and sends_all and is_read for _, has_policies, _, sends_all, is_read, _ in rows)


def test_of_a_row_that_is_deleted_everybody_gets_its_key_alone(untouched_database: str) -> None:
    """No policy can be asked about a row that is gone: the replica identity must be a key that says nothing."""
    with psycopg.connect(untouched_database) as connection:
        rows = connection.execute(TABLES).fetchall()
    assert {(identity, tuple(key)) for _, _, identity, _, _, key in rows} == {("d", ("id",))}


def test_tables_that_were_published_before_stay(untouched_database: str) -> None:
    with psycopg.connect(untouched_database) as connection:
        connection.execute("alter publication supabase_realtime add table public.templates")
        connection.execute("alter publication supabase_realtime drop table public.projects")
        connection.execute((ROOT / "sql" / "api" / "realtime.sql").read_bytes())
        names = {name for name, *_ in connection.execute(TABLES)}
        connection.rollback()
    assert names == PUBLISHED | {"templates"}
