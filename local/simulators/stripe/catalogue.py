"""Products and prices, with those of catalogue.json there from the start."""

import json
from pathlib import Path
from typing import Any

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.state import Object, State

_SEED = Path(__file__).with_name("catalogue.json")


def product(identity: str, name: str, created: int, **given: Any) -> Object:
    return {
        "id": identity,
        "object": "product",
        "active": True,
        "created": created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "unit_label": None,
        "updated": created,
        "url": None,
    } | given


def price(identity: str, product_id: str, currency: str, unit_amount: int, created: int, **given: Any) -> Object:
    return {
        "id": identity,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product_id,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if given.get("recurring") else "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    } | given


def recurring(interval: str, count: int = 1) -> Object:
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "usage_type": "licensed",
    }


def check_product(context: Context, price: Object, param: str) -> None:
    product = context.state.kinds["product"][price["product"]]
    if not product["active"]:
        raise invalid(
            f"The product {product['id']} is marked as inactive, and thus no new subscriptions can be created to any "
            f"of its prices. You provided the price {price['id']}.",
            param=param,
        )


def seed(state: State, created: int) -> None:
    """Only what is not there yet: a kept state may have changed it."""
    data = json.loads(_SEED.read_text("utf-8"))
    for entry in data["products"]:
        if not state.find(entry["id"], "product"):
            state.add(product(entry["id"], entry["name"], created, description=entry["description"]))
    for entry in data["prices"]:
        if not state.find(entry["id"], "price"):
            state.add(
                price(
                    entry["id"],
                    entry["product"],
                    entry["currency"],
                    entry["unit_amount"],
                    created,
                    lookup_key=entry["lookup_key"],
                    recurring=recurring(entry["interval"]),
                )
            )
