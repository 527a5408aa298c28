"""Settings of the metrics capability."""

from pydantic import HttpUrl, SecretStr

from showcase.settings import Settings


class MetricsSettings(Settings):
    """Where GitHub is and what opens it. Without a token GitHub's numbers are reported as `not_configured`."""

    github_api_url: HttpUrl = HttpUrl("https://api.github.com")
    github_token: SecretStr | None = None
    # How long a caller waits for a platform before the last known numbers are the answer.
    metrics_fetch_seconds: float = 8.0
    # How long a platform that failed is left alone where it does not say itself.
    metrics_failure_seconds: float = 60.0
