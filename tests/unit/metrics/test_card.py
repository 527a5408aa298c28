"""The card as a picture: well-formed whatever people wrote, and true to its numbers."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from showcase.metrics import card
from showcase.metrics.domain import COUNTED, Platform, ProjectMetrics, Snapshot

SVG = "{http://www.w3.org/2000/svg}"
TODAY = date(2026, 3, 31)


def day(platform: Platform, ago: int, count: int) -> Snapshot:
    when = TODAY - timedelta(days=ago)
    counts = dict.fromkeys(COUNTED[platform], count)
    return Snapshot(platform, counts, when, datetime(when.year, when.month, when.day, tzinfo=UTC))


def metrics(title: str = "T", *history: Snapshot) -> ProjectMetrics:
    latest = {one.platform: one for one in history}
    return ProjectMetrics(uuid4(), uuid4(), title, tuple(latest), latest, history)


def drawn(project: ProjectMetrics) -> ElementTree.Element:
    picture = ElementTree.fromstring(card.render(project).encode())  # noqa: S314 - our own
    assert picture.tag == f"{SVG}svg"
    return picture


def texts(picture: ElementTree.Element) -> list[str]:
    return ["".join(element.itertext()) for element in picture.iter(f"{SVG}text")]


def line(picture: ElementTree.Element) -> list[tuple[float, float]]:
    polyline = picture.find(f".//{SVG}polyline")
    assert polyline is not None
    pairs = [point.split(",") for point in polyline.attrib["points"].split()]
    return [(float(x), float(y)) for x, y in pairs]


@given(st.text(min_size=1, max_size=200))
def test_any_title_is_well_formed(title: str) -> None:
    picture = drawn(metrics(title, day(Platform.GITHUB, 0, 1)))
    assert len(texts(picture)[0]) <= card.LONGEST_TITLE


@pytest.mark.parametrize(
    "title",
    [
        "</text><script>alert(1)</script>",
        "<![CDATA[x]]>",
        "&lt;&amp;&#0;",
        '" onload="alert(1)',
        "' onload='alert(1)",
        "]]><!-- --><?xml?>",
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    ],
)
def test_markup_in_a_title_stays_text(title: str) -> None:
    picture = drawn(metrics(title, day(Platform.GITHUB, 0, 1)))
    assert texts(picture)[0] == title if len(title) <= card.LONGEST_TITLE else texts(picture)[0].endswith("…")
    allowed = {f"{SVG}{name}" for name in ("svg", "style", "rect", "text", "tspan", "polyline", "title", "circle")}
    assert {element.tag for element in picture.iter()} <= allowed
    attributes = {name for element in picture.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or "href" in name}


def test_emoji_stay_and_what_would_turn_text_around_goes() -> None:
    for title in ("Rocket 🚀 naïve 日本語", "👩‍💻"):
        assert texts(drawn(metrics(title)))[0] == title
    assert texts(drawn(metrics("a\x00b\x1bc\u202ed\nE\ud800")))[0] == "a b c d E "


def test_without_numbers_it_says_so() -> None:
    assert texts(drawn(metrics("T"))) == ["T", "No numbers yet"]


def test_each_platform_has_a_row_with_its_own_numbers() -> None:
    project = metrics("T", *(day(platform, 0, 1234) for platform in Platform))
    shown = " ".join(texts(drawn(project)))
    for expected in ("GitHub", "LinkedIn", "X", "1.2k stars", "1.2k forks", "1.2k comments", "1.2k reposts"):
        assert expected in shown
    assert "retweets" not in shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"), (1, "1"), (999, "999"), (1000, "1k"), (1049, "1k"), (1999, "1.9k"), (999_999, "999.9k"),
        (1_000_000, "1M"), (2_147_483_647, "2.1B"),
    ],
)  # fmt: skip
def test_numbers_are_short_and_never_rounded_up(number: int, shown: str) -> None:
    shown_texts = " ".join(texts(drawn(metrics("T", day(Platform.GITHUB, 0, number)))))
    assert re.search(rf"(^| ){re.escape(shown)} stars?( |$)", shown_texts)


def test_the_line_goes_by_date_so_that_a_gap_is_no_zero() -> None:
    history = [day(Platform.GITHUB, ago, 100 - ago) for ago in (29, 28, 27, 10, 0)]
    points = line(drawn(metrics("T", *history)))
    assert len(points) == 5
    xs, ys = [x for x, _ in points], [y for _, y in points]
    assert xs == sorted(xs)
    assert ys == sorted(ys, reverse=True), "more is higher"
    assert (xs[3] - xs[2]) / (xs[1] - xs[0]) == pytest.approx(17, rel=0.05)


@given(
    st.dictionaries(st.integers(0, 29), st.integers(0, 2**31 - 1), min_size=2, max_size=30),
    st.sampled_from(list(Platform)),
)
def test_the_line_stays_inside_the_card(counts: dict[int, int], platform: Platform) -> None:
    history = [day(platform, ago, counts[ago]) for ago in sorted(counts, reverse=True)]
    picture = drawn(metrics("T", *history))
    width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
    points = line(picture)
    assert len(points) == len(counts)
    assert all(0 < x < width and 0 < y < height for x, y in points)


def test_one_is_not_many() -> None:
    assert "1 star" in texts(drawn(metrics("T", day(Platform.GITHUB, 0, 1))))
    assert "1 reply" in texts(drawn(metrics("T", day(Platform.TWITTER, 0, 1))))


def test_a_long_title_ends_in_an_ellipsis_where_the_card_ends() -> None:
    assert texts(drawn(metrics("a" * 35)))[0] == "a" * 35
    assert texts(drawn(metrics("a" * 36)))[0] == "a" * 34 + "…"
    assert texts(drawn(metrics("語" * 36)))[0] == "語" * 17 + "…", "they are twice as wide"


def test_those_who_cannot_see_it_hear_the_whole_title_and_the_numbers() -> None:
    picture = drawn(metrics("a" * 200, day(Platform.GITHUB, 0, 5)))
    assert picture.attrib["aria-label"] == f"{'a' * 200}; GitHub: 5 stars, 5 forks, 5 watchers"


def test_one_day_is_no_line() -> None:
    assert drawn(metrics("T", day(Platform.GITHUB, 0, 5))).find(f".//{SVG}polyline") is None
