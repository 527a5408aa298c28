"""Where a test run keeps databases and other temporary files: in memory, where the system offers that."""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # Linux alone has it, and Docker gives containers 64 MB  # noqa: S108
ROOM = 4 * 1024**3  # bytes; a run on two cores needs about a quarter


def keep_in_memory() -> None:
    """For this process and those that it starts, unless TMPDIR says where. A copy of a database takes a thirtieth."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # chosen again at its next use
