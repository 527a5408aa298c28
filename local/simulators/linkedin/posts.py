"""Posts that exist by default, with numbers that follow from their URNs and the day."""

from dataclasses import dataclass, field
from datetime import date

from local.simulators.deterministic import digits

_FIRST_DAY = date(2020, 1, 1)
_SHARES = {"PRAISE": 8, "EMPATHY": 12, "INTEREST": 16, "APPRECIATION": 30, "ENTERTAINMENT": 45}


@dataclass(frozen=True)
class Social:
    """What LinkedIn sums up of a post. A reaction that nobody had is not mentioned."""

    reactions: dict[str, int] = field(default_factory=dict)
    comments: int = 0
    top_level_comments: int = 0

    def as_json(self, urn: str) -> dict[str, object]:
        return {
            "reactionSummaries": {
                kind: {"reactionType": kind, "count": count} for kind, count in self.reactions.items()
            },
            "commentsState": "OPEN",
            "commentSummary": {"count": self.comments, "topLevelCount": self.top_level_comments},
            "entity": urn,
        }


def social(urn: str, day: date) -> Social:
    """The post's numbers as they stand on that day: they grow slowly, and move a little every day."""
    # Most posts are liked by few and a few by very many.
    popularity = 10 ** (digits(urn, "popularity") % 3200 / 1000)
    likes = int(popularity * (1 + (day - _FIRST_DAY).days / 4000)) + digits(urn, day.isoformat()) % 3
    others = {kind: likes // (share + digits(urn, kind) % share) for kind, share in _SHARES.items()}
    comments = likes // (5 + digits(urn, "comments") % 15)
    return Social(
        reactions={kind: count for kind, count in ({"LIKE": likes} | others).items() if count},
        comments=comments,
        top_level_comments=comments - comments // 3,
    )
