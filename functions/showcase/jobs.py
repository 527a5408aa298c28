"""Runs of scheduled jobs: a service that calls and names a job (`X-Cron-Job`) leaves a row in private.job_runs."""

import re
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from pydantic import BaseModel

from showcase.database import Database
from showcase.errors import ApiError
from showcase.observability.telemetry import report

HEADER = "x-cron-job"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_MOST_COUNTS = 60

Answer = TypeVar("Answer")


def named(headers: Mapping[str, str]) -> str | None:
    """The job that a request is a run of, if it is any."""
    name = headers.get(HEADER, "")
    return name if _NAME.fullmatch(name) else None


async def recorded(database: Database, job: str | None, request_id: str, work: Awaitable[Answer]) -> Answer:
    """What `work` answers; its beginning and its outcome are noted where it is a job's.

    A run whose process dies stays as it was begun, and counts as lost after a while.

    Raises: what `work` raises. That a note could not be made is reported, and is no reason not to work.
    """
    run = await _begin(database, job, request_id) if job else None
    if run is None:
        return await work
    try:
        answer = await work
    except Exception as error:
        code = error.code if isinstance(error, ApiError) else ApiError.default_code
        await _finish(database, run, "failed", {}, code)
        raise
    reported = answer.model_dump(mode="json") if isinstance(answer, BaseModel) else {}
    stopped = reported.get("stopped")
    await _finish(database, run, "stopped" if stopped else "done", counts(reported), stopped)
    return answer


def counts(reported: object, prefix: str = "") -> dict[str, int]:
    """The numbers in an answer by their path, lists by their length; no texts."""
    found: dict[str, int] = {}
    if isinstance(reported, dict):
        for name, value in reported.items():
            found |= counts(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(reported, list):
        found[prefix] = len(reported)
    elif isinstance(reported, int):
        found[prefix] = int(reported)
    return dict(list(found.items())[:_MOST_COUNTS])


async def _begin(database: Database, job: str, request_id: str) -> str | None:
    try:
        run: str | None = await database.rpc("begin_job_run", {"job": job, "request_id": request_id}, str | None)
    except ApiError as error:
        report(error, "warning")
        return None
    return run


async def _finish(database: Database, run: str, outcome: str, found: Mapping[str, int], code: str | None) -> None:
    reported = {"run_id": run, "outcome": outcome, "counts": dict(found), "error_code": code}
    try:
        await database.rpc("finish_job_run", reported)
    except ApiError as error:
        report(error, "warning")
