"""What is handed to SendGrid: as its SDK builds it and as its published description wants it."""

import re
import uuid
from typing import Any

import pytest
from pydantic import HttpUrl
from showcase.notifications.domain import OPTIONAL, Notification, NotificationType
from showcase.notifications.mailer import Mailer, retry_after
from showcase.notifications.rendering import make_renderer
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.unsubscribe_tokens import Links
from showcase.outbound.http_client import HttpClient

from local.tools.mail_preview import SITE, VARIANTS, payload
from tests.support.vendors.described import mail_send, sendgrid_description

PAGES = NotificationSettings(site_url=HttpUrl(SITE)).pages
TEMPLATE = "d-" + "0" * 32


def mailer(**settings: Any) -> Mailer:
    links = Links(f"{SITE}/functions/v1/unsubscribe", (b"secret",), 60)
    given = NotificationSettings.model_construct(**{**NotificationSettings(site_url=SITE).model_dump(), **settings})
    return Mailer(HttpClient(), given, make_renderer(PAGES), links)


def notification(
    type_: NotificationType = NotificationType.WELCOME, variant: str = "usual", email: str = "ada@example.com"
) -> Notification:
    return Notification(uuid.uuid4(), uuid.uuid4(), type_, 1, email, "ada", payload(type_, variant))


def built(one: Notification, **settings: Any) -> dict[str, Any]:
    body: dict[str, Any] = mailer(**settings).build(one).get()
    return body


@pytest.fixture(scope="module")
def description() -> Any:
    return sendgrid_description()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("type_", NotificationType)
def test_every_email_is_as_sendgrid_describes_it(description: Any, type_: NotificationType, variant: str) -> None:
    for settings in ({}, {"sendgrid_template_ids": {type_: TEMPLATE}}):
        body = built(notification(type_, variant), notifications_reply_to="help@example.com", **settings)
        description.validate_request(mail_send(body))


def test_the_description_tells_a_wrong_request(description: Any) -> None:
    exceptions = pytest.importorskip("openapi_core.exceptions")
    body = built(notification())
    body["personalizations"][0]["to"] = "ada@example.com"
    with pytest.raises(exceptions.OpenAPIError):
        description.validate_request(mail_send(body))


def test_it_carries_our_id_and_tracks_nobody() -> None:
    one = notification()
    body = built(one)
    assert body["personalizations"] == [
        {"to": [{"email": "ada@example.com"}], "custom_args": {"notification_id": str(one.id)}}
    ]
    assert body["from"] == {"email": "showcase@example.com", "name": "Showcase"}
    assert [content["type"] for content in body["content"]] == ["text/plain", "text/html"]
    assert {name: setting["enable"] for name, setting in body["tracking_settings"].items()} == {
        "click_tracking": False,
        "open_tracking": False,
        "subscription_tracking": False,
    }


@pytest.mark.parametrize("type_", NotificationType)
def test_what_may_be_declined_says_how_in_its_headers(type_: NotificationType) -> None:
    headers = built(notification(type_))["personalizations"][0].get("headers", {})
    if type_ in OPTIONAL:
        assert re.fullmatch(rf"<{SITE}/functions/v1/unsubscribe\?token=[!-~]+>", headers["List-Unsubscribe"])
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert all(value.isascii() and len(value) < 900 for value in headers.values())
    else:
        assert headers == {}


@pytest.mark.parametrize(
    "address",
    ["a@b.example", '"a, b <c@d.example>"@example.com', "A B <x@y.example>", "jörg@exämple.de", "a+b@c.example"],
)
def test_an_address_is_passed_on_as_it_is(address: str) -> None:
    assert built(notification(email=address))["personalizations"][0]["to"] == [{"email": address}]


def test_a_template_of_sendgrids_own_gets_the_same_facts() -> None:
    one = notification(NotificationType.RENEWAL_SUCCEEDED)
    body = built(one, sendgrid_template_ids={NotificationType.RENEWAL_SUCCEEDED: TEMPLATE})
    assert body["template_id"] == TEMPLATE
    assert {"content", "subject"}.isdisjoint(body)
    data = body["personalizations"][0]["dynamic_template_data"]
    assert (data["username"], data["amount"], data["period_end"]) == ("ada", "$9.00", "1 January 2027")


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"x-ratelimit-reset": "1"}, 0, 0),
        ({}, 60, 60),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 60, 60),
        ({"x-ratelimit-reset": "soon"}, 60, 60),
        ({"retry-after": "9" * 30}, 60, 60),
    ],
)
def test_how_long_to_stay_away(headers: dict[str, str], low: float, high: float) -> None:
    assert low <= retry_after(headers) <= high
