"""Repositories change names; what they were called first stays their identity."""

import re
from typing import Any

from local.simulators.behaviours import FaultRules
from local.simulators.github.behaviours import Renamed

_POSSIBLE = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")


class Names:
    """Both directions of the `renamed` behaviours, built again when those change."""

    def __init__(self, rules: FaultRules[Any]) -> None:
        self._rules = rules
        self._version = -1
        self._now: dict[str, str] = {}
        self._first: dict[str, str] = {}

    def possible(self, name: str) -> bool:
        return _POSSIBLE.fullmatch(name) is not None

    def current(self, identity: str) -> str | None:
        """What a renamed repository is called now; None for one that still has its first name."""
        self._refresh()
        return self._now.get(identity)

    def identity(self, name: str) -> str:
        self._refresh()
        return self._first.get(name.lower(), name.lower())

    def _refresh(self) -> None:
        if self._version != self._rules.version:
            self._version = self._rules.version
            self._now = {first: renamed.to for first, renamed in self._rules.all_of(Renamed).items()}
            self._first = {to.lower(): first for first, to in self._now.items()}
