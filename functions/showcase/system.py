"""The state of the whole system, as the database judges it; and `watchSystem`, which reports what is wrong."""

from dataclasses import dataclass
from typing import Literal

from showcase.core import Core
from showcase.database import Database
from showcase.design.settings import DesignSettings
from showcase.endpoint import SERVICES, Call, Endpoint
from showcase.errors import SafeToLogError
from showcase.http import NoFields, ResponseModel
from showcase.metrics.settings import MetricsSettings
from showcase.observability.telemetry import log, report
from showcase.settings import load

Verdict = Literal["ok", "warn", "alert"]


class StateLine(ResponseModel):
    """One thing that an operator looks at."""

    item: str
    subject: str
    value: float | None
    unit: str
    verdict: Verdict
    detail: str


class WatchResponse(ResponseModel):
    """How many things there are to look at, and those that are not as they should be."""

    ok: int
    warn: int
    alert: int
    lines: list[StateLine]


class SystemAlert(SafeToLogError):
    """Something needs somebody now; docs/operations/runbooks.md says what to do."""


@dataclass(frozen=True)
class System:
    """Whom to ask, and what only our settings know: the monthly budgets."""

    database: Database
    limits: dict[str, float]

    async def state(self) -> list[StateLine]:
        """Raises: ApiError, where the database does not answer."""
        return await self.database.rpc("get_system_state", self.limits, list[StateLine])


def system_dependencies(core: Core) -> System:
    """Raises: SettingsError."""
    return System(
        core.database,
        {
            "design_budget": load(DesignSettings).design_monthly_budget,
            "x_posts_a_month": load(MetricsSettings).x_posts_a_month,
        },
    )


def overall_verdict(lines: list[StateLine]) -> Verdict:
    """The worst of them; `ok` where there are none."""
    found = {line.verdict for line in lines}
    return "alert" if "alert" in found else "warn" if "warn" in found else "ok"


async def handle_watch_system(_: Call[NoFields], system: System) -> WatchResponse:
    """One log line for each thing that is not well, and one that says that somebody looked."""
    lines = await system.state()
    unwell = [line for line in lines if line.verdict != "ok"]
    for line in unwell:
        fields = {"system": {"item": line.item, "subject": line.subject, "verdict": line.verdict, "value": line.value}}
        log.warning("%s %s: %s", line.item, line.subject, line.detail, extra={"fields": fields})
        if line.verdict == "alert":
            report(SystemAlert(f"{line.item} {line.subject}".rstrip()))
    counts = {verdict: sum(line.verdict == verdict for line in lines) for verdict in ("ok", "warn", "alert")}
    log.info("system watched", extra={"fields": {"watched": counts}})
    return WatchResponse(**counts, lines=unwell)


watch_system = Endpoint(
    name="watchSystem",
    summary="Checks the state of the whole system and reports what is not well; called by cron",
    body=NoFields,
    answer=WatchResponse,
    callers=SERVICES,
    connect=system_dependencies,
    handle=handle_watch_system,
)
