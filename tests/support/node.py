"""Run a script of tests/e2e/scripts by the same Node.js that the stack runs on."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.postgres.migrations import node_program

SCRIPTS = Path(__file__).resolve().parent.parent / "e2e" / "scripts"


def run_script(name: str, **given: Any) -> dict[str, Any]:
    """The JSON that the script answers to the JSON that it is given."""
    return run_program(SCRIPTS / name, given, seconds=60)


def run_program(path: Path, given: Mapping[str, Any], *, seconds: int) -> dict[str, Any]:
    finished = subprocess.run(
        [node_program(), path],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer
