"""LinkedIn's reactions and comments, through `/rest/socialMetadata`.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/social-metadata-api

Only posts of organisations that the token's member administers can be read; any other is `forbidden`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from showcase.errors import Failure, VendorError
from showcase.metrics.client import Allowance, Batch
from showcase.metrics.domain import Answer, Counts, Reference, Result
from showcase.metrics.vendors._http import gone_by_number, is_count, read_json, send
from showcase.outbound.http_client import HttpClient
from showcase.outbound.retry import Deadline
from showcase.responses import HttpResponse

VENDOR = "linkedin"
LARGEST_BATCH = 50
SUNSET_WAIT = 3600.0  # seconds; versions are served for a year, and then somebody has to choose a newer one
LONGEST_URL = 4000  # characters; beyond it Rest.li wants the query in the body of a POST

_FAILURES = {403: Failure.FORBIDDEN, 404: Failure.GONE}


@dataclass(frozen=True)
class LinkedIn:
    """LinkedIn at a base URL, e.g. `https://api.linkedin.com`, and the version (YYYYMM) that we speak."""

    http: HttpClient
    url: str
    version: str

    async def fetch(self, references: Sequence[Reference], token: str, deadline: Deadline) -> Batch:
        """See `client.Fetch`. LinkedIn announces no limits, so the allowance is always empty."""
        results = gone_by_number(VENDOR, references)
        asked = [reference for reference in references if reference not in results]
        if asked:
            response = await self._ask(asked, token, deadline)
            results |= _sort(_read(response), asked)
        return Batch(results, Allowance())

    async def _ask(self, references: Sequence[Reference], token: str, deadline: Deadline) -> HttpResponse:
        """A Rest.li 2.0 BATCH_GET; commas and parentheses of the list stay as they are, its URNs are encoded."""
        query = f"ids=List({','.join(quote(reference.name, safe='') for reference in references)})"
        url = f"{self.url}/rest/socialMetadata"
        headers = {
            "authorization": f"Bearer {token}",
            "linkedin-version": self.version,
            "x-restli-protocol-version": "2.0.0",
            "x-restli-method": "BATCH_GET",
        }
        if len(url) + len(query) < LONGEST_URL:
            return await send(self.http, VENDOR, deadline, "GET", f"{url}?{query}", headers=headers)
        headers |= {"x-http-method-override": "GET", "content-type": "application/x-www-form-urlencoded"}
        return await send(self.http, VENDOR, deadline, "POST", url, content=query.encode(), headers=headers)


def _read(response: HttpResponse) -> dict[str, Any]:
    if response.status_code == 429:
        raise VendorError(VENDOR, Failure.RATE_LIMITED, retry_after=_until_tomorrow())
    if response.status_code == 426:
        raise VendorError(VENDOR, Failure.REJECTED, "LINKEDIN_VERSION is no longer served", retry_after=SUNSET_WAIT)
    if response.status_code in {401, 403}:
        raise VendorError(VENDOR, Failure.REJECTED, f"status {response.status_code}")
    body = read_json(response)
    if response.status_code != 200 or not isinstance(body, dict):
        raise VendorError(VENDOR, Failure.UNAVAILABLE, f"status {response.status_code}")
    return body


def _until_tomorrow() -> float:
    """Quotas are by day and reset at midnight UTC; no header says so."""
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()


def _sort(body: Mapping[str, Any], references: Sequence[Reference]) -> dict[Reference, Result]:
    """Results and errors are keyed by URN, encoded or not."""
    results, errors, statuses = (_by_urn(body.get(part)) for part in ("results", "errors", "statuses"))
    return {
        reference: _parse_metadata(results.get(reference.name))
        or _failure(errors.get(reference.name), statuses.get(reference.name))
        for reference in references
    }


def _by_urn(part: Any) -> dict[str, Any]:
    return {unquote(urn): value for urn, value in part.items()} if isinstance(part, dict) else {}


def _failure(error: Any, status: Any) -> VendorError:
    status = error.get("status", status) if isinstance(error, dict) else status
    failure = _FAILURES.get(status, Failure.UNAVAILABLE) if isinstance(status, int) else Failure.UNAVAILABLE
    return VendorError(VENDOR, failure)


def _parse_metadata(metadata: Any) -> Answer | None:
    """Likes are all reactions together: LinkedIn has several, and shows their sum."""
    try:
        reactions = [reaction["count"] for reaction in metadata["reactionSummaries"].values()]
        comments = metadata["commentSummary"]["count"]
    except (KeyError, TypeError, AttributeError):
        return None
    if not all(map(is_count, [*reactions, comments])):
        return None
    counts: Counts = {"likes": sum(reactions), "comments": comments}
    return Answer(counts) if is_count(counts["likes"]) else None
