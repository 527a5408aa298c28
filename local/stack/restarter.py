"""Runs one service again whenever it ends by itself, as a platform does in production."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

ENDINGS = 5
WITHIN = 60.0  # seconds
FIRST_WAIT = 0.2
LONGEST_WAIT = 3.0


async def keep_running(run_once: Callable[[], Awaitable[int]], say: Callable[[str], None]) -> int:
    """Until it is cancelled, or the service has ended five times within a minute: then its last exit status."""
    endings: deque[float] = deque(maxlen=ENDINGS)
    while True:
        code = await run_once()
        endings.append(time.monotonic())
        if len(endings) == ENDINGS and endings[-1] - endings[0] < WITHIN:
            say(f"Ended {ENDINGS} times within a minute: given up.")
            return code or 1
        say(f"Ended by itself ({code}): started again.")
        await asyncio.sleep(min(LONGEST_WAIT, FIRST_WAIT * 2 ** len(endings)))
