"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
import json
from collections.abc import AsyncIterator

from showcase.design.domain import Json

MEDIA_TYPE = "text/event-stream"
_SILENCE = 15.0  # seconds after which proxies begin to wonder
LAST = frozenset({"done", "error"})
DESCRIPTION = (
    "Server-sent events, each with JSON as its data: `block` {index, block}, `usage` as in the JSON answer, and at the "
    "end `done` {session_id, layout_id} or `error`, a problem document."
)

Queue = asyncio.Queue[tuple[str, Json]]


async def stream(queue: Queue) -> AsyncIterator[str]:
    """The queue's events up to `done` or `error`, with a comment now and then while there are none."""
    kind = ""
    while kind not in LAST:
        try:
            kind, data = await asyncio.wait_for(queue.get(), _SILENCE)
        except TimeoutError:
            yield ": still here\n\n"
        else:
            yield f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
