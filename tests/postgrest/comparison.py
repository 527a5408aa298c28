"""Makes two answers comparable: what differs from run to run is replaced, what has no order is sorted."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.postgrest.recording import Answer, Changes, Exchange, parse_answer

RECORDED_ON = datetime(2026, 11, 27, tzinfo=UTC)  # also the creation time of some of the recorded rows
MARGIN = timedelta(days=2)
# Not what proxies in between change (Content-Length, Date) or the gateway answers itself (CORS).
COMPARED: tuple[str, ...] = (
    *("allow", "content-location", "content-profile", "content-range", "content-type", "location"),
    *("preference-applied", "proxy-status", "vary", "www-authenticate", "warning"),
)
_UUID = re.compile(r"(?!00000000-0000-4000-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?")


def answer_of(response: httpx.Response, changes: Changes) -> Answer:
    return Answer(response.status_code, response.headers, _body(response), changes)


def differences(exchange: Exchange, ours: Answer) -> list[str]:
    """One line for each thing that differs; none where the answers are equal."""
    theirs = exchange.answer
    pairs: dict[str, tuple[Any, Any]] = {"status": (theirs.status, ours.status)}
    if theirs.body_recorded:
        pairs["body"] = (_in_order(exchange, theirs.body), _in_order(exchange, ours.body))
    pairs |= {name: (_header(name, theirs.headers), _header(name, ours.headers)) for name in COMPARED}
    pairs["changes"] = (_changes(theirs.changes), _changes(ours.changes))
    return [f"{name}: {left} was answered, here {right}" for name, (left, right) in pairs.items() if left != right]


def _body(response: httpx.Response) -> Any:
    if not response.text:
        return None
    try:
        return parse_answer(response.text) if "json" in response.headers.get("content-type", "") else response.text
    except ValueError:
        return response.text


def _in_order(exchange: Exchange, body: Any) -> str:
    """The order of keys says nothing: PostgREST has embedded rows from jsonb, which sorts keys by their length."""
    rows = _same(body)
    if isinstance(rows, list) and not exchange.ordered:
        rows = sorted(rows, key=_text)
    return _text(rows)


def _changes(changes: Changes) -> str:
    same = {table: {kind: _sorted(rows) for kind, rows in kinds.items()} for table, kinds in changes.items()}
    # A row that differs only in what is replaced has not changed.
    kept = {table: kinds for table, kinds in same.items() if kinds.get("removed") != kinds.get("added")}
    return _text(kept)


def _sorted(rows: Iterable[Any]) -> list[str]:
    return sorted(_text(_same(row)) for row in rows)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _header(name: str, headers: Mapping[str, str]) -> str | None:
    value = headers.get(name)
    if value is None:
        return None
    if name == "preference-applied":
        return ", ".join(sorted(part.strip() for part in value.split(",")))
    return value.lower().replace(" ", "") if name == "content-type" else _same_text(value)


def _same(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _same(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_same(each) for each in value]
    return _same_text(value) if isinstance(value, str) else value


def _same_text(text: str) -> str:
    return _TIMESTAMP.sub(_moment, _UUID.sub("<uuid>", text))


def _moment(found: re.Match[str]) -> str:
    day, separator, clock, zone = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}+00:00")
    except ValueError:
        return found[0]
    recent = any(abs(at - moment) < MARGIN for moment in (RECORDED_ON, datetime.now(UTC)))
    return f"<now{separator}{zone or ''}>" if recent else found[0]
