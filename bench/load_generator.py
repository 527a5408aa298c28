"""Prepared requests, sent by `load_generator.mjs` in a process of its own."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from local.postgres.migrations import node_program
from local.settings import HOST, ROOT

PROGRAM = ROOT / "bench" / "load_generator.mjs"


def generate(port: int, connections: int, prepared: Sequence[Mapping[str, Any]], **limit: float) -> dict[str, Any]:
    """What the program prints (its first lines say what). `limit`: `requests` or `seconds`. All are answered 2xx."""
    wanted = {"host": HOST, "port": port, "connections": connections, "prepared": prepared, **limit}
    finished = subprocess.run(
        [node_program(), PROGRAM], input=json.dumps(wanted), capture_output=True, text=True, check=True
    )
    seen: dict[str, Any] = json.loads(finished.stdout)
    assert set(seen["statuses"]) <= {"200", "201"}, (port, seen)
    return seen
