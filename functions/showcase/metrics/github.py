"""GitHub's stars, forks and watchers, through its GraphQL API (https://docs.github.com/en/graphql).

REST would not do: its `watchers_count` is the number of stars.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from showcase.errors import Failure, VendorError
from showcase.metrics.domain import Counts, Repository
from showcase.retry import Deadline, retrying
from showcase.telemetry import timed

SECONDARY_LIMIT_WAIT = 60.0  # seconds; what GitHub asks for where it does not say

_FIELDS = "nameWithOwner stargazerCount forkCount watchers { totalCount }"
_FAILURES = {"NOT_FOUND": Failure.GONE, "FORBIDDEN": Failure.FORBIDDEN, "RATE_LIMITED": Failure.RATE_LIMITED}


async def fetch(
    http: httpx.AsyncClient, url: str, token: str, repositories: Sequence[Repository], deadline: Deadline
) -> Mapping[Repository, Counts | VendorError]:
    """Asks about several repositories in one request: each gets its counts, or why it has none.

    Raises:
        VendorError: GitHub gave no answer at all, or refused the whole request.
    """
    aliases = {f"r{index}": repository for index, repository in enumerate(repositories)}
    variables = {f"{part}{alias}": getattr(r, part) for alias, r in aliases.items() for part in ("owner", "name")}
    body = {"query": _query(aliases), "variables": variables}

    async def ask() -> dict[str, Any]:
        try:
            async with asyncio.timeout(deadline.remaining):
                response = await http.post(f"{url}/graphql", json=body, headers={"Authorization": f"Bearer {token}"})
        except (httpx.TransportError, TimeoutError) as error:
            raise VendorError("github", Failure.UNAVAILABLE, type(error).__name__) from error
        return _read(response)

    with timed("github"):
        answer = await retrying(ask, deadline)
    return _sort(answer, aliases)


def _query(aliases: Mapping[str, Repository]) -> str:
    """Owners and names travel as variables, so nothing that people typed becomes part of the query."""
    declared = ", ".join(f"$owner{alias}: String!, $name{alias}: String!" for alias in aliases)
    asked = " ".join(f"{a}: repository(owner: $owner{a}, name: $name{a}) {{ {_FIELDS} }}" for a in aliases)
    return f"query({declared}) {{ {asked} }}"


def _read(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON, or what its status and headers mean.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """
    if response.status_code >= 500:
        raise VendorError("github", Failure.UNAVAILABLE, f"status {response.status_code}")
    try:
        body = response.json()
    except ValueError:
        body = None
    errors = body.get("errors", []) if isinstance(body, dict) else []
    limited = any(e.get("type") == "RATE_LIMITED" for e in errors if isinstance(e, dict))
    if limited or response.status_code == 429 or _is_limit(response):
        raise VendorError("github", Failure.RATE_LIMITED, retry_after=_retry_after(response.headers))
    if response.status_code in {401, 403}:
        raise VendorError("github", Failure.REJECTED, f"status {response.status_code}: is GITHUB_TOKEN valid?")
    if response.status_code != 200 or not isinstance(body, dict):
        raise VendorError("github", Failure.UNAVAILABLE, f"status {response.status_code}, unreadable body")
    return body


def _is_limit(response: httpx.Response) -> bool:
    """Secondary limits are a 200 or a 403 with Retry-After, the primary one may be a 403 with nothing remaining."""
    spent = response.status_code == 403 and response.headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in response.headers


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds until GitHub wants to be asked again: Retry-After first, then the reset time, then a minute."""
    if (seconds := headers.get("retry-after", "")).isdigit():
        return float(seconds)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, float(reset) - time.time())
    return SECONDARY_LIMIT_WAIT


def _sort(answer: Mapping[str, Any], aliases: Mapping[str, Repository]) -> dict[Repository, Counts | VendorError]:
    """Errors name the alias they are about in `path`; an alias without node or error is no answer, never a zero."""
    failures = {
        error["path"][0]: _FAILURES.get(str(error.get("type")), Failure.UNAVAILABLE)
        for error in answer.get("errors") or []
        if isinstance(error, dict) and isinstance(error.get("path"), list) and error["path"]
    }
    data = answer.get("data")
    nodes = data if isinstance(data, dict) else {}
    return {
        repository: _counts(nodes.get(alias))
        or VendorError("github", failures.get(alias, Failure.UNAVAILABLE), "no usable answer for this repository")
        for alias, repository in aliases.items()
    }


def _counts(node: Any) -> Counts | None:
    try:
        counts = {
            "stars": node["stargazerCount"],
            "forks": node["forkCount"],
            "watchers": node["watchers"]["totalCount"],
        }
    except (KeyError, TypeError):
        return None
    return counts if all(type(count) is int and count >= 0 for count in counts.values()) else None
