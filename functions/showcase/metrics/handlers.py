"""`getSocialMetrics`: a project's latest numbers. `refreshSocialMetrics`: everybody's, once a day."""

from collections.abc import Mapping
from dataclasses import asdict

from showcase.auth import Kind
from showcase.core import Core
from showcase.endpoint import EVERYONE, SERVICES, Call, Endpoint
from showcase.errors import Forbidden, NotFound, Unauthorized
from showcase.metrics import dependencies, store
from showcase.metrics.domain import FRESH_FOR, Platform, ProjectMetrics, Snapshot, Views
from showcase.metrics.refresh_due import Worker, refresh_due
from showcase.metrics.refresh_project import refresh
from showcase.metrics.schemas import (
    HistoryEntry,
    PlatformMetrics,
    RefreshedPlatform,
    RefreshRequest,
    RefreshResponse,
    SocialMetricsRequest,
    SocialMetricsResponse,
    ViewCounts,
    ViewsOfDay,
)
from showcase.metrics.settings import MetricsSettings
from showcase.settings import load


def connect(core: Core) -> Worker:
    settings = load(MetricsSettings)
    return Worker(core.database, dependencies.connect(core.http, settings), settings)


async def handle_get(call: Call[SocialMetricsRequest], worker: Worker) -> SocialMetricsResponse:
    asked = call.body
    metrics = await store.get_project(worker.database, call.caller, asked.project_id, asked.history_days)
    if metrics is None:
        raise NotFound("There is no such project, or you cannot see it.", code="project_not_found")
    if asked.refresh and call.caller.kind is not Kind.SERVICE and call.caller.user_id != metrics.owner_id:
        if call.caller.kind is Kind.ANONYMOUS:
            raise Unauthorized
        raise Forbidden("Only the project's owner can have its numbers refreshed.", code="not_the_owner")
    platforms = list(metrics.linked) if asked.refresh else metrics.stale()
    age = worker.settings.metrics_owner_refresh_seconds if asked.refresh else round(FRESH_FOR.total_seconds())
    outcomes = await refresh(worker, metrics.project_id, platforms, age) if platforms else {}
    return _answer(metrics, outcomes)


def _answer(metrics: ProjectMetrics, outcomes: Mapping[Platform, Snapshot | str]) -> SocialMetricsResponse:
    platforms = [p for p in Platform if p in metrics.linked or p in metrics.snapshots]
    stale = set(metrics.stale())
    return SocialMetricsResponse(
        project_id=metrics.project_id,
        platforms={p: _platform(metrics.snapshots.get(p), outcomes.get(p), p in stale) for p in platforms},
        history=[
            HistoryEntry(platform=day.platform, recorded_at=day.recorded_at, counts=dict(day.counts))
            for day in metrics.history
        ],
        views=_views(metrics.views) if metrics.views else None,
    )


def _views(views: Views) -> ViewCounts:
    days = [ViewsOfDay(day=day, views=number) for day, number in views.history.items()]
    return ViewCounts(total=views.total, history=days)


def _platform(last: Snapshot | None, outcome: Snapshot | str | None, stale: bool) -> PlatformMetrics:
    """The refreshed snapshot where there is one, else the last known with the reason that it is no newer."""
    snapshot = outcome if isinstance(outcome, Snapshot) else last
    return PlatformMetrics(
        counts=dict(snapshot.counts) if snapshot else None,
        recorded_at=snapshot.recorded_at if snapshot else None,
        as_of=snapshot.as_of if snapshot else None,
        stale=stale and not isinstance(outcome, Snapshot),
        reason=outcome if isinstance(outcome, str) else None,
    )


async def handle_refresh(_: Call[RefreshRequest], worker: Worker) -> RefreshResponse:
    reports = await refresh_due(worker)
    return RefreshResponse(platforms={p: RefreshedPlatform.model_validate(asdict(done)) for p, done in reports.items()})


get_social_metrics = Endpoint(
    name="getSocialMetrics",
    summary="A project's latest likes, stars, forks and replies, at most 24 hours old where the platform answers",
    body=SocialMetricsRequest,
    answer=SocialMetricsResponse,
    callers=EVERYONE,
    connect=connect,
    handle=handle_get,
    cancel_on_disconnect=True,
    problems=(Forbidden, NotFound),
)

refresh_social_metrics = Endpoint(
    name="refreshSocialMetrics",
    summary="Refreshes what is due on every platform; called by cron, as often as you like and side by side",
    body=RefreshRequest,
    answer=RefreshResponse,
    callers=SERVICES,
    connect=connect,
    handle=handle_refresh,
)
