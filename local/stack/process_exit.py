"""Wait for any process to end, also for one that is no child, without asking again and again."""

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def exit_descriptor(pid: int) -> Iterator[Any]:
    """What becomes readable when the process ends (a zombie has ended). Raises: ProcessLookupError."""
    if sys.platform == "linux":
        descriptor = os.pidfd_open(pid)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:
        with contextlib.closing(select.kqueue()) as queue:
            wanted = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
            queue.control([wanted], 0)
            yield queue


def wait_ended(pid: int) -> None:
    """Returns at once where there is no such process."""
    with contextlib.suppress(ProcessLookupError), exit_descriptor(pid) as descriptor:
        select.select([descriptor], [], [])


async def ended(pid: int) -> None:
    """As `wait_ended`; can be cancelled."""
    import asyncio  # here, since who only waits has no use for its six megabytes

    loop, event = asyncio.get_running_loop(), asyncio.Event()
    with contextlib.suppress(ProcessLookupError), exit_descriptor(pid) as descriptor:
        loop.add_reader(descriptor, event.set)
        try:
            await event.wait()
        finally:
            loop.remove_reader(descriptor)
