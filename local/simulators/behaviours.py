"""How a simulator is set to behave: by subject, so that tests sharing one simulator do not disturb each other.

A subject is what a request is about (a repository, a post, `token:<credential>`), or `*` for every request.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

EVERYTHING = "*"
_CREDENTIAL = "token:"
_FINGERPRINT = re.compile(r"token:[0-9a-f]{12}")

# The keys a subject answers to, the most specific first: `ada/engine` -> (`ada/engine`, `ada/*`, `*`).
Scopes = Callable[[str], tuple[str, ...]]


class Behaviour(BaseModel):
    """One way to behave; the subclasses say which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    times: int | None = Field(default=None, ge=1, description="how often before it is over; always when left out")
    over_subjects: int = Field(default=0, ge=0, description="only for requests that name more subjects than this")


B = TypeVar("B", bound=Behaviour)
Wanted = TypeVar("Wanted", bound=Behaviour)


@dataclass
class _Entry(Generic[B]):
    behaviour: B
    left: int | None


def credential_subject(credential: str) -> str:
    """Names a credential without telling it."""
    return _CREDENTIAL + hashlib.sha256(credential.encode()).hexdigest()[:12]


def default_scopes(subject: str) -> tuple[str, ...]:
    return (EVERYTHING,) if subject == EVERYTHING else (subject, EVERYTHING)


class FaultRules(Generic[B]):
    """Which subject behaves how. `version` changes with every edit, for indexes built upon the rules."""

    def __init__(self, scopes: Scopes = default_scopes) -> None:
        self.scopes = scopes
        self.version = 0
        self._entries: dict[str, list[_Entry[B]]] = {}

    def key(self, subject: str) -> str:
        """The subject as it is kept: credentials as fingerprints, names as the vendor compares them."""
        if _FINGERPRINT.fullmatch(subject):  # as it is shown
            return subject
        if subject.startswith(_CREDENTIAL):
            return credential_subject(subject.removeprefix(_CREDENTIAL))
        return self.scopes(subject)[0]

    def put(self, wanted: Mapping[str, Sequence[B]]) -> None:
        """Replaces the behaviours of the named subjects, leaving the others."""
        for subject, behaviours in wanted.items():
            self._entries[self.key(subject)] = [_Entry(behaviour, behaviour.times) for behaviour in behaviours]
        self.version += 1

    def remove(self, subject: str | None = None) -> None:
        """Back to normal: one subject, or all of them."""
        if subject is None:
            self._entries.clear()
        else:
            self._entries.pop(self.key(subject), None)
        self.version += 1

    def match(self, subjects: Iterable[str], kind: type[Wanted], named: int = 1) -> Wanted | None:
        """The first behaviour of that kind that holds for any of the subjects, using one of its times.

        `named` is how many subjects the whole request names. A more specific setting goes before a wider one.
        """
        if not self._entries:
            return None
        scopes = [self.scopes(subject) for subject in subjects]
        deepest = max(map(len, scopes), default=0)
        for level in range(deepest, 0, -1):
            # Scopes are compared from their wide end: every one of them ends in `*`.
            for key in dict.fromkeys(keys[-level] for keys in scopes if len(keys) >= level):
                for entry in self._entries.get(key, ()):
                    behaviour = entry.behaviour
                    holds = behaviour.over_subjects == 0 or named > behaviour.over_subjects
                    if isinstance(behaviour, kind) and entry.left != 0 and holds:
                        entry.left = None if entry.left is None else entry.left - 1
                        return behaviour
        return None

    def all_of(self, kind: type[Wanted]) -> dict[str, Wanted]:
        """Every subject with a behaviour of that kind."""
        found: dict[str, Wanted] = {}
        for key, entries in self._entries.items():
            for entry in entries:
                if isinstance(entry.behaviour, kind):
                    found[key] = entry.behaviour
        return found

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        return {
            key: [
                {"kind": getattr(entry.behaviour, "kind", "")}
                | entry.behaviour.model_dump(mode="json", exclude_defaults=True, exclude={"times"})
                | ({} if entry.left is None else {"times": entry.behaviour.times, "left": entry.left})
                for entry in entries
            ]
            for key, entries in self._entries.items()
        }
