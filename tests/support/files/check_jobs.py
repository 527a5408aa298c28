"""Jobs for the process that files are checked in: what decoders do at their worst."""

import ctypes
import os
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

from showcase.media.domain import Reason, Refused


def answer(folder: Path, **arguments: Any) -> dict[str, Any]:
    (folder / "output").write_bytes((folder / "input").read_bytes()[::-1])
    return arguments


def environment(folder: Path) -> dict[str, Any]:
    return {"names": sorted(os.environ), "files": [int(path.name) for path in Path("/proc/self/fd").iterdir()]}


def priority(folder: Path) -> dict[str, Any]:
    return {"nice": os.nice(0)}


def refuse(folder: Path) -> dict[str, Any]:
    raise Refused(Reason.WRONG_TYPE)


def stumble(folder: Path) -> dict[str, Any]:
    struct.unpack("<L", b"")
    raise AssertionError


def crash(folder: Path) -> dict[str, Any]:
    ctypes.string_at(0)
    raise AssertionError


def spin(folder: Path) -> dict[str, Any]:
    while True:
        pass


def sleep(folder: Path) -> dict[str, Any]:
    (folder / "pid").write_text(str(os.getpid()))
    time.sleep(600)
    raise AssertionError


def hoard(folder: Path) -> dict[str, Any]:
    return {"size": len(bytearray(2 * 1024**3))}


def hoard_outside_python(folder: Path) -> dict[str, Any]:
    """As a decoder's own allocations: they fail, and it says so in its own way."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    if not libc.malloc(2 * 1024**3):
        raise RuntimeError("decoder: error 7")
    return {}


def flood(folder: Path) -> dict[str, Any]:
    with (folder / "output").open("wb") as file:
        for _ in range(1000):
            file.write(bytes(1024**2))
    return {}


def be_killed(folder: Path) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def link(folder: Path) -> dict[str, Any]:
    (folder / "output").symlink_to("/etc/hostname")
    return {}


if __name__ == "__main__":  # what a killed parent leaves
    import asyncio

    from showcase.media.checks.bounded import Limits, run_bounded

    limits = Limits(seconds=60, cpu_seconds=5, memory_bytes=512 * 1024**2, file_bytes=1024**2)
    asyncio.run(run_bounded("tests.support.files.check_jobs:sleep", Path(sys.argv[1]), limits))
