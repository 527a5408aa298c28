"""What Supabase's advisors and the database's own statistics say, by the Supabase CLI."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.postgres.migrations import DatabaseError, supabase
from ops.audit.report import Section, Verdict

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Inspection:
    """One of `supabase inspect db`: which of its rows matter, and which of their columns."""

    command: str
    title: str
    columns: tuple[str, ...]
    matters: Callable[[Row], bool] = lambda _: True


INSPECTIONS = (
    Inspection(
        "index-stats", "Indexes that were never used", ("name", "columns", "size"), lambda row: bool(row["unused"])
    ),
    Inspection("outliers", "Statements by their time in all", ("query", "total_exec_time", "prop_exec_time", "ncalls")),
    Inspection("long-running-queries", "Statements that run for minutes", ("pid", "duration", "query")),
    Inspection("bloat", "Bloat", ("type", "name", "bloat", "waste")),
    Inspection(
        "vacuum-stats",
        "Tables that wait for a vacuum",
        ("name", "rowcount", "dead_rowcount", "last_autovacuum"),
        lambda row: row["expect_autovacuum"] == "yes",
    ),
    Inspection(
        "table-stats", "Tables by their size", ("name", "total_size", "index_size", "estimated_row_count", "seq_scans")
    ),
)


def sections(url: str) -> list[Section]:
    return [advisors(url), *(inspect(url, inspection) for inspection in INSPECTIONS)]


def advisors(url: str) -> Section:
    title = "Supabase's advisors"
    try:
        answer = supabase("db", "advisors", f"--remote={url}", "--level", "info", "--output-format", "json")
    except DatabaseError as error:
        return Section(title, Verdict.UNKNOWN, _reason(error))
    # Which indexes are unused is reported in its own section.
    found = [lint for lint in json.loads(answer)["results"] if lint["name"] != "unused_index"]
    rows = [{"level": lint["level"], "advice": lint["name"], "detail": lint["detail"]} for lint in found]
    grave = any(lint["level"] != "INFO" for lint in found)
    return Section(
        title, Verdict.BAD if grave else Verdict.NOTE if rows else Verdict.FINE, f"{len(rows)} findings", rows
    )


def inspect(url: str, inspection: Inspection) -> Section:
    try:
        answer = supabase("inspect", "db", inspection.command, f"--remote={url}", "--output-format", "json")
    except DatabaseError as error:
        return Section(inspection.title, Verdict.UNKNOWN, _reason(error))
    rows: Sequence[Row] = [row for row in json.loads(answer)["rows"] if inspection.matters(row)]
    reported = [{column: row.get(column) for column in inspection.columns} for row in rows]
    return Section(inspection.title, Verdict.NOTE if reported else Verdict.FINE, str(len(reported)), reported)


def _reason(error: DatabaseError) -> str:
    text = str(error)
    if "pg_stat_statements" in text:
        return "the extension pg_stat_statements is not there"
    if "42501" in text:
        return "the database refused it to this user"
    return "the database does not answer: start `make up`, or set AUDIT_DATABASE_URL"
