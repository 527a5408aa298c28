"""SendGrid's HTTP side, put together.

Beside what every simulator has:
GET    /_simulator/inbox[/{id}]              what was sent, for people (?to=... one address; ?phone=1)
GET    /_simulator/messages?to=&limit=       the same for programs, the newest first
DELETE /_simulator/messages?to=              forgets them
GET    /_simulator/webhook                   where events go, the public key, and how many are under way
PUT    /_simulator/webhook                   {"url": ...}
GET, POST, PATCH /v3/user/webhooks/event/settings...  as SendGrid has them: where events go
POST   /_simulator/events                    {"events": [...], "timestamp": ...}: signs them, to send as one likes
"""

import contextlib
from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from local.simulators.behaviours import EVERYTHING
from local.simulators.faults import Dropped, Fault, fault_response, wait
from local.simulators.sendgrid.answers import answer_to
from local.simulators.sendgrid.behaviours import KINDS, AcceptThenDrop, AcceptThenTimeout, adapter, scopes
from local.simulators.sendgrid.events import Events
from local.simulators.sendgrid.inbox import inbox_page, message_page
from local.simulators.sendgrid.keys import public_key, signing_key
from local.simulators.sendgrid.messages import Messages
from local.simulators.sendgrid.requests import read, refusal
from local.simulators.sendgrid.settings import Settings
from local.simulators.sendgrid.webhooks import Webhooks
from local.simulators.simulator import Answer, Call, Simulator

_ABOUT = (
    "Takes POST /v3/mail/send as api.sendgrid.com does, and reports to the event webhook what became of it, signed. "
    "/_simulator/inbox shows what was sent, /_simulator/webhook the public key. Accepted is each message to each "
    "recipient. Subjects are addresses, `*@domain`, `token:<key>` and `*`."
)


class Webhook(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str


class Signing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    events: list[dict[str, JsonValue]]
    timestamp: str = ""


class SendGrid:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = signing_key(settings.seed)
        self.messages = Messages(settings.kept)
        tallies = {"accepted": self.messages.accepted}
        self.simulator = Simulator("SendGrid", _ABOUT, KINDS, adapter(), scopes=scopes, tallies=tallies)
        self.events = Events(self.simulator.rules, self._key, settings)
        self.webhooks = Webhooks(self.events, public_key(self._key))

    async def send(self, call: Call) -> Response:
        token = str(call.credential_key)
        if call.request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return refusal(415, "Content-Type should be application/json.")
        asked = read(call.body)
        if isinstance(asked, Response):
            return asked
        recipients = [to.email for each in asked.personalizations for to in (*each.to, *each.cc, *each.bcc)]
        call.names(recipients)
        subjects, rules = [*recipients, token], self.simulator.rules
        await wait(rules, subjects, len(recipients))
        fault = rules.match(subjects, Fault, len(recipients))
        if fault:
            return answer_to(fault)
        message_id, made = self.messages.accept(asked)
        for message in made:
            self.events.follow(message)
        if rules.match(subjects, AcceptThenDrop):
            return fault_response(Dropped()) or refusal(500, "internal server error")
        if rules.match(subjects, AcceptThenTimeout):
            return refusal(504, "gateway timeout")
        return Response(status_code=202, headers={"X-Message-Id": message_id})

    def known_to_us(self, answer: Answer) -> Answer:
        """Refuses keys that are not taken."""

        async def checked(call: Call) -> Response:
            if call.credential is None or not self._settings.takes(call.credential):
                return refusal(401, "The provided authorization grant is invalid, expired, or revoked")
            return await answer(call)

        return checked

    async def elsewhere(self, _: Call) -> Response:
        return refusal(404, "not found")

    def routes(self) -> list[Route]:
        return [
            Route("/_simulator/inbox", self._inbox),
            Route("/_simulator/inbox/{id}", self._message),
            Route("/_simulator/messages", self._list),
            Route("/_simulator/messages", self._forget, methods=["DELETE"]),
            Route("/_simulator/webhook", self._webhook),
            Route("/_simulator/webhook", self._set_webhook, methods=["PUT"]),
            Route("/_simulator/events", self._sign, methods=["POST"]),
        ]

    async def _inbox(self, request: Request) -> Response:
        to = request.query_params.get("to", EVERYTHING)
        return HTMLResponse(inbox_page(self.messages.latest(to.lower()), to))

    async def _message(self, request: Request) -> Response:
        message = self.messages.find(request.path_params["id"])
        if message is None:
            return HTMLResponse("<p>There is no such message.</p>", 404)
        return HTMLResponse(message_page(message, phone="phone" in request.query_params))

    async def _list(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "100")
        found = self.messages.latest(
            request.query_params.get("to", EVERYTHING).lower(), int(limit) if limit.isdecimal() else 100
        )
        return JSONResponse({"messages": [message.as_json() for message in found]})

    async def _forget(self, request: Request) -> Response:
        self.messages.forget(request.query_params.get("to", EVERYTHING).lower())
        return Response(status_code=204)

    async def _webhook(self, _: Request) -> Response:
        events = self.events
        state = {"pending": events.pending(), "reported": events.reported, "unreported": events.unreported}
        return JSONResponse({"url": events.url, "public_key": public_key(self._key), **state})

    async def _set_webhook(self, request: Request) -> Response:
        try:
            self.events.url = Webhook.model_validate_json(await request.body()).url
        except ValidationError as error:
            return JSONResponse({"errors": error.errors(include_url=False, include_input=False)}, 422)
        return await self._webhook(request)

    async def _sign(self, request: Request) -> Response:
        try:
            asked = Signing.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"errors": error.errors(include_url=False, include_input=False)}, 422)
        body, headers = self.events.signed(asked.events, asked.timestamp)
        return JSONResponse({"body": body.decode(), "headers": headers})


def create_app() -> Starlette:
    """What `local.simulators` serves."""
    sendgrid = SendGrid(Settings())

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await sendgrid.events.close()

    known = sendgrid.known_to_us
    webhooks = [(method, path, known(answer)) for method, path, answer in sendgrid.webhooks.routes()]
    api = sendgrid.simulator.app(
        [("POST", "/v3/mail/send", known(sendgrid.send)), *webhooks], otherwise=sendgrid.elsewhere
    )
    return Starlette(routes=[*sendgrid.routes(), Mount("/", api)], lifespan=lifespan)
