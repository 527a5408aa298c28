"""Settings of the billing capability."""

from pydantic import Field, HttpUrl, SecretStr, field_validator

from showcase.settings import split_secrets
from showcase.site import SiteSettings


class BillingSettings(SiteSettings):
    """Where Stripe is, what opens it, and how it signs what it sends."""

    stripe_secret_key: SecretStr
    # Signing secrets of the webhook endpoint, separated by commas: while one is being replaced, both count.
    stripe_webhook_secrets: SecretStr
    stripe_api_url: HttpUrl = HttpUrl("https://api.stripe.com")
    # How old a signature may be, in seconds.
    stripe_webhook_tolerance: int = Field(default=300, ge=1, le=3600)
    # How long one request to Stripe may take, in seconds; it is tried again once.
    stripe_timeout: float = Field(default=8.0, gt=0)
    # How long a payment may be owed before it costs the tier.
    billing_grace_days: float = Field(default=7.0, ge=0)
    # How long the lease of an event lasts, in seconds; above what requests to Stripe may take.
    billing_lease_seconds: int = Field(default=60, ge=1)
    # How long one run of reconcileSubscriptions goes on; below the platform's limit for a request.
    billing_run_seconds: float = Field(default=50.0, gt=0)
    # How many live subscriptions one reconciliation may end that no event reported: the larger of a number and a share.
    billing_cancellations_at_least: int = Field(default=3, ge=0)
    billing_cancellations_share: float = Field(default=0.02, ge=0, le=1)
    # The days of a first subscription that cost nothing.
    billing_trial_days: int = Field(default=0, ge=0, le=730)
    # Whether promotion codes can be entered, and whether Stripe Tax adds taxes.
    billing_promotion_codes: bool = False
    billing_automatic_tax: bool = False
    # The language of the checkout (https://docs.stripe.com/js/appendix/supported_locales); `auto` is the browser's.
    billing_checkout_locale: str = Field(default="auto", pattern=r"^(auto|[a-z]{2,3}(-[A-Z]{2}|-419)?)$")
    # How many subscriptions are asked for at once; Stripe gives a hundred at most.
    billing_page_size: int = Field(default=100, ge=1, le=100)

    @field_validator("stripe_webhook_secrets")
    @classmethod
    def _some_secret(cls, value: SecretStr) -> SecretStr:
        if not split_secrets(value):
            raise ValueError("no signing secret in it")
        return value

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Signing secrets of which any may have signed an event; at least one."""
        return split_secrets(self.stripe_webhook_secrets)

    @property
    def grace_seconds(self) -> int:
        """`billing_grace_days` in seconds."""
        return round(self.billing_grace_days * 86_400)
