"""Calls the functions that are due, as pg_cron does for a hosted project: by the same table, in UTC.

Usage: python -m local.stack.cron, with DATABASE_URL, SUPABASE_URL and SUPABASE_SECRET_KEY in the environment.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from cronsim import CronSim, CronSimError
from psycopg.rows import class_row
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOK_EVERY = 5.0  # seconds until a changed schedule is noticed
CALL_SECONDS = 150.0  # as long as a hosted project lets a function work


class CronSettings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    database_url: str
    supabase_url: str
    supabase_secret_key: SecretStr


@dataclass(frozen=True)
class Job:
    name: str
    schedule: str
    path: str
    body: Any


@dataclass
class Planned:
    """When a job is due next, and its call while that lasts."""

    schedule: str
    due: datetime
    call: asyncio.Task[None] | None = None


@dataclass
class Cron:
    settings: CronSettings
    http: httpx.AsyncClient
    plan: dict[str, Planned] = field(default_factory=dict)

    async def run(self) -> None:
        """Until it is cancelled: whatever goes wrong is reported, and tried again."""
        jobs: Sequence[Job] = ()
        while True:
            try:
                jobs = await read_jobs(self.settings.database_url)
            except psycopg.Error as error:
                say(f"the schedule cannot be read: {str(error).splitlines()[0]}")
            now = datetime.now(UTC)
            for job in jobs:
                self._consider(job, now)
            self.plan = {job.name: self.plan[job.name] for job in jobs if job.name in self.plan}
            next_due = min((planned.due for planned in self.plan.values()), default=now + timedelta(seconds=LOOK_EVERY))
            await asyncio.sleep(min(LOOK_EVERY, max(0.05, (next_due - datetime.now(UTC)).total_seconds())))

    def _consider(self, job: Job, now: datetime) -> None:
        planned = self.plan.get(job.name)
        try:
            if planned is None or planned.schedule != job.schedule:
                call = planned.call if planned else None
                planned = self.plan[job.name] = Planned(job.schedule, due_after(job.schedule, now), call)
            if planned.due > now:
                return
            planned.due = due_after(job.schedule, now)
        except (CronSimError, StopIteration) as error:
            say(f"{job.name} has a schedule that cannot be read: {job.schedule} ({error})")
            return
        if planned.call is not None and not planned.call.done():
            say(f"{job.name} still runs: not started again")
            return
        planned.call = asyncio.create_task(self._call(job))

    async def _call(self, job: Job) -> None:
        started = time.monotonic()
        try:
            answer = await self.http.post(f"/functions/v1/{job.path}", json=job.body, headers={"X-Cron-Job": job.name})
            status = str(answer.status_code)
        except httpx.HTTPError as error:
            status = type(error).__name__
        say(f"{job.name} {status} {(time.monotonic() - started) * 1000:.0f} ms")


def due_after(schedule: str, moment: datetime) -> datetime:
    """pg_cron's two forms: five fields, or so many seconds."""
    if schedule.endswith(" seconds"):
        return moment + timedelta(seconds=int(schedule.removesuffix(" seconds")))
    return next(CronSim(schedule, moment))


async def read_jobs(database_url: str) -> Sequence[Job]:
    async with await psycopg.AsyncConnection.connect(database_url, connect_timeout=5) as connection:
        rows = connection.cursor(row_factory=class_row(Job))
        await rows.execute("select name, schedule, path, body from private.cron_jobs where enabled order by name")
        return await rows.fetchall()


def say(line: str) -> None:
    print(line, flush=True)


async def main() -> None:
    settings = CronSettings()
    async with httpx.AsyncClient(
        base_url=settings.supabase_url,
        headers={"apikey": settings.supabase_secret_key.get_secret_value()},
        timeout=CALL_SECONDS,
        trust_env=False,
    ) as http:
        await Cron(settings, http).run()


if __name__ == "__main__":
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(main())
    except ValidationError as error:
        missing = ", ".join(str(problem["loc"][0]).upper() for problem in error.errors())
        sys.exit(f"cron: set {missing} in the environment")
