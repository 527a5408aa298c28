"""The pages that Stripe hosts: checkout and the billing portal, with buttons in place of card numbers."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from local.simulators.stripe import checkout
from local.simulators.stripe.console.html import amount, button, document
from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import DECLINES, StripeError
from local.simulators.stripe.events.changes import ItemChange, change_items, collect_due
from local.simulators.stripe.invoicing import billing, payments, subscriptions
from local.simulators.stripe.state import Object


class Pages:
    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        return [
            Route("/c/pay/{id}", self._page("checkout.session", self._pay), methods=["GET", "POST"]),
            Route("/p/session/{id}", self._page("billing_portal.session", self._portal), methods=["GET", "POST"]),
            Route("/i/{id}", self._page("invoice", self._invoice), methods=["GET"]),
        ]

    def _page(
        self, kind: str, show: Callable[[Object, Mapping[str, str]], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            found = self._context.state.find(request.path_params["id"], kind)
            if found is None:
                return document("Nothing here", "<p>This page does not exist.</p>", status=404)
            posted = dict(parse_qsl((await request.body()).decode())) if request.method == "POST" else {}
            self._context.dirty = True
            return show(found, posted)

        return endpoint

    def _pay(self, session: Object, posted: Mapping[str, str]) -> Response:
        context = self._context
        if session["status"] != "open":
            return document("Checkout", f"<p>This checkout session is {escape(session['status'])}.</p>", status=410)
        outcome, problem = posted.get("outcome"), ""
        if outcome == "cancel":
            return RedirectResponse(session["cancel_url"] or f"{context.public_url}/c/pay/{session['id']}", 303)
        if outcome:
            try:
                checkout.complete(context, session, outcome)
            except StripeError as error:
                problem = str(error)
            else:
                return RedirectResponse(checkout.return_address(session), 303)
        rows = "".join(self._item(price, quantity) for price, quantity in session["_items"])
        body = (
            f"<table>{rows}</table>"
            f"<p>Due now: <strong>{amount(session['amount_total'], session['currency'])}</strong></p>"
            + (f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else "")
            + button("Pay", {"outcome": "ok"}, main=True)
            + "".join(button(f"Pay with: {each.replace('_', ' ')}", {"outcome": each}) for each in DECLINES)
            + button("Pay by a slow method", {"outcome": "processing"})
            + (
                button("Without a card", {"outcome": "no_card"})
                if session["payment_method_collection"] != "always"
                else ""
            )
            + (button("Cancel", {"outcome": "cancel"}) if session["cancel_url"] else "")
        )
        return document("Checkout", body, status=402 if problem else 200)

    def _item(self, price_id: str, quantity: int) -> str:
        price = self._context.state.kinds["price"][price_id]
        name = self._context.state.kinds["product"][price["product"]]["name"]
        cost = f"{amount(price['unit_amount'], price['currency'])} a {price['recurring']['interval']}"
        return f"<tr><td>{quantity} x {escape(name)}</td><td>{escape(cost)}</td></tr>"

    def _portal(self, session: Object, posted: Mapping[str, str]) -> Response:
        customer = self._context.state.kinds["customer"][session["customer"]]
        if customer.get("_deleted"):
            return document("Billing", "<p>This customer was deleted.</p>", status=410)
        problem = ""
        if posted:
            try:
                self._act(customer, posted)
            except StripeError as error:
                problem = str(error)
        own = self._context.state.owned("subscription", customer["id"])
        card = payments.default_card(self._context, customer)
        paying = f"Card ending in {card['card']['last4']}" if card else "No card"
        back = session["return_url"]
        body = (
            (f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else "")
            + ("".join(self._subscription(each) for each in reversed(own)) or "<p>No subscriptions.</p>")
            + f"<h2>Payment method</h2><p>{paying}</p>"
            + button("A card that pays", {"action_name": "card", "outcome": "ok"})
            + button("A card that declines", {"action_name": "card", "outcome": "card_declined"})
            + (f'<p><a href="{escape(back)}">Return</a></p>' if back else "")
        )
        return document("Billing", body, status=402 if problem else 200)

    def _act(self, customer: Object, posted: Mapping[str, str]) -> None:
        context, action = self._context, posted.get("action_name", "")
        if action == "card":
            change_card(context, customer, posted.get("outcome", "ok"))
            return
        subscription = context.state.need("subscription", posted.get("subscription", ""))
        if subscription["customer"] != customer["id"] or subscription["ended_at"]:
            return
        if action == "cancel_now":
            billing.cancel(context, subscription, "cancellation_requested")
        elif action == "resume" and subscription["status"] == "paused":
            subscriptions.resume(context, subscription)
        elif action in {"cancel", "resume", "price"}:
            with context.updating(subscription, "customer.subscription.updated"):
                if action == "cancel":
                    end = subscriptions.current_end(subscription)
                    subscriptions.schedule_cancellation(context, subscription, end)
                elif action == "resume":
                    subscriptions.unschedule_cancellation(subscription)
                else:
                    price = context.state.need("price", posted.get("price", ""))
                    change = ItemChange(subscription["items"]["data"][0]["id"], price, None)
                    change_items(context, subscription, [change], "always_invoice", "allow_incomplete")
            collect_due(context, subscription)

    def _subscription(self, subscription: Object) -> str:
        item = subscription["items"]["data"][0]
        until = datetime.fromtimestamp(subscriptions.current_end(subscription), UTC)
        word = "ends" if subscription["cancel_at"] else "renews"
        later = "" if subscription["ended_at"] else f", {word} {until:%Y-%m-%d %H:%M} UTC"
        text = f"<h2>{escape(item['price'])}</h2><p>{escape(subscription['status'])}{later}</p>"
        if subscription["ended_at"]:
            return text
        own = subscription["id"]
        undo = subscription["cancel_at"] or subscription["status"] == "paused"
        text += button("Resume", {"action_name": "resume", "subscription": own}) if undo else ""
        text += "" if undo else button("Cancel at period end", {"action_name": "cancel", "subscription": own})
        text += button("Cancel now", {"action_name": "cancel_now", "subscription": own})
        for price in self._context.state.all("price"):
            if price["active"] and price["recurring"] and price["id"] != item["price"]:
                label = f"Change to {price['lookup_key'] or price['id']}"
                text += button(label, {"action_name": "price", "subscription": own, "price": price["id"]})
        return text

    def _invoice(self, invoice: Object, _: Mapping[str, str]) -> Response:
        due = amount(invoice["amount_due"], invoice["currency"])
        return document(f"Invoice {invoice['number']}", f"<p>{due}, {escape(invoice['status'])}</p>")


def change_card(context: Context, customer: Object, outcome: str) -> Object:
    """The card that all of the customer's subscriptions are paid with from now on."""
    card = payments.new_card(context, customer, outcome)
    payments.make_default(context, customer, card)
    for subscription in context.state.owned("subscription", customer["id"]):
        if subscription["default_payment_method"]:
            with context.updating(subscription, "customer.subscription.updated"):
                subscription["default_payment_method"] = card["id"]
    return card
