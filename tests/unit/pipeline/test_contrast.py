import pytest
from hypothesis import given
from hypothesis import strategies as st
from showcase.contrast import ENOUGH, contrast, readable

from tests.support.json_schema import unhurried

COLORS = st.from_regex("#[0-9a-f]{6}", fullmatch=True)


# https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio; the numbers are those of WebAIM's checker.
@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#000000", 5.25),
    ],
)
def test_the_ratio_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@unhurried
@given(COLORS, COLORS)
def test_every_colour_can_be_made_readable(color: str, background: str) -> None:
    fixed = readable(color, background)
    assert contrast(fixed, background) >= ENOUGH
    assert fixed == color or contrast(color, background) < ENOUGH


def test_no_more_is_changed_than_is_needed() -> None:
    assert contrast("#808080", "#ffffff") < ENOUGH
    assert contrast(readable("#808080", "#ffffff"), "#ffffff") < 6
