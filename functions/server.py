"""Serves one entry point, or all of them, by uvicorn alone: the container's server.

functions-framework imports Flask for `--asgi` too, and starts a second process: half of its start. It serves the same
handlers where the platform brings it (Cloud Functions) and on a developer's machine.

FUNCTION_TARGET, HOST and PORT are the framework's.
"""

import os

import main
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

GRACEFUL_SHUTDOWN = 30  # seconds that running requests have once the server is asked to stop


def asgi_app(target: str) -> ASGIApp:
    """The entry point of that name. Ends the process where a setting is missing."""
    handler = getattr(main, target)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handler(Request(scope, receive))
        await response(scope, receive, send)

    return app


if __name__ == "__main__":
    uvicorn.run(
        asgi_app(os.environ.get("FUNCTION_TARGET", "all_functions")),
        host=os.environ.get("HOST", "0.0.0.0"),  # noqa: S104 - in a container
        port=int(os.environ.get("PORT", "8080")),
        access_log=False,
        lifespan="off",
        log_level="error",
        proxy_headers=False,  # nothing asks for the caller's address
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN,
        ws="none",
    )
