"""Every e-mail with the smallest, a usual and the oddest data: whole, safe, and within the limits of mail."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import HttpUrl, ValidationError
from showcase.notifications.domain import OPTIONAL, NotificationType
from showcase.notifications.rendering import Email, Reader, Renderer, fold, make_renderer, one_line
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.template_context import facts

from local.settings import ROOT
from local.tools.mail_preview import LINK, ODD, SITE, USUAL, VARIANTS, payload

ALL = [(type_, variant) for type_ in NotificationType for variant in VARIANTS]
EVIL = [
    '<script>alert("x")</script>',
    "<img src=x onerror=alert(1)>",
    "a\r\nBcc: victim@example.com",
    "{{ 7 * 7 }}{% for x in [1] %}",
    "\u202egnp.exe\u2066",
    "\x00\x1b[31m\ud800",
    "SG.aaaaaaaaaa.bbbbbbbbbb",
    "'\"><a href='javascript:alert(1)'>",
    "日本語 العربية 👩‍💻",
    "W" * 5000,
    "word " * 2000,
]
# What a payload may hold, as anyone who queues e-mails reads it.
TABLE = re.findall(r"^\| `\w+`[^|]*\|([^|]*)\|[^|]*\|$", (ROOT / "docs" / "notifications.md").read_text(), re.MULTILINE)
DOCUMENTED = {key for cell in TABLE for key in re.findall(r"`(\w+)`", cell)}


PAGES = NotificationSettings(site_url=HttpUrl(SITE)).pages
BUTTONS = {
    NotificationType.WELCOME: f"{SITE}/projects/new",
    NotificationType.SUBSCRIPTION_STARTED: f"{SITE}/settings/subscription",
    NotificationType.RENEWAL_UPCOMING: f"{SITE}/settings/subscription",
    NotificationType.RENEWAL_SUCCEEDED: f"{SITE}/settings/subscription",
    NotificationType.PAYMENT_FAILED: f"{SITE}/settings/subscription",
    NotificationType.PAYMENT_REFUNDED: f"{SITE}/settings/subscription",
    NotificationType.CANCELLATION_SCHEDULED: f"{SITE}/settings/subscription",
    NotificationType.CANCELLATION_WITHDRAWN: f"{SITE}/settings/subscription",
    NotificationType.SUBSCRIPTION_CANCELED: f"{SITE}/pricing",
    NotificationType.DATA_EXPORT_READY: f"{SITE}/settings/account",
    NotificationType.WEEKLY_METRICS: f"{SITE}/ada",
}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return make_renderer(PAGES)


class Reading(HTMLParser):
    """Which tags and links a page has, and what it says."""

    VOID = frozenset({"meta", "br", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.said = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def assert_sound(email: Email) -> None:
    """What must hold for every e-mail, whatever was put into it."""
    page = Reading(email.html)
    assert page.open == []
    assert {"script", "img", "iframe", "form", "link"}.isdisjoint(page.tags)
    assert not {name for name in page.attributes if name.startswith("on")}
    assert all(link.startswith(("https://", "http://")) for link in page.links)
    assert email.subject == " ".join(email.subject.split())
    assert email.subject.isprintable() or "\u200d" in email.subject
    assert 0 < len(email.subject) <= 150
    for text in (email.text, email.html):
        assert all(len(line.encode()) <= 900 for line in text.splitlines())
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
        assert not re.search(r"SG\.[0-9a-zA-Z]+\.[0-9a-zA-Z]+", text), "the SDK would refuse it"
    assert "None" not in email.text + page.said


@pytest.mark.parametrize(("type_", "variant"), ALL)
def test_every_email_is_sound_and_whole(renderer: Renderer, type_: NotificationType, variant: str) -> None:
    link = LINK if type_ in OPTIONAL else None
    email = renderer.render(type_, payload(type_, variant), Reader("ada", "ada@example.com", link))
    assert_sound(email)
    page = Reading(email.html)
    assert (LINK in page.links) == (LINK in email.text) == (type_ in OPTIONAL)
    assert "color-scheme" in email.html
    assert "prefers-color-scheme: dark" in email.html
    assert "You get this" in email.text
    assert "You get this" in page.said


def test_each_button_leads_to_the_page_that_it_speaks_of(renderer: Renderer) -> None:
    for type_ in NotificationType:
        email = renderer.render(type_, {}, Reader("ada", "ada@example.com"))
        links = [link for link in Reading(email.html).links if link != SITE]
        assert links == ([BUTTONS[type_]] if type_ in BUTTONS else []), type_
        assert all(link in email.text for link in links)


def test_the_pages_are_settings() -> None:
    given = NotificationSettings(site_url=HttpUrl(SITE), notifications_numbers_page="{site}/{username}/numbers?all#1")
    assert given.pages.of("a b").numbers == f"{SITE}/a%20b/numbers?all#1"
    for refused in ("/elsewhere", "{site}.example.com/", "https://example.com", "{site}/{other}", "{site}/a b"):
        with pytest.raises(ValidationError):
            NotificationSettings(site_url=HttpUrl(SITE), notifications_plans_page=refused)


class Noting(dict[str, Any]):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def test_what_is_read_of_a_payload_is_what_is_documented_and_what_the_preview_shows() -> None:
    noting = Noting()
    facts(noting)
    assert noting.asked == DOCUMENTED
    assert {key for reported in USUAL.values() for key in reported} <= DOCUMENTED
    assert set(ODD) <= DOCUMENTED


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("type_", NotificationType)
def test_what_users_write_stays_text(renderer: Renderer, type_: NotificationType, evil: str) -> None:
    odd: dict[str, Any] = dict.fromkeys(sorted(DOCUMENTED), evil)
    odd["projects"] = [{"title": evil, "gained": 3, "platforms": [{"platform": evil, "now": evil}]}]
    assert_sound(renderer.render(type_, odd, Reader(one_line(evil), one_line(f"{evil}@example.com"))))


def test_markup_in_a_title_is_shown_as_it_was_written(renderer: Renderer) -> None:
    reported = {"projects": [{"title": "<b>Bold</b> & co", "gained": 1}]}
    email = renderer.render(NotificationType.WEEKLY_METRICS, reported, Reader("ada", "ada@example.com"))
    assert "<b>Bold</b> & co" in email.text
    assert "<b>Bold</b> & co" in Reading(email.html).said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(sorted(DOCUMENTED))


@settings(max_examples=150)
@given(type_=st.sampled_from(list(NotificationType)), reported=st.dictionaries(KEYS, JSON, max_size=6))
def test_no_payload_breaks_an_email(renderer: Renderer, type_: NotificationType, reported: dict[str, Any]) -> None:
    assert renderer.render(type_, reported, Reader("ada", "ada@example.com")).subject


def test_long_lines_are_broken_where_there_is_a_space() -> None:
    folded = fold("é " * 5000)
    assert max(len(line.encode()) for line in folded.splitlines()) <= 900
    assert folded.split() == ["é"] * 5000
