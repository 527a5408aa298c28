"""What a simulator received: the latest requests in full, and counts by subject of all of them."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from local.simulators.behaviours import EVERYTHING, Scopes

# Headers that tell something about a client without telling a secret.
_SAFE_HEADERS = (
    "accept", "content-type", "content-length", "user-agent", "x-request-id", "traceparent", "idempotency-key",
    "x-github-api-version", "x-http-method-override", "x-restli-method", "x-restli-protocol-version",
    "linkedin-version", "stripe-version",
)  # fmt: skip
_LONGEST_BODY = 10_000
_REDACTED = "[redacted]"


@dataclass
class Received:
    """One request; `status` is None while it is being answered, and stays so if the client goes away."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    at: str
    credential: str | None = None
    subjects: list[str] = field(default_factory=list)
    status: int | None = None
    seconds: float | None = None


class Journal:
    def __init__(self, scopes: Scopes, capacity: int = 500) -> None:
        self._scopes = scopes
        self._latest: deque[Received] = deque(maxlen=capacity)
        self._counts: Counter[str] = Counter()

    def open(self, method: str, path: str, headers: Mapping[str, str], body: bytes, secret: str | None) -> Received:
        """Notes a request as it arrives. The secret that it brought is blotted out wherever it stands."""

        def safe(text: str) -> str:
            return text.replace(secret, _REDACTED) if secret else text

        entry = Received(
            method=method,
            path=safe(path),
            headers={name: safe(headers[name]) for name in _SAFE_HEADERS if name in headers},
            body=safe(body.decode("utf-8", "replace"))[:_LONGEST_BODY],
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        self._latest.append(entry)
        self._counts[EVERYTHING] += 1
        return entry

    def identify(self, entry: Received, credential: str) -> None:
        """Says who asks, by fingerprint."""
        entry.credential = credential
        self._counts[credential] += 1

    def name(self, entry: Received, subjects: Iterable[str]) -> None:
        """Says what the request is about; it counts once for each subject and each wider scope of it."""
        entry.subjects = list(dict.fromkeys(self._scopes(subject)[0] for subject in subjects))
        self._counts.update({key for subject in entry.subjects for key in self._scopes(subject)} - {EVERYTHING})

    def count(self, subject: str = EVERYTHING) -> int:
        return self._counts[subject]

    def latest(self, subjects: Sequence[str] = (EVERYTHING,), limit: int = 50) -> list[dict[str, object]]:
        """The newest requests that are about one of the subjects, the newest first."""
        wanted = set(subjects)
        about = (entry for entry in reversed(self._latest) if wanted & self._keys(entry))
        return [asdict(entry) for entry, _ in zip(about, range(limit), strict=False)]

    def clear(self) -> None:
        self._latest.clear()
        self._counts.clear()

    def _keys(self, entry: Received) -> set[str]:
        return {EVERYTHING, entry.credential or EVERYTHING, *(key for s in entry.subjects for key in self._scopes(s))}
