"""Dependencies of the metrics functions, made from their settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import HttpUrl, SecretStr

from showcase.core import Core
from showcase.database import Database
from showcase.metrics.client import Client, Fetch, fingerprints
from showcase.metrics.domain import Platform
from showcase.metrics.settings import MetricsSettings
from showcase.metrics.vendors import github, linkedin, x
from showcase.outbound.http_client import HttpClient
from showcase.settings import load


@dataclass(frozen=True)
class MetricsDependencies:
    """Dependencies of getSocialMetrics and refreshSocialMetrics; `clients` has the platforms with a credential."""

    database: Database
    clients: Mapping[Platform, Client]
    settings: MetricsSettings


def metrics_dependencies(core: Core) -> MetricsDependencies:
    settings = load(MetricsSettings)
    return MetricsDependencies(core.database, platform_clients(core.http, settings), settings)


def platform_clients(http: HttpClient, settings: MetricsSettings) -> Mapping[Platform, Client]:
    """A client for each platform that has a credential."""
    on_github = github.GitHub(http, _base(settings.github_api_url)).fetch
    on_x = x.X(http, _base(settings.x_api_url)).fetch
    on_linkedin = linkedin.LinkedIn(http, _base(settings.linkedin_api_url), settings.linkedin_version).fetch
    clients = [
        _client(Platform.GITHUB, on_github, settings.github_token, github.LARGEST_BATCH, github.FIRST_BATCH),
        _client(Platform.LINKEDIN, on_linkedin, settings.linkedin_access_token, linkedin.LARGEST_BATCH),
        replace(
            _client(Platform.TWITTER, on_x, settings.x_bearer_token, x.LARGEST_BATCH),
            units_a_month=settings.x_posts_a_month,
            units_per_user=settings.x_posts_per_user_per_day,
        ),
    ]
    return {client.platform: client for client in clients if client.credentials}


def _client(
    platform: Platform,
    fetch: Fetch,
    credentials: SecretStr | None,
    largest: int,
    first: int | None = None,
) -> Client:
    pool = fingerprints(credentials.get_secret_value()) if credentials else {}
    return Client(platform, fetch, pool, first or largest, largest)


def _base(url: HttpUrl) -> str:
    return str(url).rstrip("/")
