"""The report: sections, each with a verdict, as Markdown that also reads well on a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

WIDTH = 120  # characters of a cell


class Verdict(StrEnum):
    """How a section stands, from good to bad."""

    FINE = "fine"
    NOTE = "to know"
    UNKNOWN = "NOT CHECKED"
    BAD = "FIX"


@dataclass(frozen=True)
class Section:
    """One check: its verdict, one line about it, and what it found."""

    title: str
    verdict: Verdict
    summary: str
    rows: Sequence[Mapping[str, Any]] = ()


def judged(title: str, rows: Sequence[Mapping[str, Any]], summary: str) -> Section:
    return Section(title, Verdict.BAD if rows else Verdict.FINE, summary, rows)


def exit_status(sections: Sequence[Section]) -> int:
    """1 where something has to be fixed, else 2 where something could not be checked, else 0."""
    verdicts = {section.verdict for section in sections}
    return 1 if Verdict.BAD in verdicts else 2 if Verdict.UNKNOWN in verdicts else 0


def render(sections: Sequence[Section], where: str) -> str:
    now = datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC")
    overview = [{"check": each.title, "verdict": each.verdict, "": each.summary} for each in sections]
    parts = [f"# Audit\n\n{now}; {where}.", _table(overview)]
    for section in sections:
        if section.rows:
            parts.append(f"## {section.title}\n\n{section.summary}")
            parts.append(_table(section.rows))
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = list(rows[0])
    texts = [head, *([_cell(row.get(name)) for name in head] for row in rows)]
    widths = [max(3, *map(len, column)) for column in zip(*texts, strict=True)]
    lines = [" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in texts]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: object) -> str:
    text = " ".join(str("" if value is None else value).split()).replace("|", "\\|")
    return text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."
