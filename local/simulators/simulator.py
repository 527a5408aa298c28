"""What every simulator shares: a journal of what it received, and a control side that says how to behave.

GET    /_simulator             what it is, received and does: a page for people, JSON for programs
                               (?subject=... once or more for counts; ?limit=... requests)
PUT    /_simulator/behaviours  {"<subject>": [{"kind": ...}, ...], ...}: replaces those subjects' behaviours
DELETE /_simulator/behaviours  ?subject=... or all of them
DELETE /_simulator/requests    forgets what was received
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from local.simulators.behaviours import (
    EVERYTHING,
    Behaviour,
    FaultRules,
    Scopes,
    credential_subject,
    default_scopes,
)
from local.simulators.journal import Journal, Received
from local.simulators.page import render


@dataclass(frozen=True)
class Call:
    """A request on its way through a simulator."""

    request: Request
    body: bytes
    credential: str | None
    journal: Journal
    entry: Received

    @property
    def credential_key(self) -> str | None:
        return credential_subject(self.credential) if self.credential else None

    def names(self, subjects: Iterable[str]) -> None:
        """To be called before the answer is made to wait, so that counts are right while clients do."""
        self.journal.name(self.entry, subjects)


Answer = Callable[[Call], Awaitable[Response]]

# What a vendor counts beside requests (posts billed, say): the number for a subject's key.
Tally = Callable[[str], int]


def bearer(request: Request) -> str | None:
    """The credential of `Authorization: Bearer x`, or GitHub's `token x`."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    return credential.strip() or None if scheme.lower() in {"bearer", "token"} else None


class Simulator:
    """One vendor's simulator; the vendor's module gives the answers and the kinds of behaviour it knows."""

    def __init__(
        self,
        name: str,
        about: str,
        kinds: Sequence[type[Behaviour]],
        adapter: TypeAdapter[Any],
        *,
        scopes: Scopes = default_scopes,
        credential: Callable[[Request], str | None] = bearer,
        tallies: Mapping[str, Tally] | None = None,
    ) -> None:
        self.name = name
        self.about = about
        self.kinds = kinds
        self.rules: FaultRules[Any] = FaultRules(scopes)
        self.journal = Journal(scopes)
        self._adapter = adapter
        self._credential = credential
        self._tallies = dict(tallies or {})

    def app(self, routes: Sequence[tuple[str, str, Answer]], *, otherwise: Answer) -> Starlette:
        """The vendor's routes (method, path, answer) beside the control side; `otherwise` answers the rest."""
        every_method = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(
            routes=[
                Route("/", self._front, methods=["GET"]),
                Route("/_simulator", self._show, methods=["GET"]),
                Route("/_simulator/behaviours", self._put, methods=["PUT"]),
                Route("/_simulator/behaviours", self._remove, methods=["DELETE"]),
                Route("/_simulator/requests", self._clear, methods=["DELETE"]),
                *(Route(path, self._journaled(answer), methods=[method]) for method, path, answer in routes),
                Route("/{path:path}", self._journaled(otherwise), methods=every_method),
            ]
        )

    def _journaled(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            started = time.perf_counter()
            body = await request.body()
            credential = self._credential(request)
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            entry = self.journal.open(request.method, path, request.headers, body, credential)
            if credential:
                self.journal.identify(entry, credential_subject(credential))
            response = await answer(Call(request, body, credential, self.journal, entry))
            entry.status = response.status_code
            entry.seconds = round(time.perf_counter() - started, 4)
            return response

        return endpoint

    async def _front(self, _: Request) -> Response:
        return RedirectResponse("/_simulator")

    async def _show(self, request: Request) -> Response:
        asked = request.query_params.getlist("subject")
        limit = request.query_params.get("limit", "50")
        if not limit.isdecimal():
            return JSONResponse({"error": "limit must be a whole number"}, 422)
        keys = {subject: self.rules.key(subject) for subject in asked}
        state: dict[str, Any] = {
            "simulator": self.name,
            "about": self.about,
            "counts": {EVERYTHING: self.journal.count()} | {s: self.journal.count(key) for s, key in keys.items()},
            "behaviours": self.rules.as_json(),
            "requests": self.journal.latest(list(keys.values()) or [EVERYTHING], int(limit)),
        }
        for name, tally in self._tallies.items():
            state[name] = {EVERYTHING: tally(EVERYTHING)} | {s: tally(key) for s, key in keys.items()}
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(render(state, self.kinds, str(request.base_url).rstrip("/"), list(self._tallies)))
        return JSONResponse(state)

    async def _put(self, request: Request) -> Response:
        try:
            wanted = self._adapter.validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"errors": error.errors(include_url=False, include_input=False)}, 422)
        self.rules.put(wanted)
        return JSONResponse(self.rules.as_json())

    async def _remove(self, request: Request) -> Response:
        self.rules.remove(request.query_params.get("subject"))
        return Response(status_code=204)

    async def _clear(self, _: Request) -> Response:
        self.journal.clear()
        return Response(status_code=204)
