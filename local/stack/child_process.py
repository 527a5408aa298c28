"""One run of a service's command: a process group of its own, its lines as they come, and its end."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 5.0  # that a service has to end when it is asked to
OUTPUT_SECONDS = 1.0  # that its last lines may take
LONGEST_LINE = 1 << 20  # bytes; longer ones are shown in pieces


async def run_command(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, say: Callable[[str], None]
) -> int:
    """The exit status. Cancelled, it asks the process to end, and does not wait long; no worker of it is left."""
    reading, writing = os.pipe()
    try:
        # A group of its own, so that its workers can be ended with it: they would keep its port.
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            process_group=0,
        )
    except OSError as error:
        os.close(reading)
        say(str(error))
        return 127
    finally:
        os.close(writing)
    output = asyncio.create_task(_show(reading, say))
    try:
        return await process.wait()
    except asyncio.CancelledError:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        raise
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):  # a process that has left the group may still have the other end
            await asyncio.wait_for(output, OUTPUT_SECONDS)


async def _show(descriptor: int, say: Callable[[str], None]) -> None:
    async for line in _lines(descriptor):
        say(line)


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Until every process that has the other end is gone."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(descriptor, "rb"))
    rest = b""
    with contextlib.closing(transport):
        while block := await reader.read(65536):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
            if len(rest) > LONGEST_LINE:
                yield rest.decode(errors="replace")
                rest = b""
    if rest:
        yield rest.decode(errors="replace")


def _signal_group(leader: int, order: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, order)
