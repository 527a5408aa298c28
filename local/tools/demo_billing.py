"""`python -m local.tools.demo_billing`: somebody buys, renews, fails to pay, pays and cancels on a running `make up`.

Only their browser and the time are made up; all else happens as it would: Stripe's simulator sends its events to the
functions, and the rows that are shown are what the functions made of them.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import psycopg
from psycopg.rows import dict_row

from local.console import complain
from local.postgres import cluster as postgres
from local.settings import HOST, Settings, SettingsError, read_settings, with_local_keys

GRACE = "00000000-0000-4000-8000-000000000002"  # of the demo rows; on the free tier at first
TIMEOUT = 15.0  # seconds until an event must have arrived

ROWS = {
    "tier": "select tier from private.users where id = %s and %s is not null",
    "subscription": """
        select status, plan, to_char(current_period_end, 'YYYY-MM-DD') as "until",
          to_char(cancel_at, 'YYYY-MM-DD') as "ended"
        from public.subscriptions where user_id = %s and created_at >= %s
    """,
    "e-mail": """
        select type, payload ->> 'plan' as plan, round((payload ->> 'amount')::numeric / 100, 2) as amount
        from public.notifications
        where user_id = %s and created_at >= %s and type <> 'welcome' order by created_at, type
    """,
}


class DemoError(Exception):
    """The demo cannot go on."""


@dataclass
class Demo:
    settings: Settings
    http: httpx.Client
    database: psycopg.Connection[dict[str, Any]]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    shown: list[str] = field(default_factory=list)

    def run(self) -> None:
        self.tidy_up()
        self.show("Before")
        bought = self.buy("pro_monthly")
        self.step("checkout: the plan is bought", f"checkout/{GRACE}", expecting="paid")
        self.step("a month later: the renewal", f"customers/{GRACE}/advance", to="renewal")
        self.tell(f"customers/{GRACE}/card", outcome="card_declined")
        self.step("another month, and the card is declined", f"customers/{GRACE}/advance", to="renewal")
        self.tell(f"customers/{GRACE}/card", outcome="ok")
        self.step("a better card: Stripe's next try is paid", f"customers/{GRACE}/advance", seconds=4 * 86_400)
        self.cancel()
        self.show("cancelled")
        print(f"\nThe checkout was {bought}\nAll of it: {self.stripe}/_simulator/dashboard")

    @property
    def stripe(self) -> str:
        return self.settings.simulator_url("stripe")

    def buy(self, plan: str) -> str:
        """As the site does for anyone who is signed in; the address of the checkout."""
        now = int(time.time())
        claims = {"sub": GRACE, "role": "authenticated", "aud": "authenticated", "iat": now, "exp": now + 600}
        token = jwt.encode(claims, self.settings.supabase_jwt_secret, algorithm="HS256")
        answer = self.http.post(
            f"{self.settings.gateway_url}/functions/v1/createCheckoutSession",
            json={"plan": plan, "success_path": "/billing", "cancel_path": "/plans"},
            headers={"apikey": self.settings.supabase_publishable_key, "Authorization": f"Bearer {token}"},
        )
        if not answer.is_success:
            raise DemoError(f"createCheckoutSession answered {answer.status_code}: {answer.text}")
        return str(answer.json()["url"])

    def step(self, what: str, path: str, expecting: str = "", **body: Any) -> None:
        self.tell(path, **body)
        self.settle()
        self.show(what)
        if expecting and self.rows("tier")[0]["tier"] != expecting:
            raise DemoError(f"The tier should be {expecting} by now: see the logs.")

    def cancel(self) -> None:
        for subscription in self.live():
            answer = self.http.delete(f"{self.stripe}/v1/subscriptions/{subscription}", headers=self.key)
            answer.raise_for_status()
        self.settle()

    def tidy_up(self) -> None:
        """What an earlier demo may have left, here or at Stripe's simulator."""
        url = f"{self.settings.gateway_url}/functions/v1/reconcileSubscriptions"
        self.http.post(url, json={"anew": True}, headers={"apikey": self.settings.supabase_secret_key})
        if self.live():
            self.cancel()
        self.began = datetime.now(UTC) - timedelta(seconds=1)

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": "Bearer sk_test_local"}

    def live(self) -> list[str]:
        query = "select stripe_id from public.subscriptions where user_id = %s and status <> 'canceled'"
        return [row["stripe_id"] for row in self.database.execute(query, (GRACE,)).fetchall()]

    def tell(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.stripe}/_simulator/{path}", json=body)
        if not answer.is_success:
            raise DemoError(f"Stripe's simulator answered {answer.status_code}: {answer.text}")
        return answer.json()

    def settle(self) -> None:
        """Until every event has arrived."""
        if self.tell("deliveries/drain", subject=GRACE, timeout=TIMEOUT)["under_way"]:
            raise DemoError("Some events have not arrived: see the logs.")

    def rows(self, name: str) -> list[dict[str, Any]]:
        return self.database.execute(ROWS[name].encode(), (GRACE, self.began)).fetchall()

    def show(self, what: str) -> None:
        """The rows as they are now; `+` before those that have just come or changed."""
        lines = [
            f"{name:<13} " + "  ".join(f"{column} {value}" for column, value in row.items() if value is not None)
            for name in ROWS
            for row in self.rows(name)
        ]
        print(f"\n{what[0].upper()}{what[1:]}")
        before = Counter(self.shown)
        for line in lines:
            print(f"  {' ' if before[line] else '+'} {line}")
            before[line] -= 1
        self.shown = lines


@contextmanager
def running_demo(settings: Settings) -> Iterator[Demo]:
    cluster = postgres.locate(settings.state_folder / "pgdata", settings.postgres_port, settings.logs / "postgres.log")
    with (
        psycopg.connect(cluster.url(), autocommit=True, row_factory=dict_row) as database,
        httpx.Client(timeout=30, trust_env=False) as http,
    ):
        yield Demo(settings, http, database)


def main() -> int:
    try:
        settings = read_settings()
        if settings.stack != "embedded" or "stripe" not in settings.simulated():
            raise DemoError("The demo is for the local stack with Stripe's simulator.")
        if not (settings.state_folder / "keys.json").exists():
            raise DemoError(f"Nothing runs on {HOST} yet: start it with `make up`.")
        with running_demo(with_local_keys(settings)) as demo:
            demo.run()
    except (DemoError, SettingsError) as error:
        complain(error)
        return 1
    except (httpx.TransportError, psycopg.OperationalError):
        complain("The stack does not answer: start it with `make up`, in another terminal.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
