"""A subscription's life at Stripe, step by step, and its events, to be delivered when and as often as one likes."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.integration.billing.backend import WEBHOOK, Backend, signed
from tests.support import plain_http
from tests.support.users import User

# What happens, in this order, and which of its events stands for it.
STORY = (
    ("created", "customer.subscription.created"),
    ("checkout", "checkout.session.completed"),
    ("paid", "invoice.paid"),
    ("up", "customer.subscription.updated"),
    ("down", "customer.subscription.updated"),
    ("failed", "invoice.payment_failed"),
    ("paid again", "invoice.paid"),
    ("deleted", "customer.subscription.deleted"),
)

# Seconds until an event must be processed: more than the lease that an event has to wait for whose answer was lost.
TIMEOUT = 180.0
PASSING = {"event_in_progress", "stripe_unavailable", "database_unavailable"}


@dataclass
class Life:
    backend: Backend
    user: User
    http: httpx.AsyncClient
    subscription: str = ""
    lived: int = 0
    seen: int = 0
    reported: dict[int, dict[str, Any]] = field(default_factory=dict)
    monthly: str = "price_pro_monthly"
    plans: dict[str, str] = field(
        default_factory=lambda: {"price_pro_monthly": "pro_monthly", "price_pro_yearly": "pro_yearly"}
    )
    _one_step: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def own_plan(self) -> None:
        """A plan of their own, known by the lookup key of its price."""
        key = f"plan_{self.user.id.hex}"
        self.monthly = await self._price(500, lookup_key=key)
        self.plans[self.monthly] = key
        query = "insert into public.plans (plan, lookup_key, tier) values (%s, %s, 'paid')"
        await asyncio.to_thread(self.backend.change, query, key, key)

    async def raise_price(self) -> None:
        """Another price takes the key over, and nobody can buy at the old one any more."""
        async with self._one_step:
            await self._price(700, lookup_key=self.plans[self.monthly], transfer_lookup_key="true")

    async def _price(self, amount: int, **given: str) -> str:
        form = {"product": "prod_pro", "currency": "usd", "recurring[interval]": "month", **given}
        return str((await self._api("POST", "prices", unit_amount=str(amount), **form))["id"])

    async def live_to(self, step: int) -> None:
        """Lets happen what comes up to this step of the story, this one included."""
        async with self._one_step:
            while self.lived <= step:
                await self._live_on()

    async def deliver(self, step: int) -> None:
        """Its event, which there is once it has happened; again until it is taken, as Stripe does."""
        await self.live_to(step)
        body = json.dumps(self.reported[step]).encode()
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            try:
                answer = await self.http.post(f"{self.backend.functions}{WEBHOOK}", content=body, headers=signed(body))
            except httpx.TransportError:
                continue
            if answer.is_success:
                return
            # Somebody is at it, or a part is slow on a busy machine: no other failure is expected.
            assert answer.json()["code"] in PASSING, answer.text
            await asyncio.sleep(0.05)
        raise AssertionError("the event was never taken")

    async def at_stripe(self) -> dict[str, Any]:
        return await self._api("GET", f"subscriptions/{self.subscription}")

    async def _live_on(self) -> None:
        name = STORY[self.lived][0]
        me = str(self.user.id)
        if name == "created":  # and paid, and the checkout is completed: at Stripe they are one
            customer = await self._api("POST", "customers", **{"metadata[user_id]": me})
            await self._api(
                "POST",
                "checkout/sessions",
                mode="subscription",
                customer=customer["id"],
                success_url="https://showcase.example.com/",
                client_reference_id=me,
                **{"line_items[0][price]": self.monthly, "subscription_data[metadata][user_id]": me},
            )
            self.subscription = (await self._request(f"checkout/{me}"))["subscription"]
        elif name in {"up", "down"}:
            item = (await self.at_stripe())["items"]["data"][0]["id"]
            price = "price_pro_yearly" if name == "up" else self.monthly
            # Without credit for what was paid already, which the next renewal would be paid with.
            change = {"items[0][id]": item, "items[0][price]": price, "proration_behavior": "none"}
            await self._api("POST", f"subscriptions/{self.subscription}", **change)
        elif name == "failed":
            await self._request(f"customers/{me}/card", outcome="card_declined")
            await self._request(f"customers/{me}/advance", to="renewal")
        elif name == "paid again":
            await self._request(f"customers/{me}/card", outcome="ok")
            invoice = (await self.at_stripe())["latest_invoice"]
            await self._api("POST", f"invoices/{invoice}/pay")
        elif name == "deleted":
            await self._api("DELETE", f"subscriptions/{self.subscription}")
        await self._listen()

    async def _listen(self) -> None:
        """Which of the new events stand for what has happened."""
        answer = await self.http.get(f"{self.backend.stripe}/_simulator/events", params={"subject": str(self.user.id)})
        new, self.seen = answer.json()[self.seen :], len(answer.json())
        at_once = 3 if self.lived == 0 else 1
        for step in range(self.lived, self.lived + at_once):
            events = [event for event in new if event["type"] == STORY[step][1]]
            assert events, f"{STORY[step][0]} has not happened"
            self.reported[step] = events[0]
        self.lived += at_once

    async def _api(self, method: str, path: str, **form: str) -> dict[str, Any]:
        answer = await self.http.request(
            method,
            f"{self.backend.stripe}/v1/{path}",
            data=form or None,
            headers={"Authorization": "Bearer sk_test_life"},
        )
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def _request(self, path: str, **body: str) -> Mapping[str, Any]:
        answer = await self.http.post(f"{self.backend.stripe}/_simulator/{path}", json=body)
        assert answer.is_success, answer.text
        reported: Mapping[str, Any] = answer.json()
        return reported


async def assert_as_at_stripe(life: Life) -> None:
    """Row, tier and e-mails, by what Stripe says in the end and by the table of tiers."""
    theirs = await life.at_stripe()
    rows = life.backend.subscriptions(life.user)
    assert len(rows) == 1
    ours = rows[0]
    item = theirs["items"]["data"][0]
    assert ours["stripe_id"] == theirs["id"]
    assert ours["status"] == theirs["status"]
    assert (ours["price_id"], ours["plan"]) == (item["price"]["id"], life.plans[item["price"]["id"]])
    assert ours["current_period_end"].timestamp() == item["current_period_end"]
    assert life.backend.tier(life.user) == ("paid" if theirs["status"] in {"active", "past_due"} else "free")


def assert_emails(life: Life, *certain: str) -> None:
    """Of the story as far as it has been lived: each at most once, and none about what never was so.

    A failed payment that was paid before its event came, or a renewal of what had ended by then, is no news: only the
    types that are `certain` have to be there.
    """
    possible = {("subscription_started", life.subscription)}
    if life.lived > 5:
        failed = life.reported[5]["data"]["object"]
        possible.add(("payment_failed", f"{failed['id']}:{failed['attempt_count']}"))
    if life.lived > 6:
        possible.add(("renewal_succeeded", life.reported[6]["data"]["object"]["id"]))
    if life.lived > 7:
        possible.add(("subscription_canceled", life.subscription))
    found = life.backend.emails(life.user)
    assert len(found) == len(set(found))
    assert set(found) <= possible
    assert set(certain) <= {kind for kind, _ in found}


def assert_invoices(life: Life) -> None:
    """As they are at Stripe now, and the latest among them: the story leaves some invoices' own events out."""
    query = "select stripe_id, status, amount_paid from public.invoices where user_id = %s"
    ours = {row["stripe_id"]: (row["status"], row["amount_paid"]) for row in life.backend.rows(query, life.user.id)}
    listed = plain_http.get(
        f"{life.backend.stripe}/v1/invoices",
        params={"subscription": life.subscription},
        headers={"Authorization": "Bearer sk_test_life"},
    ).json()["data"]
    theirs = {each["id"]: (each["status"], each["amount_paid"]) for each in listed if each["status"] != "draft"}
    assert ours.items() <= theirs.items()
    assert next(iter(theirs)) in ours, "Stripe lists the newest first"
