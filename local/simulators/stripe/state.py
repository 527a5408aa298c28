"""Everything that the simulator remembers, as plain dictionaries in Stripe's newest shape.

Members whose names begin with `_` are its own and are never shown.
"""

import json
import secrets
import string
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.simulators.stripe.errors import missing

Object = dict[str, Any]

_NOUNS = {"payment_method": "PaymentMethod", "test_helpers.test_clock": "test clock"}
_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"


@dataclass
class Answered:
    """What an idempotency key was answered with."""

    fingerprint: str
    status: int
    body: str
    request_id: str


@dataclass
class State:
    """Objects by kind (Stripe's `object`), then by id, the oldest first."""

    kinds: dict[str, dict[str, Object]] = field(default_factory=dict)
    answered: dict[str, Answered] = field(default_factory=dict)
    deliveries: dict[str, Object] = field(default_factory=dict)
    numbers: int = 0
    livemode: bool = False

    def __post_init__(self) -> None:
        """Looking through everything for one customer's would make each test pay for all the others."""
        self._owned: dict[tuple[str, str], dict[str, Object]] = {}
        self._events: dict[str, list[Object]] = {}
        for objects in self.kinds.values():
            for obj in objects.values():
                self._index(obj)

    def add(self, obj: Object) -> Object:
        self.kinds.setdefault(obj["object"], {})[obj["id"]] = obj
        self._index(obj)
        return obj

    def tag(self, event: Object, tags: list[str]) -> None:
        event["_tags"] = tags
        for tag in tags:
            self._events.setdefault(tag, []).append(event)

    def events(self, subject: str | None) -> list[Object]:
        """The oldest first; all of them, or those of one subject."""
        return list(self.all("event")) if subject is None else list(self._events.get(subject, ()))

    def owned(self, kind: str, customer_id: str) -> list[Object]:
        """What was the customer's when it was made."""
        return list(self._owned.get((kind, customer_id), {}).values())

    def _index(self, obj: Object) -> None:
        if isinstance(obj.get("customer"), str):
            self._owned.setdefault((obj["object"], obj["customer"]), {})[obj["id"]] = obj
        for tag in obj.get("_tags", ()):
            self._events.setdefault(tag, []).append(obj)

    def all(self, kind: str) -> Iterator[Object]:
        """A copy: objects may be added meanwhile."""
        return iter(list(self.kinds.get(kind, {}).values()))

    def find(self, identity: str, kind: str | None = None) -> Object | None:
        if kind is not None:
            return self.kinds.get(kind, {}).get(identity)
        return next((objects[identity] for objects in self.kinds.values() if identity in objects), None)

    def need(self, kind: str, identity: str, *, param: str = "id") -> Object:
        """The object, or Stripe's refusal; what was deleted is missing too."""
        found = self.find(identity, kind)
        if found is None or found.get("_deleted"):
            raise missing(_NOUNS.get(kind, kind), identity, param=param, status=404 if param == "id" else 400)
        return found

    def forget(self, identity: str) -> bool:
        held = [objects for objects in self.kinds.values() if identity in objects]
        for objects in held:
            gone = objects.pop(identity)
            self._owned.get((gone["object"], gone.get("customer") or ""), {}).pop(identity, None)
        return bool(held)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers


def save(state: State, file: Path) -> None:
    """Whole or not at all, whenever the process ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".new")
    draft.write_text(json.dumps(asdict(state)), "utf-8")  # the fields, without what is derived from them
    draft.replace(file)


def load(file: Path | None) -> State:
    if file is None or not file.exists():
        return State()
    kept = json.loads(file.read_text("utf-8"))
    answered = {key: Answered(**value) for key, value in kept.pop("answered").items()}
    return State(answered=answered, **kept)
