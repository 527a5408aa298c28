"""GitHub's stars, forks and watchers, through its GraphQL API (https://docs.github.com/en/graphql).

REST would not do: its `watchers_count` is the number of stars.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from showcase.errors import Failure, VendorError
from showcase.metrics.client import Allowance, Batch
from showcase.metrics.domain import Answer, Counts, Reference, Result
from showcase.metrics.vendors._http import allowance, is_count, objects, read_json, retry_after, send
from showcase.outbound.http_client import HttpClient
from showcase.outbound.retry import Deadline
from showcase.responses import HttpResponse

VENDOR = "github"
FIRST_BATCH = 50
LARGEST_BATCH = 100  # aliases in one query

_FIELDS = "id nameWithOwner isPrivate stargazerCount forkCount watchers { totalCount }"
_FAILURES = {"NOT_FOUND": Failure.GONE, "FORBIDDEN": Failure.FORBIDDEN}
_LIMITS = {"RATE_LIMITED", "RATE_LIMIT"}
_NODE_ID = re.compile(r"[\w=+/-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class GitHub:
    """GitHub at a base URL, e.g. `https://api.github.com`."""

    http: HttpClient
    url: str

    async def fetch(self, references: Sequence[Reference], token: str, deadline: Deadline) -> Batch:
        """See `client.Fetch`. Asks by node id where it is known, so that a renamed repository keeps its numbers."""
        aliases = {f"r{index}": reference for index, reference in enumerate(references)}
        query, variables = _query(aliases)
        response = await send(
            self.http,
            VENDOR,
            deadline,
            "POST",
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {token}"},
        )
        body = _read(response)
        return Batch(_sort(body, aliases), _allowance(body))


def _query(aliases: Mapping[str, Reference]) -> tuple[str, dict[str, str]]:
    """Names and ids travel as variables, so no text of users becomes part of the query."""
    declared: list[str] = []
    asked: list[str] = []
    variables: dict[str, str] = {}
    for alias, reference in aliases.items():
        if reference.platform_id:
            declared.append(f"${alias}: ID!")
            asked.append(f"{alias}: node(id: ${alias}) {{ ...counts }}")
            variables[alias] = reference.platform_id
        else:
            declared.append(f"${alias}o: String!, ${alias}n: String!")
            asked.append(f"{alias}: repository(owner: ${alias}o, name: ${alias}n) {{ ...counts }}")
            variables[f"{alias}o"], _, variables[f"{alias}n"] = reference.name.partition("/")
    counts = f"fragment counts on Repository {{ {_FIELDS} }}"
    limit = "rateLimit { cost remaining resetAt }"
    return f"query({', '.join(declared)}) {{ {limit} {' '.join(asked)} }} {counts}", variables


def _read(response: HttpResponse) -> dict[str, Any]:
    """The answer's JSON, or what its status and headers mean.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """
    body = read_json(response)
    if response.status_code == 429 or _is_limit(response, body):
        raise VendorError(VENDOR, Failure.RATE_LIMITED, retry_after=retry_after(response.headers, "x-ratelimit"))
    if response.status_code in {401, 403}:
        raise VendorError(VENDOR, Failure.REJECTED, f"status {response.status_code}")
    if response.status_code != 200 or not isinstance(body, dict):
        raise VendorError(VENDOR, Failure.UNAVAILABLE, f"status {response.status_code}, unreadable body")
    return body


def _is_limit(response: HttpResponse, body: Any) -> bool:
    """Primary: a 200 with an error or 403 with nothing left; secondary: a 200 or 403 that says when or names itself."""
    types = {str(error.get("type")) for error in objects(body.get("errors"))} if isinstance(body, dict) else set()
    spent = response.status_code == 403 and response.headers.get("x-ratelimit-remaining") == "0"
    message = str(body.get("message", "")) if isinstance(body, dict) else ""
    secondary = response.status_code == 403 and "rate limit" in message.lower()
    return bool(types & _LIMITS) or spent or secondary or "retry-after" in response.headers


def _sort(body: Mapping[str, Any], aliases: Mapping[str, Reference]) -> dict[Reference, Result]:
    """Errors name the alias they are about in `path`; an alias without node or error is no answer, never a zero."""
    failures = {
        str(path[0]): _FAILURES.get(str(error.get("type")), Failure.UNAVAILABLE)
        for error in objects(body.get("errors"))
        if isinstance(path := error.get("path"), list) and path
    }
    data = body.get("data")
    nodes = data if isinstance(data, dict) else {}
    hidden = {alias for alias, node in nodes.items() if isinstance(node, dict) and node.get("isPrivate")}
    return {
        reference: VendorError(VENDOR, Failure.GONE)  # as for strangers, whatever our own token may see
        if alias in hidden
        else _parse_repository(nodes.get(alias)) or VendorError(VENDOR, failures.get(alias, Failure.UNAVAILABLE))
        for alias, reference in aliases.items()
    }


def _parse_repository(node: Any) -> Answer | None:
    try:
        counts: Counts = {
            "stars": node["stargazerCount"],
            "forks": node["forkCount"],
            "watchers": node["watchers"]["totalCount"],
        }
        platform_id = node["id"]
    except (KeyError, TypeError):
        return None
    known = isinstance(platform_id, str) and _NODE_ID.fullmatch(platform_id)
    return Answer(counts, platform_id) if known and all(map(is_count, counts.values())) else None


def _allowance(body: Mapping[str, Any]) -> Allowance:
    try:
        limit = body["data"]["rateLimit"]
        return allowance(limit["remaining"], datetime.fromisoformat(limit["resetAt"]))
    except (KeyError, TypeError, ValueError):
        return Allowance()
