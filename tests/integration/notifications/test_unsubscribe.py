"""Leaving with one click: by the link that an e-mail carries, without a sign-in."""

import re
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import plain_http
from tests.support.users import User
from tests.support.vendors.sendgrid import Mail

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def user(mail: Mail) -> User:
    return mail.stack.make_user()


@pytest.fixture
def link(mail: Mail, user: User) -> str:
    """From the headers of a real e-mail."""
    mail.queue(user, "renewal_upcoming")
    mail.dispatch()
    message = next(m for m in mail.messages(user.email) if m["categories"] == ["renewal_upcoming"])
    assert message["headers"]["List-Unsubscribe-Post"] == ONE_CLICK
    found = re.fullmatch(r"<(.+)>", message["headers"]["List-Unsubscribe"])
    assert found is not None
    assert found[1] in message["text"]
    assert found[1] in message["html"]
    return found[1]


def choices(mail: Mail, user: User) -> list[tuple[str, bool]]:
    rows = mail.rows("select type, enabled from notification_preferences where user_id = %s", user.id)
    return [(row["type"], row["enabled"]) for row in rows]


def post(link: str) -> httpx.Response:
    return plain_http.post(link, content=ONE_CLICK, headers=FORM, trust_env=False, timeout=30)


def test_one_click_declines_that_type_and_nothing_else(mail: Mail, user: User, link: str) -> None:
    answer = post(link)
    assert answer.status_code == 200, answer.text
    assert "You are unsubscribed" in answer.text
    assert choices(mail, user) == [("renewal_upcoming", False)]
    declined, needed = mail.queue(user, "renewal_upcoming"), mail.queue(user, "payment_failed")
    mail.dispatch()
    assert (mail.row(declined)["status"], mail.row(declined)["error"]) == ("suppressed", "declined")
    assert mail.row(needed)["status"] in {"sent", "delivered"}


def test_looking_at_the_page_changes_nothing(mail: Mail, user: User, link: str) -> None:
    page = plain_http.get(link, trust_env=False)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert '<form method="post">' in page.text
    assert "reminders before a renewal" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert choices(mail, user) == []


def test_a_link_works_again_and_does_not_bring_a_choice_back(mail: Mail, user: User, link: str) -> None:
    for _ in range(2):
        assert post(link).status_code == 200
    assert choices(mail, user) == [("renewal_upcoming", False)]


@pytest.mark.parametrize("token", ["", "x", "0" * 300, "<script>", "%00", "..%2F.."])
def test_a_forged_link_is_refused(mail: Mail, link: str, token: str) -> None:
    forged = f"{link.partition('?')[0]}?token={token}"
    for answer in (plain_http.get(forged, trust_env=False), post(forged), post(link.partition("?")[0])):
        assert answer.status_code == 400
        assert "<script>" not in answer.text
        assert "This link does not work" in answer.text


def test_a_link_for_somebody_else_cannot_be_made_of_ones_own(mail: Mail, user: User, link: str) -> None:
    other = mail.stack.make_user()
    assert post(link.replace(user.id.hex, other.id.hex)).status_code == 400
    assert post(link.replace("renewal_upcoming", "weekly_metrics")).status_code == 400
    assert choices(mail, other) == choices(mail, user) == []


def test_who_is_gone_is_not_missed(mail: Mail, user: User, link: str) -> None:
    mail.rows("delete from auth.users where id = %s", user.id)
    assert post(link).status_code == 200


def test_other_methods_are_refused(link: str) -> None:
    answer = plain_http.delete(link, trust_env=False)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, OPTIONS")


def test_the_link_leads_where_users_reach_the_functions(mail: Mail, link: str) -> None:
    assert urlsplit(link).path == "/functions/v1/unsubscribe"
    assert link.startswith(tuple(mail.functions_urls))
