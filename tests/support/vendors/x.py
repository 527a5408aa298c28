"""The simulator of X, seen from one test."""

import random
import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.vendors.simulators import Simulated


@dataclass(frozen=True)
class X(Simulated):
    """X, with ids that no other test asks for."""

    ids: tuple[str, ...]

    def get(self, *ids: str, query: str = "tweet.fields=public_metrics", **headers: str) -> httpx.Response:
        given = {"authorization": f"Bearer {self.token}", **headers}
        return self.client.get(f"/2/tweets?ids={','.join(ids)}&{query}", headers=given)

    def ask(self, *ids: str, query: str = "tweet.fields=public_metrics") -> Any:
        answer = self.get(*ids, query=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self, *subjects: str) -> Any:
        return self.client.get("/_simulator", params={"subject": subjects}).json()

    def billed(self, subject: str) -> int:
        number: int = self.state(subject)["billed"][subject]
        return number


def new_x(server: httpx.Client) -> X:
    first = random.SystemRandom().randrange(10**18, 9 * 10**18)
    return X(server, token=uuid.uuid4().hex, ids=tuple(str(first + number) for number in range(110)))
