"""An event about the prices of a product that Stripe no longer has: deleted, or of another account or mode."""

import json
from typing import Any

import httpx
import pytest
from showcase.billing import stripe_api
from showcase.billing.dependencies import Billing
from showcase.billing.domain import Event, ObjectKind
from showcase.billing.events import process
from showcase.billing.settings import BillingSettings
from showcase.database import Database
from showcase.errors import ServiceUnavailable
from showcase.settings import CoreSettings

from tests.support.doubles.responding import responding_client

pytestmark = pytest.mark.anyio

MISSING = {
    "error": {
        "type": "invalid_request_error",
        "code": "resource_missing",
        "param": "product",
        "message": "No such product: 'prod_gone'",
    }
}


async def outcome(*, own: bool) -> tuple[str, dict[str, Any]]:
    """What becomes of `product.deleted`, and what the database was asked, by function."""
    asked: dict[str, Any] = {}
    returned = {
        "record_stripe_event": {"state": "leased", "version": 7},
        "check_stripe_account": own,
        "apply_stripe_prices": {"outcome": "applied"},
        "report_wrong_stripe_account": [],
    }

    def respond(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/rest/v1/rpc/"):
            name = path.rpartition("/")[2]
            asked[name] = json.loads(request.content)
            return httpx.Response(200, json=returned.get(name))
        if path == "/v1/account":
            return httpx.Response(200, json={"id": "acct_1", "object": "account"})
        return httpx.Response(400, json=MISSING)

    http = responding_client(respond)
    keys = {"supabase_publishable_key": "publishable", "supabase_secret_key": "secret"}
    core = CoreSettings.model_validate({"supabase_url": "http://project", **keys})
    settings = BillingSettings.model_validate(
        {
            "site_url": "http://site",
            "stripe_secret_key": "sk_test_x",
            "stripe_webhook_secrets": "whsec_x",
            "stripe_api_url": "http://stripe",
        }
    )
    billing = Billing(Database(http, core), stripe_api.stripe_client(settings, http), settings)
    event = Event("evt_1", "product.deleted", ObjectKind.PRICES, "prod_gone")
    try:
        return await process(billing, event), asked
    except ServiceUnavailable as error:
        return error.code, asked


async def test_with_our_own_key_the_product_has_no_prices() -> None:
    found, asked = await outcome(own=True)
    assert found == "applied"
    assert (asked["apply_stripe_prices"]["prices"], asked["apply_stripe_prices"]["version"]) == ([], 7)
    assert "report_wrong_stripe_account" not in asked


async def test_with_another_accounts_key_nothing_is_applied_and_it_is_a_finding() -> None:
    found, asked = await outcome(own=False)
    assert found == "stripe_unavailable"
    assert "apply_stripe_prices" not in asked
    assert asked["fail_stripe_event"]["error"] == "stripe: forbidden (wrong_stripe_account)"
    assert asked["report_wrong_stripe_account"]["account_id"] == "acct_1"
