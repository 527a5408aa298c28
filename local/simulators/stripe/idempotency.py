"""One request at a time for each idempotency key."""

from local.simulators.stripe import errors


class Turn:
    """Held while a request is worked on; another one with its key is refused meanwhile."""

    def __init__(self, in_progress: set[str], place: str | None) -> None:
        self._in_progress, self._place = in_progress, place

    def __enter__(self) -> None:
        if self._place in self._in_progress:
            raise errors.key_in_use(self._place.rpartition(" ")[2])
        if self._place:
            self._in_progress.add(self._place)

    def __exit__(self, *_: object) -> None:
        if self._place:
            self._in_progress.discard(self._place)
