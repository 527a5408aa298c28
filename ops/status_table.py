"""The lines of `make status`: what needs somebody first, the rest by part of the system; coloured on a terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ORDER = ("alert", "warn", "ok")
COLOURS = {"alert": "31;1", "warn": "33;1", "ok": "32"}  # ANSI: red, yellow, green
BOLD = "1"
OTHER = "Other"
# The parts by the items of their lines, in the order in which they are shown.
PARTS = {
    "Services": ("functions", "database", "answers"),
    "Jobs": ("job",),
    "Metrics": ("due_sources", "platform_blocked", "x_reads"),
    "Design assistant": ("design_budget",),
    "Billing": ("stripe_events", "billing_findings"),
    "E-mails": ("mail_queued", "mail_failed", "mail_suppressed"),
    "Accounts and files": ("account_deletions", "account_exports", "file_removals"),
    "Reports": ("project_reports",),
    OTHER: (),
}


@dataclass(frozen=True)
class Line:
    verdict: str
    item: str
    subject: str
    value: str
    detail: str


def table(lines: Sequence[Line], *, in_colour: bool) -> str:
    """One row for each line; verdicts that are not ok are in capitals."""

    def paint(text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if in_colour else text

    widths = [max((len(_cells(line)[column]) for line in lines), default=0) for column in range(3)]

    def row(line: Line) -> str:
        *padded, detail = _cells(line)
        cells = [cell.ljust(width) for cell, width in zip(padded, widths, strict=True)]
        said = line.verdict if line.verdict == "ok" else line.verdict.upper()
        return (
            f"{paint(said.ljust(max(map(len, ORDER))), COLOURS[line.verdict])}  {'  '.join([*cells, detail]).rstrip()}"
        )

    def blocks() -> Iterator[str]:
        if needing := [row(line) for line in lines if line.verdict != "ok"]:
            yield "\n".join(needing)
        for part in PARTS:
            if well := [row(line) for line in lines if line.verdict == "ok" and _part(line) == part]:
                yield "\n".join([paint(part, BOLD), *well])

    counts = {verdict: sum(line.verdict == verdict for line in lines) for verdict in ORDER}
    found = ", ".join(
        paint(f"{count} {verdict}", COLOURS[verdict] if count else "0") for verdict, count in counts.items()
    )
    return "\n\n".join([*blocks(), found])


def _part(line: Line) -> str:
    return next((part for part, items in PARTS.items() if line.item in items), OTHER)


def _cells(line: Line) -> tuple[str, str, str, str]:
    return _plain(line.item), _plain(line.subject), _plain(line.value), _plain(line.detail)


def _plain(cell: str) -> str:
    """What a terminal prints and does not obey."""
    return "".join(character for character in cell if character.isprintable())
