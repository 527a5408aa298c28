"""The metrics' RPCs as handlers call them, and projects to call them about."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, Connection
from tests.support.database import kept_connection

CREDENTIAL = "c0ffee"


@contextmanager
def rolled_back(url: str) -> Iterator[Connection]:
    """A transaction as superuser in which nothing is due but what the test makes; rolled_back at the end.

    In it now() stands still: `pass_time` moves everything else.
    """
    with kept_connection(url, autocommit=False) as connection:
        clear(connection)
        yield connection
        connection.rollback()


def clear(connection: Connection) -> None:
    connection.execute("update private.metric_sources set due_at = 'infinity'")
    connection.execute("delete from private.metric_budgets")
    connection.execute("delete from private.metric_user_quotas")


def make_projects(
    connection: Connection, number: int = 1, *, status: str = "published", **links: str | None
) -> list[UUID]:
    """Projects with these links, or with a repository each that nothing else has."""
    return [make_project(connection, status=status, **links) for _ in range(number)]


def make_project(connection: Connection, *, status: str = "published", **links: str | None) -> UUID:
    project = uuid.uuid4()
    given = links or {"github_link": f"https://github.com/tests/r-{project.hex}"}
    row = {"id": project, "user_id": ADA, "title": "T", "status": status, **given}
    connection.execute(
        f"insert into public.projects ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})".encode(),
        list(row.values()),
    )
    return project


def change(connection: Connection, project: UUID, **columns: str | None) -> None:
    assignments = ", ".join(f"{name} = %s" for name in columns)
    connection.execute(f"update public.projects set {assignments} where id = %s".encode(), [*columns.values(), project])


def pass_time(connection: Connection, interval: str) -> None:
    """As if that much time had gone by for sources and budgets."""
    connection.execute(
        """update private.metric_sources set
             due_at = due_at - %(by)s::interval, leased_until = leased_until - %(by)s::interval,
             blocked_until = blocked_until - %(by)s::interval""",
        {"by": interval},
    )
    connection.execute(
        """update private.metric_budgets set
             resets_at = resets_at - %(by)s::interval, not_before = not_before - %(by)s::interval""",
        {"by": interval},
    )


def lease(
    connection: Connection,
    platform: str = "github",
    credentials: Sequence[str] = (CREDENTIAL,),
    *,
    sources: int = 500,
    batch: int = 100,
    seconds: int = 60,
    units: int | None = None,
    per_user: int | None = None,
) -> dict[str, Any]:
    answer: dict[str, Any] = _call(
        connection,
        "public.lease_metric_sources(%s, %s, %s, %s, %s, %s, %s)",
        (platform, list(credentials), sources, batch, seconds, units, per_user),
    )
    return answer


def leased(answer: Mapping[str, Any]) -> set[UUID]:
    return {UUID(source["project_id"]) for source in answer["sources"]}


def lease_project(
    connection: Connection,
    project: UUID,
    *platforms: str,
    seconds: int = 30,
    fresh: int = 86_400,
    units: int | None = None,
    per_user: int | None = None,
) -> dict[str, Any]:
    limits = {"credentials": [CREDENTIAL], "units_a_month": units, "units_per_user": per_user}
    asked = dict.fromkeys(platforms or ("github",), limits)
    rows = _call(
        connection, "public.lease_project_metric_sources(%s, %s, %s, %s)", (project, Jsonb(asked), seconds, fresh)
    )
    return {row["platform"]: row for row in rows}


def record(
    connection: Connection,
    taken: Mapping[str, Any],
    results: Mapping[UUID, Mapping[str, Any]],
    usage: Mapping[str, Any] | None = None,
    platform: str = "github",
) -> dict[str, Any]:
    rows = [{"project_id": str(project), **result} for project, result in results.items()]
    answer: dict[str, Any] = _call(
        connection,
        "public.record_metrics(%s, %s, %s, %s, %s)",
        (platform, taken["lease_id"], taken["credential"], Jsonb(rows), Jsonb(dict(usage or {"answered": True}))),
    )
    return answer


def settle(connection: Connection, usage: Mapping[str, Any], credential: str = CREDENTIAL) -> None:
    _call(connection, "private.settle_metric_budget('github', %s, %s)", (credential, Jsonb(dict(usage))))


def take(
    connection: Connection,
    *credentials: str,
    requests: int = 1,
    units: int = 1,
    a_month: int | None = None,
    platform: str = "github",
) -> DictRow:
    pool = list(credentials or (CREDENTIAL,))
    with _as_handler(connection):
        row = connection.execute(
            "select * from private.reserve_metric_budget(%s, %s, %s, %s, %s)",
            (platform, pool, requests, units, a_month),
        ).fetchone()
    assert row is not None
    return row


def source(connection: Connection, project: UUID, platform: str = "github") -> DictRow | None:
    return connection.execute(
        """select *, due_at - now() as due_in, blocked_until - now() as blocked_for
           from private.metric_sources where project_id = %s and platform = %s""",
        (project, platform),
    ).fetchone()


def references(connection: Connection, project: UUID) -> dict[str, str]:
    rows = connection.execute(
        "select platform, reference from private.metric_sources where project_id = %s", (project,)
    ).fetchall()
    return {row["platform"]: row["reference"] for row in rows}


def known(connection: Connection, project: UUID, platform: str = "github") -> DictRow:
    row = source(connection, project, platform)
    assert row is not None, "there is no source"
    return row


def budget(connection: Connection, credential: str = CREDENTIAL) -> DictRow:
    row = connection.execute(
        "select *, not_before - now() as waits from private.metric_budgets where credential = %s", (credential,)
    ).fetchone()
    assert row is not None, "there is no budget"
    return row


def snapshots(connection: Connection, project: UUID) -> list[DictRow]:
    return connection.execute(
        "select * from public.social_metrics where project_id = %s order by platform, recorded_at", (project,)
    ).fetchall()


def _call(connection: Connection, call: str, parameters: Sequence[Any]) -> Any:
    with _as_handler(connection):
        row = connection.execute(f"select {call} as answer".encode(), parameters).fetchone()
    assert row is not None
    return row["answer"]


@contextmanager
def _as_handler(connection: Connection) -> Iterator[None]:
    connection.execute("set role service_role")
    yield
    connection.execute("reset role")
