"""Runs the check of one file in a process of its own, with bounded time and memory.

Decoders and parsers of files that strangers send run nowhere else: not on the event loop, and not in a thread, which
nobody can end. The process inherits no secret and no open file, answers with a JSON object and files in its folder, and
ends with its request. It bounds work; it is no sandbox: it runs as the same system user.
"""

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from showcase.errors import ServiceUnavailable
from showcase.media.domain import Reason, Refused
from showcase.observability.telemetry import log

# What an interpreter may need to start; everything else, keys above all, stays here.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
_RESULT = "result.json"
_RESULT_BYTES = 256 * 1024
# A decoder that crashes was given a broken file. Processor time that is used up is the file's doing too; what else ends
# the process is the machine's: its own memory, a shutdown, the deadline where others keep the processors busy.
_CRASHES = {
    getattr(signal, name, None) for name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS")
}
_USED_UP = {getattr(signal, "SIGXCPU", None)}


class Job(StrEnum):
    """What a process can run, as `module:function`; it is called with the folder and the arguments by keyword.

    The function reads `INPUT` in the folder, writes files there, and returns a JSON object.
    """

    IMAGE = "showcase.media.checks.jobs:check_image"
    VIDEO = "showcase.media.checks.jobs:check_video"
    POSTER = "showcase.media.checks.jobs:draw_poster"
    QR_CODE = "showcase.media.checks.jobs:draw_qr_code"


@dataclass(frozen=True)
class Limits:
    """What one process may use. On Windows, which has no resource limits, only `seconds` holds."""

    seconds: float  # by the clock
    cpu_seconds: int
    memory_bytes: int
    file_bytes: int  # of each file that it writes

    def within(self, seconds: int) -> "Limits":
        """The same for work that takes no longer than so many seconds, by the clock and of processor time."""
        return replace(self, seconds=min(self.seconds, seconds), cpu_seconds=min(self.cpu_seconds, seconds))


class CheckFailed(Exception):
    """The process did not begin its work: its code cannot be imported, or a limit is too low for that."""


async def run_bounded(job: str, folder: Path, limits: Limits, **arguments: object) -> Mapping[str, Any]:
    """What the job returns. No process is left when this returns, raises or is cancelled.

    Raises:
        Refused: by the job; `damaged_file` where it raises or crashes; `too_complex` where it uses up time or memory.
        ServiceUnavailable: it was ended from outside, or has not finished by the clock.
    """
    order = {"job": job, "limits": asdict(limits), "arguments": arguments}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "showcase.media.checks.bounded_job", json.dumps(order)),
        cwd=folder,
        env=_environment(),
        stdin=asyncio.subprocess.PIPE,  # never written: it closes when this process ends
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,  # libraries quote from the file
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limits.seconds):
            code = await process.wait()
    except TimeoutError:
        raise _interrupted() from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return _result(code, folder)


def open_result(path: Path) -> IO[bytes]:
    """A file that a job wrote. Raises: OSError where it is a link or no regular file."""
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{path.name} is no regular file")
    return file


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # As this process imports, which platforms add folders of their own to; from another working directory.
    folders = os.pathsep.join(str(Path(name).absolute()) for name in sys.path)
    return {**kept, "PYTHONPATH": folders, "PYTHONDONTWRITEBYTECODE": "1"}


def _interrupted() -> ServiceUnavailable:
    return ServiceUnavailable("The file could not be checked in time.", code="check_interrupted")


def _result(code: int, folder: Path) -> Mapping[str, Any]:
    if -code in _CRASHES:
        log.info("a file's check crashed", extra={"fields": {"signal": -code}})
        raise Refused(Reason.DAMAGED)
    if -code in _USED_UP:
        raise Refused(Reason.TOO_COMPLEX)
    if code < 0:
        raise _interrupted()
    if code:
        raise CheckFailed(f"exit code {code}")
    with open_result(folder / _RESULT) as file:
        result: dict[str, Any] = json.loads(file.read(_RESULT_BYTES))
    if "error" in result:
        log.info("a file's check failed", extra={"fields": {"error": str(result["error"])[:64]}})
    if "refused" in result:
        raise Refused(Reason(result["refused"]))
    return result
