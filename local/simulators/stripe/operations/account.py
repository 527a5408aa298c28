"""The account whose key is used."""

from local.simulators.stripe.context import Context
from local.simulators.stripe.operations.base import Operation
from local.simulators.stripe.parameters import Expanding
from local.simulators.stripe.state import Object


def _retrieve(context: Context, _: Expanding, __: str) -> Object:
    return {
        "id": context.settings.account,
        "object": "account",
        "business_profile": {"name": "Showcase", "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "created": 1,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


OPERATIONS = (Operation("accounts.retrieve_current", "GET", "/v1/account", Expanding, _retrieve),)
