"""`getSocialMetrics`: a project's latest numbers. `refreshSocialMetrics`: those of all projects, once a day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from showcase.auth import Kind
from showcase.endpoint import EVERYONE, SERVICES, Call, Endpoint
from showcase.errors import Forbidden, NotFound, Unauthorized
from showcase.http import NoFields
from showcase.metrics import store
from showcase.metrics.dependencies import MetricsDependencies, metrics_dependencies
from showcase.metrics.domain import FRESH_FOR, Platform, ProjectMetrics, Snapshot, Views
from showcase.metrics.refresh_due import refresh_due
from showcase.metrics.refresh_project import refresh_project
from showcase.metrics.schemas import (
    HistoryEntry,
    PlatformMetrics,
    RefreshedPlatform,
    RefreshResponse,
    SocialMetricsRequest,
    SocialMetricsResponse,
    ViewCounts,
    ViewsOfDay,
)


async def handle_get_social_metrics(
    call: Call[SocialMetricsRequest], metrics: MetricsDependencies
) -> SocialMetricsResponse:
    body = call.body
    project = await store.get_project(metrics.database, call.caller, body.project_id, body.history_days)
    if project is None:
        raise NotFound("There is no such project, or you cannot see it.", code="project_not_found")
    if body.refresh and call.caller.kind is not Kind.SERVICE and call.caller.user_id != project.owner_id:
        if call.caller.kind is Kind.ANONYMOUS:
            raise Unauthorized
        raise Forbidden("Only the project's owner can have its numbers refreshed.", code="not_the_owner")
    stale = project.stale()
    platforms = list(project.linked) if body.refresh else stale
    age = metrics.settings.metrics_owner_refresh_seconds if body.refresh else round(FRESH_FOR.total_seconds())
    outcomes = await refresh_project(metrics, project.project_id, platforms, age) if platforms else {}
    return _response(project, stale, outcomes)


def _response(
    project: ProjectMetrics, stale: Sequence[Platform], outcomes: Mapping[Platform, Snapshot | str]
) -> SocialMetricsResponse:
    platforms = [p for p in Platform if p in project.linked or p in project.snapshots]
    return SocialMetricsResponse(
        project_id=project.project_id,
        platforms={p: _platform(project.snapshots.get(p), outcomes.get(p), p in stale) for p in platforms},
        history=[
            HistoryEntry(platform=day.platform, recorded_at=day.recorded_at, counts=dict(day.counts))
            for day in project.history
        ],
        views=_views(project.views) if project.views else None,
    )


def _views(views: Views) -> ViewCounts:
    days = [ViewsOfDay(day=day, views=number) for day, number in views.history.items()]
    return ViewCounts(total=views.total, history=days)


def _platform(last: Snapshot | None, outcome: Snapshot | str | None, stale: bool) -> PlatformMetrics:
    """A platform's refreshed snapshot; without one the last, with the reason that it is no newer."""
    snapshot = outcome if isinstance(outcome, Snapshot) else last
    return PlatformMetrics(
        counts=dict(snapshot.counts) if snapshot else None,
        recorded_at=snapshot.recorded_at if snapshot else None,
        as_of=snapshot.as_of if snapshot else None,
        stale=stale and not isinstance(outcome, Snapshot),
        reason=outcome if isinstance(outcome, str) else None,
    )


async def handle_refresh_social_metrics(_: Call[NoFields], metrics: MetricsDependencies) -> RefreshResponse:
    reports = await refresh_due(metrics)
    return RefreshResponse(platforms={p: RefreshedPlatform.model_validate(asdict(done)) for p, done in reports.items()})


get_social_metrics = Endpoint(
    name="getSocialMetrics",
    summary="A project's latest likes, stars, forks and replies, at most 24 hours old where the platform answers",
    body=SocialMetricsRequest,
    answer=SocialMetricsResponse,
    callers=EVERYONE,
    connect=metrics_dependencies,
    handle=handle_get_social_metrics,
    cancel_on_disconnect=True,
    checks_account=True,
    problems=(Forbidden, NotFound),
)

refresh_social_metrics = Endpoint(
    name="refreshSocialMetrics",
    summary="Refreshes what is due on every platform; called by cron, as often as you like and side by side",
    body=NoFields,
    answer=RefreshResponse,
    callers=SERVICES,
    connect=metrics_dependencies,
    handle=handle_refresh_social_metrics,
)
