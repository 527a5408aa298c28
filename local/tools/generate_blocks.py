"""Writes what follows from the block catalogue (functions/showcase/design/page/blocks.py).

Usage: make blocks

- docs/blocks.schema.json, for editors and renderers of pages
- sql/design/design_schema.sql, for the CHECK of templates and layouts; deploy a change of it by a migration of your own
"""

import json

from showcase.design.page.json_schema import database_schema, editor_schema

from local.settings import ROOT

DOCUMENT = ROOT / "docs" / "blocks.schema.json"
STATE = ROOT / "sql" / "design" / "design_schema.sql"

_FUNCTION = """\
-- Generated from the block catalogue by local/tools/generate_blocks.py: do not edit.

-- The catalogue as JSON Schema, one definition a line.
create function private.block_list_schema() returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select '{schema}'::jsonb
$$;
comment on function private.block_list_schema() is 'The block catalogue as JSON Schema.';
"""


def document() -> str:
    return json.dumps(editor_schema(), indent=2) + "\n"


def state() -> str:
    schema = database_schema()
    definitions = schema.pop("$defs")
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(each)}" for name, each in definitions.items())
    rest = json.dumps(schema)[1:-1]
    text = f'{{{rest}, "$defs": {{\n{lines}\n  }}}}'
    return _FUNCTION.replace("{schema}", text.replace("'", "''"))


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
    STATE.write_text(state(), encoding="utf-8")
