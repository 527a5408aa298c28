"""A rate limit that really limits: so many points a window for each credential."""

import time
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Allowance:
    """Where a credential stands after a request."""

    limit: int
    remaining: int
    used: int
    reset: int
    allowed: bool


@dataclass
class _Window:
    limit: int
    ends: float
    used: int = 0


class FixedWindows:
    """A window opens with a credential's first request, and starts again when its limit is set differently."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def spend(self, credential: str, points: int, limit: int, seconds: float) -> Allowance:
        now = time.time()
        window = self._windows.get(credential)
        if window is None or window.ends <= now or window.limit != limit or window.ends > now + seconds:
            window = self._windows[credential] = _Window(limit, now + seconds)
        allowed = window.used + points <= window.limit
        window.used = window.used + points if allowed else window.limit
        remaining = limit - window.used
        # Whole seconds, rounded up: a client that waits for `reset` finds the window open.
        return Allowance(limit, remaining, window.used, int(window.ends) + 1, allowed)


class DailyQuotas:
    """So many requests a UTC day for each credential; what is left starts again at midnight UTC."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[date, int]] = {}

    def spend(self, credential: str, limit: int, day: date) -> bool:
        """Whether one more request is within the limit. Those refused do not count."""
        last, used = self._used.get(credential, (day, 0))
        used = used if last == day else 0
        allowed = used < limit
        self._used[credential] = (day, used + 1 if allowed else used)
        return allowed
