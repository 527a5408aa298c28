"""How the programs that look for something are run."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local.settings import ROOT

SECONDS = 300


def run(command: Sequence[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Its exit status says too little: these programs use the same one for what they find and for what fails."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
