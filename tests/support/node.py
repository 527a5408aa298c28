"""Run a script of tests/e2e by the same Node.js that the stack runs on."""

import json
import subprocess
from pathlib import Path
from typing import Any

from local.database import node_program

SCRIPTS = Path(__file__).resolve().parent.parent / "e2e"


def run_script(name: str, **given: Any) -> dict[str, Any]:
    """The JSON that the script answers to the JSON that it is given."""
    finished = subprocess.run(
        [node_program(), SCRIPTS / name],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer
