"""What tests and developers ask of the simulator, beside the behaviours that every simulator knows.

A `<who>` is any of an object's tags: its id, a customer's e-mail, a metadata value, a client_reference_id.

GET    /_simulator/events?subject=            what happened, the oldest first
POST   /_simulator/events                     makes one of any type
GET    /_simulator/events/{id}/signed         its body and signature, for a test to send as it likes
GET    /_simulator/deliveries?subject=&state= where events went, and what came of it
POST   /_simulator/deliveries                 sends an event (again), now, as often as wanted
POST   /_simulator/deliveries/release         lets go of what was held, in the order of one's choice
POST   /_simulator/deliveries/drain           waits until nothing is under way
PUT    /_simulator/endpoints                  an endpoint, of one subject's events if so wanted
DELETE /_simulator/endpoints/{id}
POST   /_simulator/checkout/{who}             completes, expires or settles a session without a browser
POST   /_simulator/customers/{who}/card       the card to pay with from now on
POST   /_simulator/customers/{who}/advance    moves one customer's time
POST   /_simulator/charges/{id}/dispute       the cardholder disputes it
DELETE /_simulator/objects/{id}               as if it had never been
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulators.stripe import checkout, endpoints
from local.simulators.stripe.console import control_bodies as bodies
from local.simulators.stripe.console import timeline
from local.simulators.stripe.console.pages import change_card
from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import StripeError, invalid
from local.simulators.stripe.events.dispatch import Dispatch
from local.simulators.stripe.events.signatures import body_of, signature
from local.simulators.stripe.invoicing import refunds, subscriptions
from local.simulators.stripe.invoicing.calendar import DAY
from local.simulators.stripe.shapes import present
from local.simulators.stripe.state import Object
from local.simulators.stripe.tags import tags_of

B = TypeVar("B", bound=BaseModel)
Handler = Callable[[Request], Awaitable[Any]]


class Control:
    def __init__(self, context: Context, dispatch: Dispatch) -> None:
        self._context = context
        self._dispatch = dispatch

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Handler]] = [
            ("GET", "events", self._events),
            ("POST", "events", self._make_event),
            ("GET", "events/{id}/signed", self._signed),
            ("GET", "deliveries", self._deliveries),
            ("POST", "deliveries", self._send),
            ("POST", "deliveries/release", self._release),
            ("POST", "deliveries/drain", self._drain),
            ("PUT", "endpoints", self._put_endpoint),
            ("DELETE", "endpoints/{id}", self._forget),
            ("POST", "checkout/{who}", self._checkout),
            ("POST", "customers/{who}/card", self._card),
            ("POST", "customers/{who}/advance", self._advance),
            ("POST", "charges/{id}/dispute", self._dispute),
            ("DELETE", "objects/{id}", self._forget),
        ]
        return [Route(f"/_simulator/{path}", self._answering(run), methods=[method]) for method, path, run in table]

    def _answering(self, run: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                result = await run(request)
            except ValidationError as error:
                return JSONResponse({"errors": error.errors(include_url=False, include_input=False)}, 422)
            except StripeError as error:
                return JSONResponse({"error": error.error}, error.status)
            self._context.dirty = self._context.dirty or request.method != "GET"
            return JSONResponse(result)

        return endpoint

    async def _events(self, request: Request) -> list[Object]:
        subject, kind = request.query_params.get("subject"), request.query_params.get("type")
        return [
            present(self._context.state, event)
            for event in self._context.state.events(subject)
            if kind in {None, event["type"]}
        ]

    async def _make_event(self, request: Request) -> Object:
        asked = await _body(request, bodies.NewEvent)
        obj = asked.object
        if isinstance(obj, str):
            obj = present(self._context.state, self._need(obj))
        with self._dispatch.instead(asked.delivery):
            event = self._context.announce(asked.type, obj, asked.previous_attributes, created=asked.created)
        return present(self._context.state, event)

    async def _signed(self, request: Request) -> Object:
        event = self._context.state.need("event", request.path_params["id"])
        query = request.query_params
        timestamp = int(query.get("timestamp") or time.time())
        body = body_of(self._context.state, event, query.get("api_version") or self._context.settings.api_version)
        return {"body": body, "headers": {"Stripe-Signature": signature(body, query.getlist("secret"), timestamp)}}

    async def _deliveries(self, request: Request) -> list[Object]:
        return self._dispatch.known(request.query_params.get("subject"), request.query_params.get("state"))

    async def _send(self, request: Request) -> list[Object]:
        return await self._dispatch.send(await _body(request, bodies.Send))

    async def _release(self, request: Request) -> list[Object]:
        return await self._dispatch.release(await _body(request, bodies.Release))

    async def _drain(self, request: Request) -> Object:
        asked = await _body(request, bodies.Drain)
        return {"under_way": await self._dispatch.drain(asked.subject, asked.timeout)}

    async def _put_endpoint(self, request: Request) -> Object:
        """The same address and subject again replaces what was."""
        asked = await _body(request, bodies.Endpoint)
        metadata = {endpoints.SUBJECT: asked.subject} if asked.subject else {}
        for endpoint in self._context.state.all("webhook_endpoint"):
            if endpoint["url"] == asked.url and endpoint["metadata"] == metadata:
                self._context.state.forget(endpoint["id"])
        made = endpoints.new_endpoint(
            self._context,
            asked.url,
            asked.secrets,
            api_version=asked.api_version,
            enabled_events=asked.enabled_events,
            metadata=metadata,
            _retry_seconds=asked.retry_seconds,
        )
        return present(self._context.state, made) | {"secrets": made["_secrets"]}

    async def _forget(self, request: Request) -> Object:
        return {"forgotten": self._context.state.forget(request.path_params["id"])}

    async def _checkout(self, request: Request) -> Object:
        asked = await _body(request, bodies.Checkout)
        who = request.path_params["who"]
        status = "complete" if asked.outcome in {"settled", "not_settled"} else "open"
        session = self._latest("checkout.session", who, lambda found: found["status"] == status)
        if asked.outcome == "expired":
            checkout.expire(self._context, session)
        elif asked.outcome in {"settled", "not_settled"}:
            checkout.settle(self._context, session, paid=asked.outcome == "settled")
        else:
            checkout.complete(self._context, session, asked.outcome, email=asked.email)
        return present(self._context.state, session)

    async def _card(self, request: Request) -> Object:
        asked = await _body(request, bodies.Card)
        card = change_card(self._context, self._customer(request), asked.outcome)
        return present(self._context.state, card)

    async def _advance(self, request: Request) -> Object:
        """To a moment, by some seconds, or past what comes next."""
        asked = await _body(request, bodies.Advance)
        customer = self._customer(request)
        if customer["test_clock"]:
            raise invalid("This customer lives by a test clock: advance that.")
        now = self._context.now(customer)
        until = now + asked.seconds if asked.to is None else self._moment(customer, asked.to)
        timeline.advance(self._context, customer, until)
        customer["_ahead"] = customer.get("_ahead", 0) + max(0, until - now)
        return {"now": self._context.now(customer), "customer": customer["id"]}

    def _moment(self, customer: Object, to: int | str) -> int:
        if isinstance(to, int):
            return to
        live = [each for each in self._context.state.owned("subscription", customer["id"]) if not each["ended_at"]]
        if not live:
            raise invalid("This customer has no subscription.")
        end = subscriptions.current_end(live[-1])
        # A renewal's invoice is a draft for an hour; the last of the retries comes 15 days after the first.
        return (
            end
            + {"period_end": 0, "renewal": timeline.DRAFT_SECONDS, "last_retry": timeline.DRAFT_SECONDS + 15 * DAY}[to]
        )

    async def _dispute(self, request: Request) -> Object:
        charge = self._context.state.need("charge", request.path_params["id"])
        return present(self._context.state, refunds.dispute(self._context, charge))

    def _customer(self, request: Request) -> Object:
        return self._latest("customer", request.path_params["who"], lambda found: not found.get("_deleted"))

    def _need(self, identity: str) -> Object:
        found = self._context.state.find(identity)
        if found is None:
            raise invalid(f"There is no {identity}.", status=404)
        return found

    def _latest(self, kind: str, who: str, fits: Callable[[Object], bool]) -> Object:
        state = self._context.state
        candidates = reversed([each for each in state.all(kind) if fits(each) and who in tags_of(state, each)])
        found = next(candidates, None)
        if found is None:
            raise invalid(f"There is no {kind} of {who} for that.", status=404)
        return found


async def _body(request: Request, model: type[B]) -> B:
    return model.model_validate_json(await request.body() or b"{}")
