"""X's likes, reposts and replies, through `GET /2/tweets` (https://docs.x.com/x-api/posts/get-posts-by-ids).

X bills each post that it returns, once in a UTC day; the database sees to it that we ask no oftener.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from showcase.errors import Failure, VendorError
from showcase.metrics.client import Allowance, Batch
from showcase.metrics.domain import Answer, Counts, Reference, Result
from showcase.metrics.vendors._http import allowance, gone_by_number, is_count, objects, read_json, retry_after, send
from showcase.outbound.http_client import HttpClient
from showcase.outbound.retry import Deadline
from showcase.responses import HttpResponse

VENDOR = "twitter"
LARGEST_BATCH = 100
TOP_UP_WAIT = 6 * 3600.0  # seconds; credits come back when somebody buys some

# The last part of a problem's type URI; its host has changed before.
_FAILURES = {
    "resource-not-found": Failure.GONE,
    "not-authorized-for-resource": Failure.FORBIDDEN,
    "disallowed-resource": Failure.FORBIDDEN,
}


@dataclass(frozen=True)
class X:
    """X at a base URL, e.g. `https://api.x.com`."""

    http: HttpClient
    url: str

    async def fetch(self, references: Sequence[Reference], token: str, deadline: Deadline) -> Batch:
        """See `client.Fetch`."""
        results = gone_by_number(VENDOR, references)
        asked = [reference for reference in references if reference not in results]
        if not asked:
            return Batch(results, Allowance())
        response = await send(
            self.http,
            VENDOR,
            deadline,
            "GET",
            f"{self.url}/2/tweets",
            params={"ids": ",".join(reference.name for reference in asked), "tweet.fields": "public_metrics"},
            headers={"authorization": f"Bearer {token}"},
        )
        return Batch(results | _sort(_read(response), asked), _allowance(response.headers))


def _read(response: HttpResponse) -> dict[str, Any]:
    body = read_json(response)
    if response.status_code == 429:
        wait = (
            _until_next_month() if _problem(body) == "usage-capped" else retry_after(response.headers, "x-rate-limit")
        )
        raise VendorError(VENDOR, Failure.RATE_LIMITED, retry_after=wait)
    if response.status_code == 402:
        raise VendorError(VENDOR, Failure.RATE_LIMITED, "credits depleted", retry_after=TOP_UP_WAIT)
    if response.status_code in {401, 403}:
        raise VendorError(VENDOR, Failure.REJECTED, f"status {response.status_code}")
    if response.status_code != 200 or not isinstance(body, dict):
        raise VendorError(VENDOR, Failure.UNAVAILABLE, f"status {response.status_code}")
    return body


def _problem(body: Any) -> str:
    kind = body.get("type") if isinstance(body, dict) else None
    return str(kind or "").rpartition("/")[2]


def _until_next_month() -> float:
    """Seconds until the usage cap of the month is lifted."""
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return ((month + timedelta(days=32)).replace(day=1) - now).total_seconds()


def _sort(body: Mapping[str, Any], references: Sequence[Reference]) -> dict[Reference, Result]:
    """Found posts are in `data`, the others in `errors` by `resource_id` (or the `value` that was asked for)."""
    posts = {str(post.get("id")): post for post in objects(body.get("data"))}
    failures = {
        str(error.get("resource_id") or error.get("value")): _FAILURES.get(_problem(error), Failure.UNAVAILABLE)
        for error in objects(body.get("errors"))
    }
    return {
        reference: _parse_post(posts.get(reference.name))
        or VendorError(VENDOR, failures.get(reference.name, Failure.UNAVAILABLE))
        for reference in references
    }


def _parse_post(post: Any) -> Answer | None:
    try:
        metrics = post["public_metrics"]
        counts: Counts = {
            "likes": metrics["like_count"],
            "retweets": metrics["retweet_count"] if "retweet_count" in metrics else metrics["repost_count"],
            "replies": metrics["reply_count"],
        }
    except (KeyError, TypeError):
        return None
    return Answer(counts) if all(map(is_count, counts.values())) else None


def _allowance(headers: Mapping[str, str]) -> Allowance:
    remaining, reset = headers.get("x-rate-limit-remaining", ""), headers.get("x-rate-limit-reset", "")
    if not (remaining.isdecimal() and reset.isdecimal() and len(remaining + reset) < 30):
        return Allowance()
    return allowance(int(remaining), datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(int(reset), 2**33)))
