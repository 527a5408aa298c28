"""A page of all there is: objects, events and deliveries, with the buttons that a developer needs most."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from local.simulators.stripe.console import timeline
from local.simulators.stripe.console.control_bodies import Release, Send
from local.simulators.stripe.console.html import button, document
from local.simulators.stripe.console.pages import change_card
from local.simulators.stripe.context import Context
from local.simulators.stripe.events.dispatch import Dispatch
from local.simulators.stripe.invoicing.calendar import DAY
from local.simulators.stripe.state import Object

_PATH = "/_simulator/dashboard"
_MOST = 50
_SHOWN = (
    ("customer", ("email", "test_clock")),
    ("checkout.session", ("status", "customer", "client_reference_id", "subscription")),
    ("subscription", ("status", "customer", "cancel_at_period_end", "latest_invoice")),
    ("invoice", ("status", "customer", "billing_reason", "amount_due")),
    ("product", ("name", "active")),
    ("price", ("lookup_key", "unit_amount", "currency", "active")),
    ("webhook_endpoint", ("url", "api_version", "status", "metadata")),
    ("test_helpers.test_clock", ("frozen_time", "name")),
)


class Dashboard:
    def __init__(self, context: Context, dispatch: Dispatch) -> None:
        self._context = context
        self._dispatch = dispatch

    def routes(self) -> list[Route]:
        return [
            Route("/", self._front, methods=["GET"]),
            Route(_PATH, self._show, methods=["GET"]),
            Route(_PATH, self._act, methods=["POST"]),
        ]

    async def _front(self, _: Request) -> Response:
        return RedirectResponse(_PATH)

    async def _show(self, _: Request) -> Response:
        links = f'<p><a href="/_simulator">Requests and behaviours</a> · <a href="{_PATH}">Refresh</a></p>' + button(
            "Release held deliveries", {"does": "release"}
        )
        tables = "".join(self._objects(kind, names) for kind, names in _SHOWN)
        return document("Stripe simulator", links + self._events() + tables, wide=True)

    async def _act(self, request: Request) -> Response:
        posted = dict(parse_qsl((await request.body()).decode()))
        does, identity = posted.get("does"), posted.get("id", "")
        customer = self._context.state.find(identity, "customer")
        self._context.dirty = True
        if does == "release":
            await self._dispatch.release(Release())
        elif does == "send":
            await self._dispatch.send(Send(event=identity))
        elif does == "month" and customer and not customer["test_clock"]:
            now = self._context.now(customer)
            timeline.advance(self._context, customer, now + 31 * DAY)
            customer["_ahead"] = customer.get("_ahead", 0) + 31 * DAY
        elif does in {"ok", "card_declined"} and customer:
            change_card(self._context, customer, does)
        return RedirectResponse(_PATH, 303)

    def _objects(self, kind: str, names: tuple[str, ...]) -> str:
        found = list(self._context.state.all(kind))[::-1]
        if not found:
            return ""
        head = "".join(f"<th>{escape(name)}</th>" for name in ("id", *names, ""))
        rows = "".join(self._object(obj, names) for obj in found[:_MOST])
        return f"<h2>{escape(kind)} ({len(found)})</h2><table><tr>{head}</tr>{rows}</table>"

    def _object(self, obj: Object, names: Iterable[str]) -> str:
        cells = "".join(f"<td>{escape(_text(name, obj.get(name)))}</td>" for name in names)
        actions = ""
        if obj["object"] == "customer" and not obj.get("_deleted"):
            own = {"id": str(obj["id"])}
            actions = (
                button("A month passes", {"does": "month", **own})
                + button("Card declines", {"does": "card_declined", **own})
                + button("Card pays", {"does": "ok", **own})
            )
        elif obj["object"] == "checkout.session" and obj["url"]:
            actions = f'<a href="{escape(obj["url"])}">Open</a>'
        name = f"{obj['id']}{' (deleted)' if obj.get('_deleted') else ''}"
        return f"<tr><td>{_details(name, obj)}</td>{cells}<td>{actions}</td></tr>"

    def _events(self) -> str:
        events = list(self._context.state.all("event"))[::-1]
        rows = "".join(self._event(event) for event in events[:_MOST])
        head = "<tr><th>when</th><th>event</th><th>about</th><th>deliveries</th><th></th></tr>"
        return f"<h2>event ({len(events)})</h2><table>{head}{rows}</table>"

    def _event(self, event: Object) -> str:
        deliveries = [self._context.state.deliveries[each] for each in event.get("_deliveries", ())]
        outcomes = "".join(f"<div>{_details(_outcome(each), each)}</div>" for each in deliveries)
        about = event["data"]["object"].get("id", "")
        return (
            f"<tr><td>{_text('created', event['created'])}</td><td>{_details(event['type'], event)}</td>"
            f"<td>{escape(about)}</td><td>{outcomes or '<span class=muted>none</span>'}</td>"
            f"<td>{button('Send again', {'does': 'send', 'id': event['id']})}</td></tr>"
        )


def _outcome(delivery: Object) -> str:
    last = delivery["attempts"][-1] if delivery["attempts"] else None
    answer = f", {last['status'] or last['error']}" if last else ""
    return f"{delivery['state']}{answer} ({len(delivery['attempts'])}) {delivery['url']}"


def _details(summary: str, obj: Object) -> str:
    shown = {name: value for name, value in obj.items() if not name.startswith("_")}
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    return f"<details><summary><code>{escape(summary)}</code></summary><pre>{escape(text)}</pre></details>"


def _text(name: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and name in {"created", "frozen_time"}:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)
