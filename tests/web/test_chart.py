"""A chart is drawn again where its place changes: a phone is turned, a window made smaller."""

from tests.support.stack import Stack
from tests.web.conftest import Browse, needs_browser

pytestmark = needs_browser

ENGINE = "00000000-0000-4000-8000-000000000101"  # of the demo rows, with a history
WIDTHS = [1200, 390, 844]


def test_it_fits_its_place_and_its_text_keeps_its_size(site: Stack, browse: Browse) -> None:
    answer = browse("chart.mjs", name="Ada Lovelace", project=ENGINE, widths=WIDTHS)
    assert answer["complaints"] == []
    seen = answer["seen"]
    assert seen[0]["points"] > 1
    assert [chart["edge"] for chart in seen] == [12] * len(WIDTHS)
    assert len({(chart["points"], chart["text"]) for chart in seen}) == 1
    assert len({chart["width"] for chart in seen}) == len(WIDTHS)
