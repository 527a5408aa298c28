"""Checkout sessions: what the hosted page does when somebody pays, is declined, or goes away."""

from local.simulators.stripe.context import Context
from local.simulators.stripe.customers import check_currency, new_customer
from local.simulators.stripe.errors import DECLINES, declined, invalid
from local.simulators.stripe.invoicing import billing, subscriptions
from local.simulators.stripe.invoicing.calendar import DAY
from local.simulators.stripe.invoicing.payments import make_default, new_card
from local.simulators.stripe.state import Object


def complete(context: Context, session: Object, outcome: str = "ok", *, email: str | None = None) -> None:
    """`ok` pays, `processing` pays later (see `settle`), `no_card` begins a trial; a decline changes nothing."""
    if session["status"] != "open":
        raise invalid(f"This checkout session is {session['status']}.")
    if outcome in DECLINES:
        raise declined(outcome)
    if outcome == "no_card" and session["payment_method_collection"] != "if_required":
        raise invalid("This checkout session wants a payment method.")
    customer = _customer(context, session, email)
    check_currency(context, customer, session["currency"], besides=session)
    card = None if outcome == "no_card" else new_card(context, customer)
    if card and customer["invoice_settings"]["default_payment_method"] is None:
        make_default(context, customer, card)
    prices = context.state.kinds["price"]
    subscription = subscriptions.begin(
        context,
        customer,
        subscriptions.Wanted(
            items=[(prices[price], quantity) for price, quantity in session["_items"]],
            metadata=session["_subscription"]["metadata"],
            trial_end=_trial_end(context, customer, session),
            card=card,
            missing_payment_method=session["_subscription"]["missing_payment_method"],
            description=session["_subscription"]["description"],
        ),
    )
    owing = not subscription["trial_end"] and session["amount_total"] > 0
    later = outcome == "processing" and owing
    session |= {
        "status": "complete",
        "payment_status": ("unpaid" if later else "paid") if owing else "no_payment_required",
        "customer": customer["id"],
        "customer_details": _details(customer, email or session["customer_email"]),
        "subscription": subscription["id"],
        "invoice": subscription["latest_invoice"],
        "url": None,
    }
    context.emit("checkout.session.completed", session)


def settle(context: Context, session: Object, *, paid: bool) -> None:
    """The slow payment of a session that was completed as `processing` came, or did not."""
    if session["status"] != "complete" or session["payment_status"] != "unpaid":
        raise invalid("This checkout session waits for no payment.")
    if paid:
        session["payment_status"] = "paid"
        context.emit("checkout.session.async_payment_succeeded", session)
    else:
        context.emit("checkout.session.async_payment_failed", session)
        subscription = context.state.kinds["subscription"][session["subscription"]]
        if not subscription["ended_at"]:
            billing.cancel(context, subscription, "payment_failed")


def expire(context: Context, session: Object) -> None:
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}."
        )
    session |= {"status": "expired", "url": None}
    context.emit("checkout.session.expired", session)


def return_address(session: Object) -> str:
    """Where the browser goes after paying."""
    return str(session["success_url"] or "").replace("{CHECKOUT_SESSION_ID}", session["id"])


def _customer(context: Context, session: Object, email: str | None) -> Object:
    if session["customer"]:
        return context.state.need("customer", session["customer"])
    address = email or session["customer_email"] or "guest@example.com"
    customer = new_customer(context, email=address)
    context.emit("customer.created", customer)
    return customer


def _trial_end(context: Context, customer: Object, session: Object) -> int | None:
    days: int | None = session["_subscription"]["trial_period_days"]
    until: int | None = session["_subscription"]["trial_end"]
    return context.now(customer) + days * DAY if days else until


def _details(customer: Object, email: str | None) -> Object:
    return {
        "address": None,
        "business_name": None,
        "email": email or customer["email"],
        "individual_name": None,
        "name": customer["name"],
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
