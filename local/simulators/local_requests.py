"""Which requests a simulator takes: those that name it as it is named here, and no page of another site may change it.

A page of another site can make a browser send requests to loopback, under its own site's name where that leads here
(DNS rebinding). As `local/gateway/http/local_requests.mjs`.
"""

import os
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def local_hosts(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The names of `LOCAL_HOSTS`, separated by commas, e.g. `showcase.test:8080`."""
    return frozenset(name.strip().lower() for name in environment.get("LOCAL_HOSTS", "").split(",") if name.strip())


def refusal(method: str, headers: Mapping[str, str], port: int, hosts: frozenset[str]) -> Response | None:
    """421 for another host, 403 for what a page of another site sends and does not only read; None: it is taken."""
    host = headers.get("host", "").lower()
    if host not in hosts and host not in {f"{name}:{port}" for name in LOOPBACK}:
        return _problem(421, "unknown_host", "This server answers to its own address and to LOCAL_HOSTS.")
    own_site = headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
    own_origin = headers.get("origin", f"http://{host}") == f"http://{host}"
    if method not in SAFE_METHODS and not (own_site and own_origin):
        return _problem(403, "cross_site", "No other site's page may send this.")
    return None


def for_local_requests(application: ASGIApp) -> ASGIApp:
    """The application, which gets no other requests."""
    hosts = local_hosts()

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await application(scope, receive, send)
        refused = refusal(scope["method"], Headers(scope=scope), scope["server"][1], hosts)
        return await (refused or application)(scope, receive, send)

    return guarded


def _problem(status: int, code: str, detail: str) -> Response:
    body = {"type": "about:blank", "status": status, "detail": detail, "code": code, "error": f"{code}: {detail}"}
    return JSONResponse(body, status, media_type="application/problem+json")
