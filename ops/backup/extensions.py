"""Extensions that our schemas use, as SQL: pg_dump leaves them out where schemas are chosen."""

from typing import cast

import psycopg

# What the new server does not have is left out: if it was needed, what needs it says so.
MADE = """
    select format(
      'do $$ begin if exists (select from pg_catalog.pg_available_extensions where name = %L) then '
      'create extension if not exists %I with schema extensions; end if; end $$;',
      extname, extname
    ) from pg_extension where extnamespace = to_regnamespace('extensions') order by extname
"""


def read_extensions(connection: psycopg.Connection) -> bytes:
    """Statements to run before the schemas are made; none where the schema `extensions` has none."""
    rows = cast(list[tuple[str]], connection.execute(MADE).fetchall())
    return "".join(f"{row[0]}\n" for row in rows).encode()
