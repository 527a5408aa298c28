#!/usr/bin/env bash
# stripe 16.1.0 (Python): of the answer of retrieve_async an object of the SDK is made for each mapping in the JSON, with the
# hints of types looked up for each member, and to_dict() makes dictionaries of them again. Of a subscription with its invoice and
# customer expanded this is three quarters of the function calls of a request, headers, encoding and JSON included. The public
# raw_request_async, which bypasses the library's methods, gives the same dictionary without it, with the same retries and errors.
# Seen: 3,169 function calls as an object, 811 as JSON (counted by cProfile, so that no clock decides).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install stripe==16.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import cProfile
import json
import pstats

import stripe

recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed", "meter": None}
price = {"id": "price_1", "object": "price", "active": True, "currency": "usd", "unit_amount": 900, "recurring": recurring}
item = {"id": "si_1", "object": "subscription_item", "quantity": 1, "price": price, "metadata": {}}
line = {"id": "il_1", "object": "line_item", "amount": 900, "period": {"start": 1, "end": 2}, "metadata": {}}
invoice = {
    "id": "in_1", "object": "invoice", "status": "paid", "amount_due": 900, "status_transitions": {"finalized_at": 1},
    "lines": {"object": "list", "has_more": False, "data": [line], "url": "/v1/invoices/in_1/lines"},
}
subscription = {
    "id": "sub_1", "object": "subscription", "status": "active", "created": 1, "metadata": {}, "latest_invoice": invoice,
    "customer": {"id": "cus_1", "object": "customer", "email": "a@example.com", "metadata": {}, "invoice_settings": {}},
    "items": {"object": "list", "has_more": False, "data": [item], "url": "/v1/subscription_items"},
}


class Canned(stripe.HTTPClient):
    name = "canned"

    async def request_async(self, method, url, headers, post_data=None):
        return json.dumps(subscription).encode(), 200, {}


client = stripe.StripeClient("sk_test_1", http_client=Canned())


async def as_object():
    return (await client.v1.subscriptions.retrieve_async("sub_1")).to_dict()


async def as_json():
    return (await client.raw_request_async("get", "/v1/subscriptions/sub_1")).data


def calls(fetch):
    asyncio.run(fetch())  # what is imported at the first call is not counted
    profile = cProfile.Profile()
    found = profile.runcall(asyncio.run, fetch())
    return found, pstats.Stats(profile).total_calls


(whole, dear), (plain, cheap) = calls(as_object), calls(as_json)
assert whole == plain == subscription
print(f"stripe {stripe.VERSION}: {dear} function calls as an object, {cheap} as JSON")
assert dear > 3 * cheap
PYTHON
