"""Settings of the notifications capability."""

import json
from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr, field_validator

from showcase.notifications.domain import NotificationType, SitePages
from showcase.settings import split_secrets
from showcase.site import SiteSettings

OneLine = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
PageAddress = Annotated[str, Field(pattern=r"^\{site\}(/([^\s{}]|\{username\})*)?$", max_length=500)]
TemplateId = Annotated[str, Field(pattern=r"^d-[0-9a-f]{32}$")]


class NotificationSettings(SiteSettings):
    """Where SendGrid is, what opens it, who writes, and how patiently."""

    sendgrid_api_url: HttpUrl = HttpUrl("https://api.sendgrid.com")
    sendgrid_api_key: SecretStr | None = None
    # The verification keys of the event webhook, separated by commas: two while one replaces the other.
    sendgrid_webhook_public_keys: str = ""
    # SendGrid delivers an event again for 24 hours, and what is reported twice changes nothing.
    sendgrid_webhook_tolerance_seconds: int = Field(default=90_000, gt=0)
    # E-mails that SendGrid renders itself: {"welcome": "d-..."}; the others are rendered here.
    sendgrid_template_ids: dict[NotificationType, TemplateId] = Field(default_factory=dict)
    notifications_from_email: OneLine = "showcase@example.com"
    notifications_from_name: OneLine = "Showcase"
    notifications_reply_to: OneLine | None = None
    # Signs the links to unsubscribe; the first signs, all are taken. Made from the secret key where it is not set.
    notifications_link_secrets: SecretStr | None = None
    notifications_link_days: int = Field(default=60, gt=0)
    # Where the buttons lead: {site} is SITE_URL, {username} is filled in.
    notifications_subscription_page: PageAddress = "{site}/settings/subscription"
    notifications_plans_page: PageAddress = "{site}/pricing"
    notifications_account_page: PageAddress = "{site}/settings/account"
    notifications_new_project_page: PageAddress = "{site}/projects/new"
    notifications_numbers_page: PageAddress = "{site}/{username}"
    # How long one run of dispatchNotifications goes on, and how much it does at once.
    notifications_run_seconds: float = Field(default=50.0, gt=0)
    notifications_batch_size: int = Field(default=10, gt=0, le=1000)
    notifications_concurrency: int = Field(default=4, gt=0)
    # How long SendGrid has to answer.
    notifications_send_seconds: float = Field(default=10.0, gt=0)
    # How long the event webhook has to report the outcome of a lost answer, before the e-mail is sent again.
    notifications_settle_seconds: int = Field(default=1800, gt=0)
    # The first wait after a failure; it doubles.
    notifications_backoff_seconds: float = Field(default=30.0, gt=0)
    # How old a notification may become before it is given up.
    notifications_give_up_seconds: int = Field(default=172_800, gt=0)
    # How soon users may have the same e-mail sent again.
    notifications_again_seconds: int = Field(default=3600, gt=0)

    @field_validator("sendgrid_template_ids", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except json.JSONDecodeError:
            raise ValueError("not JSON") from None

    @field_validator("notifications_link_secrets")
    @classmethod
    def _some_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not split_secrets(value):
            raise ValueError("no secret in it")
        return value

    @property
    def pages(self) -> SitePages:
        """What the buttons lead to."""
        return SitePages(
            self.site,
            subscription=self.notifications_subscription_page,
            plans=self.notifications_plans_page,
            account=self.notifications_account_page,
            new_project=self.notifications_new_project_page,
            numbers=self.notifications_numbers_page,
        )

    @property
    def link_secrets(self) -> tuple[bytes, ...]:
        return tuple(secret.encode() for secret in split_secrets(self.notifications_link_secrets))
