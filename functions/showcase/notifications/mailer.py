"""SendGrid's side of sending: one e-mail as its SDK builds it, one request, and what the answer means.

The SDK's own client waits for each answer in a thread, has no time limit of its own, and does not tell a request that
never left from one whose answer was lost. So its `Mail` builds the JSON, and our connection pool sends it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sendgrid.helpers.mail import (
    Category,
    ClickTracking,
    Content,
    CustomArg,
    From,
    Header,
    Mail,
    OpenTracking,
    Personalization,
    ReplyTo,
    SubscriptionTracking,
    TemplateId,
    To,
    TrackingSettings,
)

from showcase.errors import Failure, VendorError
from showcase.notifications.domain import OPTIONAL, Notification, NotificationType, Result
from showcase.notifications.formatting import address
from showcase.notifications.rendering import Reader, Renderer, one_line
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.template_context import facts
from showcase.notifications.unsubscribe_tokens import Links
from showcase.observability.telemetry import timed
from showcase.outbound.errors import ConnectError, TransportError
from showcase.outbound.http_client import HttpClient
from showcase.outbound.retry_after import DEFAULT_RETRY_AFTER, parse_retry_after, parse_seconds
from showcase.responses import HttpResponse

# A gateway in between says these: whether SendGrid took the message is not known.
_UNSETTLED = frozenset({502, 504})


@dataclass(frozen=True)
class Mailer:
    """Builds our e-mails and sends them through SendGrid's `POST /v3/mail/send`."""

    http: HttpClient
    settings: NotificationSettings
    renderer: Renderer
    links: Links

    def build(self, notification: Notification) -> Mail:
        """The e-mail as SendGrid takes it."""
        settings = self.settings
        decline_url = (
            self.links.to_decline(notification.user_id, notification.type) if notification.type in OPTIONAL else None
        )
        recipient = To()
        recipient.email = notification.email  # as it is: the constructor would take it apart
        envelope = Personalization()
        envelope.add_to(recipient)
        envelope.add_custom_arg(CustomArg("notification_id", str(notification.id)))
        mail = Mail()
        mail.from_email = From(settings.notifications_from_email, settings.notifications_from_name)
        sender = notification.payload.get("email") if notification.type is NotificationType.CONTACT_MESSAGE else None
        if reply_to := address(sender) or settings.notifications_reply_to:
            mail.reply_to = ReplyTo(reply_to)
        if decline_url:  # RFC 8058: one POST, without a page or a sign-in
            envelope.add_header(Header("List-Unsubscribe", f"<{decline_url}>"))
            envelope.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        template = settings.sendgrid_template_ids.get(notification.type)
        if template:
            mail.template_id = TemplateId(template)
            envelope.dynamic_template_data = self._template_data(notification, decline_url)
        else:
            reader = Reader(one_line(notification.username), one_line(notification.email), decline_url)
            email = self.renderer.render(notification.type, notification.payload, reader)
            mail.subject = email.subject
            mail.add_content(Content("text/plain", email.text))
            mail.add_content(Content("text/html", email.html))
        mail.add_personalization(envelope)
        mail.add_category(Category(str(notification.type)))
        mail.tracking_settings = TrackingSettings(
            click_tracking=ClickTracking(False, False),
            open_tracking=OpenTracking(False),
            subscription_tracking=SubscriptionTracking(False),
        )
        return mail

    def _template_data(self, notification: Notification, decline_url: str | None) -> dict[str, object]:
        known = vars(facts(notification.payload)).items()
        return {
            "username": notification.username,
            "site_url": self.renderer.pages.site,
            **{f"{name}_page": url for name, url in vars(self.renderer.pages.of(notification.username)).items()},
            "decline_url": decline_url or "",
            **{name: value for name, value in known if isinstance(value, (str, int))},
        }

    async def send(self, notification: Notification) -> Result:
        """One attempt.

        Raises: VendorError, where the failure is not this message's: rate_limited or rejected.
        """
        try:
            with timed("sendgrid"):
                response = await self.http.request(
                    "POST",
                    f"{str(self.settings.sendgrid_api_url).rstrip('/')}/v3/mail/send",
                    json=self.build(notification).get(),
                    headers={"authorization": f"Bearer {self._key()}"},
                    timeout=self.settings.notifications_send_seconds,
                )
        except ConnectError as error:
            return Result("retry", error=type(error).__name__)  # nothing left this machine
        except TransportError as error:
            return Result("unknown", error=type(error).__name__)
        return self._read(response)

    def _key(self) -> str:
        return self.settings.sendgrid_api_key.get_secret_value() if self.settings.sendgrid_api_key else ""

    def _read(self, response: HttpResponse) -> Result:
        status = response.status_code
        if status in {200, 202}:
            return Result("sent", message_id=response.headers.get("x-message-id", "")[:200] or None)
        if status == 429:
            raise VendorError("sendgrid", Failure.RATE_LIMITED, retry_after=retry_after(response.headers))
        if status in {401, 403}:
            raise VendorError("sendgrid", Failure.REJECTED, f"status {status}")
        if status in _UNSETTLED:
            return Result("unknown", error=f"status {status}")
        if status >= 500 or status == 408:
            return Result("retry", error=f"status {status}", wait=parse_retry_after(response.headers) or 0.0)
        return Result("failed", error=f"status {status}")


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds until the next request, where SendGrid limits us: of Retry-After, else to X-RateLimit-Reset."""
    if (wait := parse_retry_after(headers)) is not None:
        return wait
    reset = parse_seconds(headers.get("x-ratelimit-reset", ""))
    return max(0.0, reset - time.time()) if reset is not None else DEFAULT_RETRY_AFTER
