"""The generated files of supabase/types, by name."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from local.postgres.migrations import MODULES, node_program
from local.settings import ROOT
from local.tools.client_types import database, functions, limits
from local.tools.client_types.catalogue import read_catalogue

FOLDER = ROOT / "supabase" / "types"
_PRINT_SCHEMA = ROOT / "local" / "gateway" / "graphql" / "print_schema.mjs"


def documents(url: str) -> dict[str, str]:
    """name -> text, from a migrated database and the documents in docs/; `url` is the database owner's."""
    catalogue = read_catalogue(url)
    texts = {
        "blocks.ts": functions.blocks_typescript(),
        "blocks.py": functions.blocks_python(),
        "database.ts": database.typescript_module(catalogue),
        "database.py": database.python_module(catalogue),
        "functions.ts": functions.functions_typescript(),
        "functions.py": functions.functions_python(),
        "limits.ts": limits.typescript_module(catalogue.rules),
        "limits.py": limits.python_module(catalogue.rules),
        "schema.graphql": _graphql(url),
    }
    return {name: _formatted(name, text) for name, text in texts.items()}


# By the end of a file's name: a formatter that reads standard input.
_FORMATTERS = {
    "ts": f"deno fmt --quiet --config {ROOT}/supabase/functions/deno.json --ext ts -",
    "py": f"ruff format --quiet --stdin-filename {FOLDER}/generated.py -",
}


def _formatted(name: str, text: str) -> str:
    formatter = _FORMATTERS.get(name.rsplit(".", 1)[-1])
    if formatter is None:
        return text
    program, *arguments = shlex.split(formatter)
    return _run([str(Path(sys.executable).parent / program), *arguments], text)


def _graphql(url: str) -> str:
    """The GraphQL schema of a signed-in user. Raises: subprocess.CalledProcessError."""
    return _run([str(node_program()), str(_PRINT_SCHEMA), url])


def _run(command: list[str], given: str = "") -> str:
    environment = {**os.environ, "DENO_NO_UPDATE_CHECK": "1", "GRAPHILE_ENV": "production"}
    return subprocess.run(
        command, cwd=MODULES.parent, env=environment, input=given, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
