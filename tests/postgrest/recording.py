"""What PostgREST 16.2 answered (recorded/*.json): requests by topic, each with the answer and the rows it changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded"
TOPICS = tuple(sorted(file.stem for file in RECORDED.glob("*.json")))

Changes = Mapping[str, Mapping[str, list[Any]]]  # by table, then "removed" and "added" rows


@dataclass(frozen=True)
class Answer:
    """`body` is parsed JSON, or text where the media type is another; None where there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    changes: Changes = field(default_factory=dict)
    body_recorded: bool = True


@dataclass(frozen=True)
class Exchange:
    """A request and its recorded answer. `target` is below /rest/v1/, percent-encoded as it was sent."""

    id: str
    caller: str | Mapping[str, str]
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    answer: Answer

    @property
    def writes(self) -> bool:
        """PostgREST runs the safe methods in read-only transactions."""
        return self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def ordered(self) -> bool:
        """Changed rows come in the order in which they lie, unless the request says one."""
        return self.method not in ("PATCH", "DELETE") or "order=" in self.target


def exchanges(topic: str) -> list[Exchange]:
    text = (RECORDED / f"{topic}.json").read_text(encoding="utf-8")
    return [
        _exchange(entry, exact["answer"]) for entry, exact in zip(json.loads(text), parse_answer(text), strict=True)
    ]


def parse_answer(text: str) -> Any:
    """Numbers with a fraction keep their digits, which a float would lose: 1.50 is not 1.5."""
    return json.loads(text, parse_float=lambda digits: f"number {digits}")


def _exchange(entry: Mapping[str, Any], answer: Mapping[str, Any]) -> Exchange:
    headers = dict(entry.get("headers", {}))
    body: bytes | None = None
    if "json" in entry:
        body = json.dumps(entry["json"], ensure_ascii=False).encode()
        headers.setdefault("Content-Type", "application/json")
    elif "text" in entry:
        body = entry["text"].encode()
    return Exchange(
        id=entry["id"],
        caller=entry["as"],
        method=entry["method"],
        target=entry["target"],
        headers=headers,
        body=body,
        answer=Answer(
            status=answer["status"],
            headers=answer["headers"],
            body=answer.get("json", answer.get("text")),
            changes=entry["answer"].get("changes", {}),
            body_recorded=answer.get("body") != "not recorded",
        ),
    )
