"""The process that `bounded` starts: `python -m showcase.media.checks.bounded_job '{"job", "limits", "arguments"}'`.

Its working directory is the check's folder. It writes `result.json`: what the job returned, or `refused` with the
reason, and `error` with an exception's name.
"""

import gc
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from showcase.media.domain import Reason, Refused

NICENESS = 10  # requests go first
# Mapped and never used: reserves of the allocator, code of libraries.
_ADDRESS_SPACE = 2 * 1024**3


def main() -> None:
    """Runs the job of the first argument within its limits, and ends the process."""
    order = json.loads(sys.argv[1])
    module, _, name = order["job"].partition(":")
    job = getattr(importlib.import_module(module), name)
    limit(**order["limits"])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # it ends before that would pay
    result = json.dumps(outcome(job, order["arguments"]))
    Path("result.json").write_text(result)
    os._exit(0)  # nothing is left to clean up, and a destructor could still crash


def outcome(job: Callable[..., Mapping[str, Any]], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the job returned, or why the file is refused: whatever a decoder raises, the file is the cause."""
    try:
        return job(Path(), **arguments)
    except Refused as refused:
        return {"refused": refused.reason}
    except MemoryError:
        return {"refused": Reason.TOO_COMPLEX}
    except Exception as error:  # noqa: BLE001 - struct.error, RuntimeError, SyntaxError: libraries differ
        return {"refused": Reason.DAMAGED, "error": type(error).__name__}


def limit(seconds: float, cpu_seconds: int, memory_bytes: int, file_bytes: int) -> None:
    """Sets this process's own limits; the kernel ends it, whatever code it is in."""
    if sys.platform == "win32":  # has neither
        return
    import resource

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)  # also where the parent was killed
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))  # SIGXCPU, and not SIGKILL at once
    for name, most in {
        resource.RLIMIT_DATA: memory_bytes,
        resource.RLIMIT_AS: memory_bytes + _ADDRESS_SPACE,  # where the kernel counts the heap alone as data
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }.items():
        try:
            resource.setrlimit(name, (most, most))
        except (ValueError, OSError):  # macOS refuses limits of memory
            continue


def _end_with_parent() -> None:
    """Waits for the end of standard input, which the parent never writes to and holds open."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
