"""Links to unsubscribe: forged, changed, expired, of a replaced secret."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from pydantic import HttpUrl, SecretStr, ValidationError
from showcase.notifications.domain import NotificationType
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.unsubscribe_tokens import ExpiredLink, InvalidLink, Links

ADA = UUID("00000000-0000-4000-8000-000000000001")
WEEKLY = NotificationType.WEEKLY_METRICS


def links(*secrets: bytes, seconds: int = 60) -> Links:
    return Links("https://example.com/unsubscribe", secrets or (b"one",), seconds)


def token(made: Links, type_: NotificationType = WEEKLY) -> str:
    return parse_qs(urlsplit(made.to_decline(ADA, type_)).query)["token"][0]


def test_a_link_speaks_for_one_user_and_type() -> None:
    assert links().read(token(links())) == (ADA, WEEKLY)


def test_no_byte_of_it_can_be_changed() -> None:
    good = token(links())
    for place in range(len(good)):
        for other in "0aZ._-":
            if other != good[place]:
                with pytest.raises(InvalidLink):
                    links().read(good[:place] + other + good[place + 1 :])


@pytest.mark.parametrize("forged", ["", "x", "a.b.c.d", "0" * 200, "é" * 40, "%00", "\n", "0" * 100_000])
def test_what_was_never_a_link_is_refused(forged: str) -> None:
    with pytest.raises(InvalidLink):
        links().read(forged)


def test_another_secret_is_refused_and_an_older_one_taken() -> None:
    with pytest.raises(InvalidLink):
        links(b"two").read(token(links(b"one")))
    assert links(b"new", b"one").read(token(links(b"one"))) == (ADA, WEEKLY)


def test_an_old_link_says_so_and_only_a_real_one() -> None:
    old = token(links(seconds=-10))
    with pytest.raises(ExpiredLink):
        links().read(old)
    with pytest.raises(InvalidLink):
        links(b"two").read(old)


def test_what_cannot_be_declined_has_no_link() -> None:
    with pytest.raises(InvalidLink):
        links().read(token(links(), NotificationType.WELCOME))


def test_secrets_are_a_list_with_something_in_it() -> None:
    assert settings(SecretStr(" new, old,")).link_secrets == (b"new", b"old")
    assert settings(None).link_secrets == ()
    with pytest.raises(ValidationError, match="no secret in it"):
        settings(SecretStr(" , "))


def settings(link_secrets: SecretStr | None) -> NotificationSettings:
    return NotificationSettings(site_url=HttpUrl("https://example.com"), notifications_link_secrets=link_secrets)
