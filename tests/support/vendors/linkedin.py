"""The simulator of LinkedIn, seen from one test."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from tests.support.vendors.simulators import Simulated

VERSION = "202609"


@dataclass(frozen=True)
class LinkedIn(Simulated):
    """LinkedIn, with posts that no other test asks for."""

    urns: tuple[str, ...]

    def headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token}",
            "linkedin-version": VERSION,
            "x-restli-protocol-version": "2.0.0",
            "x-restli-method": "BATCH_GET",
        }

    def get(self, *urns: str, **headers: str | None) -> httpx.Response:
        """A header that is None is left out."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.raw(f"ids={restli_list(urns)}", {**self.headers(), **given})

    def raw(self, query: str, headers: Mapping[str, str | None]) -> httpx.Response:
        given = {name: value for name, value in headers.items() if value is not None}
        return self.client.get(f"/rest/socialMetadata?{query}", headers=given)

    def post(self, body: str, **headers: str | None) -> httpx.Response:
        tunnel = {"x-http-method-override": "GET", "content-type": "application/x-www-form-urlencoded"}
        given = {**self.headers(), **tunnel, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.post(
            "/rest/socialMetadata",
            content=body,
            headers={name: value for name, value in given.items() if value is not None},
        )

    def ask(self, *urns: str) -> Any:
        answer = self.get(*urns)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def count(self, subject: str) -> int:
        number: int = self.client.get("/_simulator", params={"subject": subject}).json()["counts"][subject]
        return number


def encoded(urn: str) -> str:
    return quote(urn, safe="")


def restli_list(urns: tuple[str, ...]) -> str:
    return f"List({','.join(map(encoded, urns))})"


def new_linkedin(server: httpx.Client) -> LinkedIn:
    first = random.SystemRandom().randrange(10**18, 9 * 10**18)
    kinds = ("share", "ugcPost", "activity")
    urns = tuple(f"urn:li:{kinds[number % 3]}:{first + number}" for number in range(120))
    return LinkedIn(server, token=uuid.uuid4().hex, urns=urns)
