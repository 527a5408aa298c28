"""`GET /functions/v1/health`: which of the parts that the functions need answer right now; services learn more."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import Field
from starlette.responses import JSONResponse

from showcase import system
from showcase.auth import Kind
from showcase.billing.settings import BillingSettings
from showcase.core import Core
from showcase.design.settings import DesignSettings
from showcase.endpoint import EVERYONE, Call, Endpoint
from showcase.http import RequestModel, ResponseModel
from showcase.metrics.settings import MetricsSettings
from showcase.notifications.settings import NotificationSettings
from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient
from showcase.settings import Settings, SettingsError, load
from showcase.system import StateLine, System, Verdict

TIMEOUT = 2.0  # seconds that a part has to answer
KEPT_FOR = 5.0  # seconds that an answer is used again, so that asking us often does not ask the others often

SettingsT = TypeVar("SettingsT", bound=Settings)


class HealthRequest(RequestModel):
    """Takes no parameters."""


class Dependency(ResponseModel):
    """One part: whether it answers, and how fast."""

    status: Literal["ok", "down"]
    ms: float


class HealthResponse(ResponseModel):
    """`down` (503) without the database, `degraded` without another part."""

    status: Literal["ok", "degraded", "down"]
    release: str
    dependencies: dict[str, Dependency]
    verdict: Verdict | None = Field(default=None, description="The worst of `system`; for services alone.")
    system: list[StateLine] | None = Field(default=None, description="For services alone: what operators look at.")


@dataclass
class Checks:
    """Where to ask, and the last answer with the time it was given (monotonic clock)."""

    http: HttpClient
    system: System
    release: str
    urls: dict[str, str]
    headers: dict[str, str]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: tuple[float, HealthResponse] | None = None


def health_dependencies(core: Core) -> Checks:
    """Raises: SettingsError."""
    origin = core.settings.origin
    urls = {
        "database": f"{origin}/rest/v1/templates?select=id&limit=1",
        "auth": f"{origin}/auth/v1/health",
        "storage": f"{origin}/storage/v1/status",
        **_vendors(),
    }
    headers = {"apikey": core.settings.supabase_publishable_key.get_secret_value()}
    return Checks(core.http, system.system_dependencies(core), core.settings.release, urls, headers)


def _vendors() -> dict[str, str]:
    """The vendors that are set up here. Their front doors are asked, without a key: that costs nothing."""
    metrics, design = load(MetricsSettings), load(DesignSettings)
    mail, billing = _set_up(NotificationSettings), _set_up(BillingSettings)
    urls = {
        "github": metrics.github_api_url,
        "linkedin": metrics.linkedin_api_url if metrics.linkedin_access_token else None,
        "x": metrics.x_api_url if metrics.x_bearer_token else None,
        "openai": design.openai_api_url if design.openai_api_key else None,
        "stripe": billing.stripe_api_url if billing else None,
        "sendgrid": mail.sendgrid_api_url if mail and mail.sendgrid_api_key else None,
    }
    return {name: str(url) for name, url in urls.items() if url}


def _set_up(model: type[SettingsT]) -> SettingsT | None:
    try:
        return load(model)
    except SettingsError:
        return None


async def handle_health(call: Call[HealthRequest], checks: Checks) -> JSONResponse:
    """200, or 503 without the database; an answer is used again for `KEPT_FOR` seconds."""
    async with checks.lock:
        if checks.last is None or time.monotonic() - checks.last[0] > KEPT_FOR:
            checks.last = (time.monotonic(), await _check(checks))
    answer = checks.last[1]
    if call.caller.kind is Kind.SERVICE and answer.status != "down":
        lines = await checks.system.state()
        answer = answer.model_copy(update={"verdict": system.overall_verdict(lines), "system": lines})
    reported = answer.model_dump(mode="json", exclude={"verdict", "system"} if answer.system is None else None)
    return JSONResponse(reported, 503 if answer.status == "down" else 200, {"Cache-Control": "no-store"})


async def _check(checks: Checks) -> HealthResponse:
    answers = await asyncio.gather(*(_ask(checks, name) for name in checks.urls))
    dependencies = dict(zip(checks.urls, answers, strict=True))
    down = {name for name, dependency in dependencies.items() if dependency.status == "down"}
    return HealthResponse(
        status="down" if "database" in down else "degraded" if down else "ok",
        release=checks.release,
        dependencies=dependencies,
    )


async def _ask(checks: Checks, name: str) -> Dependency:
    """Any answer but a server error counts; the project's keys go to the project alone."""
    start = time.perf_counter()
    headers = checks.headers if name in {"database", "auth", "storage"} else {}
    try:
        response = await checks.http.request("GET", checks.urls[name], headers=headers, timeout=TIMEOUT)
        answers = response.status_code < 500
    except TransportError:
        answers = False
    return Dependency(status="ok" if answers else "down", ms=round((time.perf_counter() - start) * 1000, 1))


health = Endpoint(
    name="health",
    summary="Which of the parts that the functions need answer right now",
    body=HealthRequest,
    answer=HealthResponse,
    callers=EVERYONE,
    connect=health_dependencies,
    handle=handle_health,
    method="GET",
    also={503: {"application/json": HealthResponse}},
)
