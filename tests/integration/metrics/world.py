"""Platforms that a test makes well or ill at will."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from showcase.errors import Failure, VendorError
from showcase.metrics.client import Allowance, Batch, Client
from showcase.metrics.domain import COUNTED, Answer, Platform, Reference, Result
from showcase.outbound.retry import Deadline


@dataclass
class World:
    """The platforms as they are at the moment: what each says of a reference, and of us."""

    failing: dict[str, Failure] = field(default_factory=dict)
    refusing: dict[Platform, VendorError] = field(default_factory=dict)

    def client(self, platform: Platform) -> Client:
        async def fetch(references: Sequence[Reference], credential: str, deadline: Deadline) -> Batch:
            if platform in self.refusing:
                raise self.refusing[platform]
            return Batch({reference: self._result(platform, reference) for reference in references}, Allowance())

        return Client(platform, fetch, {"only": "credential"}, 2, 2)

    def _result(self, platform: Platform, reference: Reference) -> Result:
        if reference.name in self.failing:
            return VendorError(platform, self.failing[reference.name])
        return Answer(dict.fromkeys(COUNTED[platform], random.randrange(1, 1000)), f"id-{len(reference.name)}")
