"""The state of the whole system as a table: `make status`. Ends with 1 where something needs somebody now.

Asks the stack that the settings choose: the one that runs here, or (STACK=hosted) the project at SUPABASE_URL.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from local.console import complain
from local.settings import Settings, SettingsError, leaves_here, read_settings, with_hosted_url, with_local_keys

ORDER = ("alert", "warn", "ok")
COLOURS = {"alert": "31;1", "warn": "33;1", "ok": "32"}  # ANSI: red, yellow, green
# What is well is grouped by the part of the system, in this order; an item that is not named here comes last.
PARTS = {
    "Services": ("functions", "database", "answers"),
    "Jobs": ("job",),
    "Metrics": ("due_sources", "platform_blocked", "x_reads"),
    "Design assistant": ("design_budget",),
    "Billing": ("stripe_events", "billing_findings"),
    "E-mails": ("mail_queued", "mail_failed", "mail_suppressed"),
    "Accounts and files": ("account_deletions", "account_exports", "file_removals"),
}
NEEDS_YOU = "Needs you"
OWN = frozenset({"database", "auth", "storage"})  # of dependencies, what nothing goes on without
SECONDS = 20.0


@dataclass(frozen=True)
class Line:
    verdict: str
    item: str
    subject: str
    value: str
    detail: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.status", description=__doc__)
    parser.add_argument("--resume", metavar="PLATFORM", choices=("github", "linkedin", "twitter"))
    resume = parser.parse_args().resume
    try:
        settings = _reachable(read_settings())
    except SettingsError as error:
        complain(error)
        return 1
    headers = {"apikey": settings.supabase_secret_key}
    url = settings.supabase_url
    with httpx.Client(base_url=url, headers=headers, timeout=SECONDS, trust_env=leaves_here(url)) as client:
        if resume and not _resume(client, resume):
            return 1
        lines = sorted(look(client), key=lambda line: (ORDER.index(line.verdict), line.item, line.subject))
    print(f"{url}\n\n{table(lines, in_colour=sys.stdout.isatty())}")
    return 1 if any(line.verdict == "alert" for line in lines) else 0


def _reachable(settings: Settings) -> Settings:
    if settings.stack != "embedded":
        return with_hosted_url(settings)
    if not (settings.state_folder / "keys.json").exists():
        raise SettingsError("Nothing has been started here yet: make up (or set STACK=hosted).")
    return with_local_keys(settings)


def _resume(client: httpx.Client, platform: str) -> bool:
    try:
        resumed = client.post("/rest/v1/rpc/resume_platform", json={"platform": platform}).raise_for_status().json()
    except httpx.HTTPError as error:
        complain(f"{platform} could not be resumed: {_why(error)}")
        return False
    print(f"{platform} is asked again at once; {resumed} of its credentials rested.\n")
    return True


def look(client: httpx.Client) -> Iterator[Line]:
    """What the functions say; where they do not answer, what the database says by itself."""
    health: dict[str, Any] = {}
    try:
        answer = client.get("/functions/v1/health")
        health = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    except (httpx.HTTPError, ValueError) as error:
        yield Line("alert", "functions", "", "", f"do not answer: {_why(error)}")
    else:
        if "dependencies" not in health:
            yield Line("alert", "functions", "", "", f"health answers {answer.status_code}")
    for name, part in health.get("dependencies", {}).items():
        down = "alert" if name in OWN else "warn"
        yield Line("ok" if part["status"] == "ok" else down, "answers", name, f"{part['ms']:.0f} ms", part["status"])
    system = health.get("system")
    if system is None:
        try:
            system = client.post("/rest/v1/rpc/get_system_state", json={}).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            yield Line("alert", "database", "", "", f"cannot be asked: {_why(error)}")
            return
    for each in system:
        value = "" if each["value"] is None else f"{each['value']:g} {each['unit']}"
        yield Line(each["verdict"], each["item"], each["subject"], value, each["detail"])


def _why(error: Exception) -> str:
    """Without the address: it may be anything, and the key is in the headers alone."""
    return f"status {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else type(error).__name__


def table(lines: Sequence[Line], *, in_colour: bool) -> str:
    """One row for each; what is not ok comes first and in capitals, the rest by the part of the system."""

    def painted(text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if in_colour else text

    rows = [
        (line, tuple(map(_plain, (_said(line), line.item, line.subject, line.value, line.detail)))) for line in lines
    ]
    widths = [max(len(row[column]) for _, row in rows) for column in range(4)]
    printed: list[str] = []
    for part in (NEEDS_YOU, *PARTS, "Other"):
        found = [(line, row) for line, row in rows if _part(line) == part]
        for line, (verdict, *cells) in found:
            if line is found[0][0]:
                printed.append(painted(part, "1"))
            rest = "  ".join(cell.ljust(width) for cell, width in zip(cells, [*widths[1:], 0], strict=True)).rstrip()
            printed.append(f"  {painted(verdict.ljust(widths[0]), COLOURS[line.verdict])}  {rest}")
        printed.extend([""] if found else [])
    counts = {verdict: sum(line.verdict == verdict for line in lines) for verdict in ORDER}
    printed.append(
        ", ".join(
            painted(f"{count} {verdict}", COLOURS[verdict]) if count else f"0 {verdict}"
            for verdict, count in counts.items()
        )
    )
    return "\n".join(printed)


def _part(line: Line) -> str:
    if line.verdict != "ok":
        return NEEDS_YOU
    return next((part for part, items in PARTS.items() if line.item in items), "Other")


def _plain(cell: str) -> str:
    """What a terminal prints and does not obey."""
    return "".join(character for character in cell if character.isprintable())


def _said(line: Line) -> str:
    return line.verdict if line.verdict == "ok" else line.verdict.upper()


if __name__ == "__main__":
    sys.exit(main())
