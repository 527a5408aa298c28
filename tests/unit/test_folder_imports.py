"""Which folder of local/, ops/ and the forwarders imports which other, in Python, JavaScript and TypeScript."""

import ast
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"bench", "functions", "local", "ops", "showcase", "tests"}

# A folder, or a module beside the folders -> what it imports of ours. The forwarders import nothing of the others.
ALLOWED = {
    "local/__main__": {"local/console", "local/postgres", "local/settings", "local/stack"},
    "local/console": set(),
    "local/settings": set(),
    "local/postgres": {"local/settings", "local/stack"},  # the cluster is one of the supervisor's processes
    "local/stack": {"local/console", "local/postgres", "local/settings", "local/simulators"},
    "local/simulators": {"local/gateway/http"},
    "local/tools": {
        *("local/console", "local/postgres", "local/settings", "local/stack"),
        *("showcase/design", "showcase/notifications"),
    },
    "local/gateway": {
        *("local/gateway/auth", "local/gateway/graphql", "local/gateway/http", "local/gateway/rest"),
        *("local/gateway/storage", "local/gateway/tokens"),
    },
    # Each server knows what is HTTP and tokens, and no other server; GraphQL checks its caller as REST does.
    "local/gateway/auth": {"local/gateway/http", "local/gateway/tokens"},
    "local/gateway/graphql": {"local/gateway/http", "local/gateway/rest"},
    "local/gateway/http": {"local/gateway", "local/gateway/tokens"},
    "local/gateway/identity_provider": {"local/gateway", "local/gateway/http"},
    "local/gateway/rest": {"local/gateway/tokens"},
    "local/gateway/storage": {"local/gateway/http", "local/gateway/tokens"},
    "local/gateway/tokens": set(),
    "ops/audit": {"local/console", "local/postgres", "local/settings"},
    "ops/backup": {"local/console", "local/postgres", "local/settings", "local/stack"},
    "ops/deploy": {
        *("local/console", "local/postgres", "local/settings", "local/stack"),
        *("ops/variables", "showcase/billing", "showcase/routes"),
    },
    "ops/secrets_check": {"local/console", "local/settings", "ops/backup", "ops/deploy", "ops/variables"},
    "ops/status": {"local/console", "local/settings", "ops/status_table"},
    "ops/status_table": set(),
    "ops/variables": {"local/settings", "showcase/routes"},
    "supabase/functions": set(),
    "supabase/types": set(),
}
SCRIPT_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")


def place(path: str) -> str:
    """The folder whose rule a file follows: `local/gateway/rest` of `local/gateway/rest/sql/filters.ts`."""
    folders = path.split("/")
    depth = 3 if path.startswith("local/gateway/") and len(folders) > 3 else 2
    return "/".join(folders[:depth]).split(".")[0]


def python_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {"/".join(name.split(".")[:2]) for name in names if name.split(".")[0] in OURS}


def script_imports(path: Path) -> set[str]:
    return {
        place(os.path.relpath(os.path.normpath(path.parent / name), ROOT))
        for name in SCRIPT_IMPORT.findall(path.read_text())
    }


def sources(folder: str) -> list[Path]:
    """All modules that follow the rule of `folder`, without installed packages."""
    top = ROOT / folder
    found = top.rglob("*") if top.is_dir() else top.parent.glob(f"{top.name}.*")
    return [
        path
        for path in found
        if path.suffix in {".py", ".mjs", ".ts"}
        and "node_modules" not in path.parts
        and place(path.relative_to(ROOT).as_posix()) == folder
    ]


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_what_its_rule_names(folder: str) -> None:
    files = sources(folder)
    assert files
    found = {name for path in files for name in (python_imports if path.suffix == ".py" else script_imports)(path)}
    assert found - {folder} == ALLOWED[folder]


def test_every_folder_has_a_rule() -> None:
    files = [path for top in ("local", "ops") for path in (ROOT / top).rglob("*")]
    scripts = [path for path in files if path.suffix in {".py", ".mjs", ".ts"} and "node_modules" not in path.parts]
    assert {place(path.relative_to(ROOT).as_posix()) for path in scripts} <= set(ALLOWED)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ('import { a } from "../tokens/key_set.ts";', {"local/gateway/tokens"}),
        ('export * from "../rest/engine.ts";', {"local/gateway/rest"}),
        ('const { a } = await import("../storage/server.mjs");', {"local/gateway/storage"}),
        ('import "../auth/server.mjs";', {"local/gateway/auth"}),
        ('import http from "node:http";', set()),
    ],
)
def test_every_form_of_a_script_import_is_seen(statement: str, found: set[str]) -> None:
    assert {place(os.path.normpath(f"local/gateway/http/{name}")) for name in SCRIPT_IMPORT.findall(statement)} == found
