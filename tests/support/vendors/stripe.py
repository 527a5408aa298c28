"""The simulator of Stripe, seen from one test, and a webhook endpoint that remembers what it was sent."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.cluster import TestCluster
from tests.support.vendors.simulators import running_simulator

SECRET = "whsec_test"

# The SDK hands httpx its bodies in a way that httpx does not like; nothing of ours.
SDK_WARNING = "ignore:Use 'content=:DeprecationWarning"


@dataclass(frozen=True)
class Exchange:
    method: str
    url: str
    body: str
    status: int
    answer: Any


class RecordingClient(stripe.HTTPXClient):
    """The SDK's own client for httpx, noting what passes."""

    def __init__(self) -> None:
        super().__init__(allow_sync_methods=True)
        self.exchanges: list[Exchange] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **rest: Any) -> Any:
        content, status, answered = super().request(method, url, headers, post_data, **rest)
        self.exchanges.append(Exchange(method, url, post_data or "", status, json.loads(content)))
        return content, status, answered


@dataclass(frozen=True)
class Stripe:
    """A running simulator, and somebody whom no other test knows."""

    control: httpx.Client
    http: RecordingClient
    user: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def url(self) -> str:
        return str(self.control.base_url).rstrip("/")

    def sdk(self, key: str = "sk_test_showcase", version: str | None = None, retries: int = 0) -> stripe.StripeClient:
        addresses: Any = {"api": self.url}
        return stripe.StripeClient(
            key, base_addresses=addresses, http_client=self.http, stripe_version=version, max_network_retries=retries
        )

    def customer(self, **given: Any) -> stripe.Customer:
        """With the user's id on it, as our own functions write it; with a card that pays unless set otherwise."""
        params = {"metadata": {"user_id": self.user}, "email": f"{self.user}@example.com", **given}
        return self.sdk().v1.customers.create(params)  # type: ignore[arg-type]

    def paying_customer(self, card: str = "pm_card_visa", **given: Any) -> stripe.Customer:
        settings = {"default_payment_method": card}
        return self.customer(payment_method=card, invoice_settings=settings, **given)

    def subscribe(self, customer: str, price: str = "price_pro_monthly", **given: Any) -> stripe.Subscription:
        params = {"customer": customer, "items": [{"price": price}], **given}
        return self.sdk().v1.subscriptions.create(params)  # type: ignore[arg-type]

    def checkout(self, **given: Any) -> stripe.checkout.Session:
        params = {
            "mode": "subscription",
            "line_items": [{"price": "price_pro_monthly", "quantity": 1}],
            "success_url": "http://127.0.0.1:3000/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:3000/plans",
            "client_reference_id": self.user,
            **given,
        }
        return self.sdk().v1.checkout.sessions.create(params)  # type: ignore[arg-type]

    def behave(self, subject: str, *behaviours: dict[str, Any]) -> None:
        answer = self.control.put("/_simulator/behaviours", json={subject: behaviours})
        assert answer.status_code == 200, answer.text

    def tell(self, path: str, **body: Any) -> Any:
        answer = self.control.post(f"/_simulator/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(self, *types: str) -> list[dict[str, Any]]:
        """Of this user, the oldest first."""
        events = self.control.get("/_simulator/events", params={"subject": self.user}).json()
        return [event for event in events if not types or event["type"] in types]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]

    def deliveries(self, **query: str) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self.control.get(
            "/_simulator/deliveries", params={"subject": self.user, **query}
        ).json()
        return answer

    def listen(self, url: str, **given: Any) -> Any:
        """This user's events go there, and nowhere else."""
        body = {"url": url, "secrets": [SECRET], "subject": self.user, "retry_seconds": [0.01] * 5, **given}
        answer = self.control.put("/_simulator/endpoints", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def drain(self) -> None:
        assert self.tell("deliveries/drain", subject=self.user) == {"under_way": 0}


@contextmanager
def new_stripe(server: httpx.Client) -> Iterator[Stripe]:
    http = RecordingClient()
    try:
        yield Stripe(server, http)
    finally:
        http.close()  # type: ignore[no-untyped-call]


@contextmanager
def running_stripe(
    cluster: TestCluster, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[httpx.Client]:
    with running_simulator("stripe", cluster, folder, environment) as client:
        yield client


@dataclass(frozen=True)
class Received:
    body: bytes
    signature: str

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Receiver:
    """Takes everything, unless `answer` says otherwise."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[int], int] = lambda _: 200

    async def _take(self, request: Request) -> Response:
        signature = request.headers.get("stripe-signature", "")
        self.received.append(Received(await request.body(), signature))
        return Response(status_code=self.answer(len(self.received)))

    def types(self) -> list[str]:
        return [each.event["type"] for each in self.received]

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/", self._take, methods=["POST"])])


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    config = uvicorn.Config(receiver.app(), port=0, log_level="critical", timeout_graceful_shutdown=0, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/"
    try:
        yield receiver
    finally:
        server.should_exit = True
        thread.join(10)
