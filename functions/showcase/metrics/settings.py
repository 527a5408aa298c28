"""Settings of the metrics capability."""

from pydantic import Field, HttpUrl, SecretStr

from showcase.settings import Settings


class MetricsSettings(Settings):
    """Addresses, credentials and limits of the platforms.

    Each credential may be several of your own, separated by commas: they make a pool. A platform without one is
    reported as `not_configured`.
    """

    github_api_url: HttpUrl = HttpUrl("https://api.github.com")
    github_token: SecretStr | None = None
    x_api_url: HttpUrl = HttpUrl("https://api.x.com")
    x_bearer_token: SecretStr | None = None
    x_posts_a_month: int = Field(default=10_000, ge=0)
    # How many of these may be about one user's links in a UTC day.
    x_posts_per_user_per_day: int = Field(default=20, ge=0)
    linkedin_api_url: HttpUrl = HttpUrl("https://api.linkedin.com")
    linkedin_access_token: SecretStr | None = None
    linkedin_version: str = Field(default="202610", pattern=r"^\d{6}$")
    # How long a visitor waits for a platform before the last known numbers are the answer.
    metrics_fetch_seconds: float = Field(default=8.0, gt=0)
    # How old numbers must be before their owner may have them refreshed.
    metrics_owner_refresh_seconds: int = Field(default=900, ge=0)
    # How long one run of refreshSocialMetrics goes on; below the platform's limit for a request.
    metrics_run_seconds: float = Field(default=50.0, gt=0)
    # How long the lease of a batch lasts, and how many sources are leased at once.
    metrics_lease_seconds: int = Field(default=120, gt=0)
    metrics_lease_size: int = Field(default=500, gt=0)
    # How many leases of one platform a run works on at the same time.
    metrics_concurrency: int = Field(default=3, gt=0)
