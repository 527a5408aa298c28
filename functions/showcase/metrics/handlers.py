"""`POST /functions/v1/getSocialMetrics`: a project's latest numbers, brought up to date where they are a day old."""

from collections.abc import Mapping

from showcase.core import Core
from showcase.endpoint import EVERYONE, Call, Endpoint
from showcase.errors import Failure, NotFound, VendorError
from showcase.metrics import github, store
from showcase.metrics.domain import Counts, Platform, ProjectMetrics, Snapshot, parse_github_link
from showcase.metrics.refresh import Fetch, Refresher, refresh
from showcase.metrics.schemas import PlatformMetrics, SocialMetricsRequest, SocialMetricsResponse
from showcase.metrics.settings import MetricsSettings
from showcase.retry import Deadline
from showcase.settings import load


def connect(core: Core) -> Refresher:
    settings = load(MetricsSettings)
    fetches: dict[Platform, Fetch] = {}
    if settings.github_token is not None:
        token, url = settings.github_token.get_secret_value(), str(settings.github_api_url).rstrip("/")

        async def fetch_github(link: str, deadline: Deadline) -> Counts:
            repository = parse_github_link(link)
            if repository is None:
                raise VendorError("github", Failure.GONE, "the link names no repository")
            result = (await github.fetch(core.http, url, token, [repository], deadline))[repository]
            if isinstance(result, VendorError):
                raise result
            return result

        fetches[Platform.GITHUB] = fetch_github
    return Refresher(core.database, fetches, settings.metrics_fetch_seconds, settings.metrics_failure_seconds)


async def handle(call: Call[SocialMetricsRequest], refresher: Refresher) -> SocialMetricsResponse:
    metrics = await store.get_project(refresher.database, call.caller, call.body.project_id)
    if metrics is None:
        raise NotFound("There is no such project, or you cannot see it.", code="project_not_found")
    return _answer(metrics, await refresh(refresher, metrics))


def _answer(metrics: ProjectMetrics, outcomes: Mapping[Platform, Snapshot | str]) -> SocialMetricsResponse:
    platforms = [p for p in Platform if p in metrics.links or p in metrics.snapshots]
    return SocialMetricsResponse(
        project_id=metrics.project_id,
        platforms={p: _platform(metrics.snapshots.get(p), outcomes.get(p)) for p in platforms},
    )


def _platform(last: Snapshot | None, outcome: Snapshot | str | None) -> PlatformMetrics:
    """The refreshed snapshot where there is one, else the last known with the reason that it is old."""
    snapshot = outcome if isinstance(outcome, Snapshot) else last
    reason = outcome if isinstance(outcome, str) else None
    return PlatformMetrics(
        counts=dict(snapshot.counts) if snapshot else None,
        recorded_at=snapshot.recorded_at if snapshot else None,
        as_of=snapshot.as_of if snapshot else None,
        stale=reason is not None,
        reason=reason,
    )


get_social_metrics = Endpoint(
    name="getSocialMetrics",
    summary="A project's latest likes, stars, forks and replies, at most 24 hours old where the platform answers",
    body=SocialMetricsRequest,
    answer=SocialMetricsResponse,
    callers=EVERYONE,
    connect=connect,
    handle=handle,
)
