"""What X bills: each post that is returned, once a UTC day for each app, and so many a month."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from local.simulators.behaviours import EVERYTHING


class Billing:
    """Apps are distinguished by their credentials."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._today: set[tuple[str, str]] = set()
        self._months: Counter[tuple[str, int, int]] = Counter()
        self._billed: Counter[str] = Counter()

    def bill(self, app: str, post_ids: Iterable[str], day: date) -> None:
        if day != self._day:
            self._day, self._today = day, set()
        for post_id in post_ids:
            if (app, post_id) not in self._today:
                self._today.add((app, post_id))
                self._months[app, day.year, day.month] += 1
                self._billed.update((post_id, app, EVERYTHING))

    def this_month(self, app: str, day: date) -> int:
        return self._months[app, day.year, day.month]

    def billed(self, key: str) -> int:
        """How often a post was billed, or how many posts an app was, since the start."""
        return self._billed[key]
