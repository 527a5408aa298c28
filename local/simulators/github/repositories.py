"""Repositories that exist by default, with numbers that follow from their names and the day.

So a hundred thousand of them need no set-up, two simulators agree, and a chart drawn over days looks alive.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# MessagePack of [0, "<owner>/<name>"]: as opaque as GitHub's ids, and stateless.
_NODE_PREFIX = b"\x92\x00\xd9"
_FIRST_DAY = date(2012, 1, 1)


@dataclass(frozen=True)
class Repository:
    """What the simulator can tell of a repository."""

    identity: str
    full_name: str
    stars: int
    forks: int
    watchers: int
    created_at: datetime
    private: bool = False
    archived: bool = False

    @property
    def node_id(self) -> str:
        """Follows from the first name that it had, and so survives its being renamed."""
        name = self.identity.encode()
        packed = _NODE_PREFIX + bytes([len(name)]) + name
        return "R_" + base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @property
    def database_id(self) -> int:
        return _digits(self.identity, "id") % 1_000_000_000

    def as_node(self) -> dict[str, object]:
        """The fields of GraphQL's Repository; any other is not simulated."""
        owner, _, name = self.full_name.partition("/")
        url = f"https://github.com/{self.full_name}"
        return {
            "__typename": "Repository",
            "id": self.node_id,
            "databaseId": self.database_id,
            "name": name,
            "nameWithOwner": self.full_name,
            "owner": {"__typename": "User", "id": "U_" + hashlib.sha256(owner.encode()).hexdigest()[:12],
                      "login": owner, "url": f"https://github.com/{owner}"},
            "stargazerCount": self.stars,
            "forkCount": self.forks,
            "stargazers": {"totalCount": self.stars},
            "forks": {"totalCount": self.forks},
            "watchers": {"totalCount": self.watchers},
            "url": url,
            "createdAt": self.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "isPrivate": self.private,
            "isFork": False,
            "isArchived": self.archived,
        }  # fmt: skip


def repository(full_name: str, day: date, identity: str | None = None) -> Repository:
    """The repository of that name as it stands on that day. Names differing only in case are the same repository."""
    identity = identity or full_name.lower()
    created = _FIRST_DAY + timedelta(days=_digits(identity, "created") % 4000)
    age = max(0, (day - created).days)
    # Most repositories have few stars and a few have very many.
    popularity = 10 ** (_digits(identity, "popularity") % 4000 / 1000)
    stars = int(popularity * (1 + age / 700)) + _digits(identity, day.isoformat()) % 4
    return Repository(
        identity=identity,
        full_name=full_name,
        stars=stars,
        forks=stars // (3 + _digits(identity, "forks") % 9),
        watchers=1 + stars // (10 + _digits(identity, "watchers") % 30),
        created_at=datetime(created.year, created.month, created.day, _digits(identity, "hour") % 24, tzinfo=UTC),
    )


def name_of(node_id: str) -> str | None:
    """The first name of the repository with that id; None when it is no repository's."""
    if not node_id.startswith("R_"):
        return None
    encoded = node_id.removeprefix("R_")
    try:
        packed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        name = packed[4:].decode()
    except ValueError:
        return None
    return name if packed[:3] == _NODE_PREFIX and list(packed[3:4]) == [len(packed) - 4] and "/" in name else None


def _digits(name: str, aspect: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{aspect}:{name}".encode(), digest_size=6).digest())
