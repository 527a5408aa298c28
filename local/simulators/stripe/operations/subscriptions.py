"""Subscriptions."""

from local.simulators.stripe.catalogue import check_product
from local.simulators.stripe.context import Context
from local.simulators.stripe.customers import check_currency
from local.simulators.stripe.errors import invalid, missing
from local.simulators.stripe.events.changes import ItemChange, change_items, collect_due
from local.simulators.stripe.invoicing import billing, payments, subscriptions
from local.simulators.stripe.invoicing.calendar import DAY
from local.simulators.stripe.operations.base import Listing, Operation, retrieve
from local.simulators.stripe.operations.subscription_parameters import (
    Cancel,
    Create,
    Item,
    List,
    ListItems,
    Resume,
    Update,
)
from local.simulators.stripe.parameters import Expanding, merged_metadata, within
from local.simulators.stripe.state import Object

_ONLY_WHEN_ENDED = {"cancellation_details", "metadata", "expand"}


def _create(context: Context, params: Create, _: str) -> Object:
    customer = context.state.need("customer", params.customer, param="customer")
    prices = [_price(context, item.price, position) for position, item in enumerate(params.items)]
    check_currency(context, customer, prices[0]["currency"])
    if isinstance(params.trial_end, int) and params.trial_end <= context.now(customer):
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    card = None
    if params.default_payment_method:
        card = payments.attach(context, customer, params.default_payment_method)
    days = params.trial_period_days
    trial_end = context.now(customer) + days * DAY if days else None
    wanted = subscriptions.Wanted(
        items=[(price, item.quantity or 1) for price, item in zip(prices, params.items, strict=True)],
        metadata=merged_metadata({}, params.metadata),
        trial_end=params.trial_end if isinstance(params.trial_end, int) else trial_end,
        card=card,
        missing_payment_method=params.trial_settings.end_behavior.missing_payment_method,
        payment_behavior=params.payment_behavior,
        description=params.description,
        cancel_at_period_end=params.cancel_at_period_end,
    )
    return subscriptions.begin(context, customer, wanted)


def _update(context: Context, params: Update, identity: str) -> Object:
    subscription = context.state.need("subscription", identity)
    if subscription["ended_at"] and params.model_fields_set - _ONLY_WHEN_ENDED:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    changes = [_change(context, item, position) for position, item in enumerate(params.items)]
    with context.updating(subscription, "customer.subscription.updated"):
        _set_fields(context, subscription, params)
        if changes:
            change_items(context, subscription, changes, params.proration_behavior, params.payment_behavior)
    collect_due(context, subscription)
    return subscription


def _set_fields(context: Context, subscription: Object, params: Update) -> None:
    if params.given("metadata"):
        subscription["metadata"] = merged_metadata(subscription["metadata"], params.metadata)
    if params.given("description"):
        subscription["description"] = params.description
    if params.default_payment_method:
        customer = context.state.kinds["customer"][subscription["customer"]]
        subscription["default_payment_method"] = payments.attach(context, customer, params.default_payment_method)["id"]
    if params.given("pause_collection"):
        pausing = params.pause_collection
        subscription["pause_collection"] = pausing and pausing.model_dump()
    if params.given("trial_end"):
        _set_trial(context, subscription, params.trial_end)
    _set_cancellation(context, subscription, params)
    details = params.cancellation_details
    for name in ("comment", "feedback"):
        if details and details.given(name):
            subscription["cancellation_details"][name] = getattr(details, name)


def _set_cancellation(context: Context, subscription: Object, params: Update) -> None:
    if params.given("cancel_at") and params.cancel_at is not None:
        at = params.cancel_at
        end = subscriptions.current_end(subscription)
        subscriptions.schedule_cancellation(
            context, subscription, end if isinstance(at, str) else at, at_period_end=False
        )
    elif params.given("cancel_at") or (params.given("cancel_at_period_end") and not params.cancel_at_period_end):
        subscriptions.unschedule_cancellation(subscription)
    elif params.cancel_at_period_end:
        subscriptions.schedule_cancellation(context, subscription, subscriptions.current_end(subscription))


def _set_trial(context: Context, subscription: Object, until: int | str | None) -> None:
    now = context.now_of(subscription["customer"])
    end = until if isinstance(until, int) else now
    if end < now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    if subscription["status"] != "trialing":
        raise invalid("The simulator changes the trial of subscriptions that are in one.", param="trial_end")
    subscription |= {"trial_end": end, "billing_cycle_anchor": end, "_announced": []}
    for item in subscription["items"]["data"]:
        item["current_period_end"] = end


def _cancel(context: Context, params: Cancel, identity: str) -> Object:
    subscription = context.state.need("subscription", identity)
    if subscription["ended_at"]:
        raise missing("subscription", identity)
    given = params.cancellation_details
    billing.cancel(
        context, subscription, "cancellation_requested", given.model_dump(exclude_unset=True) if given else None
    )
    return subscription


def _resume(context: Context, _: Resume, identity: str) -> Object:
    subscription = context.state.need("subscription", identity)
    subscriptions.resume(context, subscription)
    return subscription


def _list(context: Context, params: List, _: str) -> Listing:
    if params.customer and context.state.find(params.customer, "customer") is None:
        raise missing("customer", params.customer, param="customer", status=400)
    found = (
        context.state.owned("subscription", params.customer) if params.customer else context.state.all("subscription")
    )
    return Listing(subscription for subscription in found if _fits(subscription, params))


def _fits(subscription: Object, params: List) -> bool:
    items = subscription["items"]["data"]
    first = items[0]
    # Those on test clocks are only shown to who asks for the clock or the customer.
    clock = subscription["test_clock"] if params.customer and not params.test_clock else params.test_clock
    return (
        _has_status(subscription["status"], params.status)
        and params.customer in {None, subscription["customer"]}
        and (params.price is None or any(item["price"] == params.price for item in items))
        and subscription["test_clock"] == clock
        and within(subscription["created"], params.created)
        and within(first["current_period_end"], params.current_period_end)
        and within(first["current_period_start"], params.current_period_start)
    )


def _has_status(status: str, wanted: str | None) -> bool:
    if wanted is None:
        return status not in {"canceled", "incomplete_expired"}
    if wanted == "ended":
        return status in {"canceled", "incomplete_expired"}
    return wanted in {"all", status}


def _list_items(context: Context, params: ListItems, _: str) -> Listing:
    subscription = context.state.need("subscription", params.subscription, param="subscription")
    return Listing(subscription["items"]["data"])


def _change(context: Context, item: Item, position: int) -> ItemChange:
    price = _price(context, item.price, position) if item.price else None
    return ItemChange(item.id, price, item.quantity, item.deleted)


def _price(context: Context, identity: str | None, position: int) -> Object:
    name = f"items[{position}][price]"
    if identity is None:
        raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    price = context.state.need("price", identity, param=name)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=name)
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param=name,
        )
    check_product(context, price, name)
    return price


OPERATIONS = (
    Operation("subscriptions.create", "POST", "/v1/subscriptions", Create, _create),
    Operation("subscriptions.list", "GET", "/v1/subscriptions", List, _list),
    Operation("subscriptions.retrieve", "GET", "/v1/subscriptions/{id}", Expanding, retrieve("subscription")),
    Operation("subscriptions.update", "POST", "/v1/subscriptions/{id}", Update, _update),
    Operation("subscriptions.cancel", "DELETE", "/v1/subscriptions/{id}", Cancel, _cancel),
    Operation("subscriptions.resume", "POST", "/v1/subscriptions/{id}/resume", Resume, _resume),
    Operation("subscription_items.list", "GET", "/v1/subscription_items", ListItems, _list_items),
)
