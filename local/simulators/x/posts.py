"""Posts that exist by default, with numbers that follow from their ids and the day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from local.simulators.deterministic import digits

# The ids are Snowflakes: the upper bits are milliseconds since this moment.
_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_TIME_SHIFT = 22


@dataclass(frozen=True)
class Metrics:
    likes: int
    replies: int
    retweets: int
    quotes: int
    bookmarks: int
    impressions: int


def created_at(post_id: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(post_id) >> _TIME_SHIFT)


def author_id(post_id: str) -> str:
    return str(digits(post_id, "author"))


def metrics(post_id: str, day: date) -> Metrics:
    """The post's numbers as they stand on that day: they grow slowly, and move a little every day."""
    # Most posts are liked by few and a few by very many.
    popularity = 10 ** (digits(post_id, "popularity") % 3500 / 1000)
    age = max(0, (day - created_at(post_id).date()).days)
    likes = int(popularity * (1 + age / 2000)) + digits(post_id, day.isoformat()) % 3
    return Metrics(
        likes=likes,
        replies=likes // (4 + digits(post_id, "replies") % 12),
        retweets=likes // (3 + digits(post_id, "retweets") % 9),
        quotes=likes // (20 + digits(post_id, "quotes") % 40),
        bookmarks=likes // (6 + digits(post_id, "bookmarks") % 20),
        impressions=1 + likes * (20 + digits(post_id, "impressions") % 80),
    )
