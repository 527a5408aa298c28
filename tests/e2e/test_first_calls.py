"""The first calls of README.md and docs/clients.md, run as they are written; only address and key are this stack's."""

import json
import re
import subprocess
import sys
from pathlib import Path

from local.postgres.migrations import node_program
from local.settings import ROOT
from tests.support.stack import Stack

PROJECT = "00000000-0000-4000-8000-000000000101"  # the demo row that they ask for
FOLDERS = {"node_modules": "local/node_modules", "supabase": "supabase", "types": "supabase/types"}
# document: language, and the names that a first call of it leaves, one list for each
CALLS = [
    ("README.md", "ts", ["data"]),
    ("README.md", "ts", ["data", "metrics"]),
    ("README.md", "python", ["projects", "metrics"]),
    ("docs/clients.md", "ts", ["data"]),
    ("docs/clients.md", "python", ["rows"]),
]


def first_calls(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if re.search("create_?client\\(|createClient[(<]", block, re.IGNORECASE)]


def run(stack: Stack, folder: Path, language: str, block: str, names: list[str]) -> list[object]:
    """What the names hold at the end of a block."""
    source = block.replace("http://127.0.0.1:54321", stack.url).replace("<publishable key>", stack.publishable_key)
    shown = ", ".join(names)
    if language == "ts":
        (folder / "call.ts").write_text(f"{source}\nconsole.log(JSON.stringify([{shown}]));\n", encoding="utf-8")
        command = [str(node_program()), "call.ts"]
    else:
        (folder / "call.py").write_text(f"{source}\nimport json\nprint(json.dumps([{shown}]))\n", encoding="utf-8")
        command = [sys.executable, "call.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout.splitlines()[-1])  # after what the call itself prints
    return found


def test_first_calls_work_as_they_are_written(stack: Stack, tmp_path: Path) -> None:
    for name, target in FOLDERS.items():
        (tmp_path / name).symlink_to(ROOT / target)
    written = {(document, language): first_calls(document, language) for document, language, _ in CALLS}
    assert sum(map(len, written.values())) == len(CALLS), "say here what a new first call leaves"
    for document, language, names in CALLS:
        rows, *metrics = run(stack, tmp_path, language, written[document, language].pop(0), names)
        assert isinstance(rows, list)
        assert rows, (document, language)
        assert all(row["title"] and row["users"]["username"] for row in rows), (document, language)
        assert all(PROJECT in json.dumps(answer) for answer in metrics), (document, language, metrics)
