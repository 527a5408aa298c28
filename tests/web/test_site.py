"""The site as its users meet it."""

from pathlib import Path

from tests.support.pictures import smooth
from tests.support.sign_in import register
from tests.support.stack import Stack
from tests.web.conftest import Browse


def test_the_whole_life_of_a_user(site: Stack, browse: Browse, tmp_path: Path) -> None:
    picture = tmp_path / "clock.png"
    smooth((900, 600)).save(picture)
    hint = register(site, email="tove@example.com", name="Tove Tidemark")
    seen = browse("life.mjs", hint=hint, name="Tove Tidemark", username="tove-tidemark", picture=str(picture))
    assert seen["complaints"] == []
    assert [each for each in seen["widths"] if each[1] > 0] == []
    assert (seen["alt"], seen["loaded"]) == ("The clock at high tide", 900)
    assert seen["published"] == seen["blocks"] > 0
    assert int(seen["stars"].replace(",", "")) > 0
    assert seen["weekly"] is True
    assert seen["leads"] == f"QR code that leads to {site.site_url}/tove-tidemark"
    assert seen["archive"].endswith(".zip")
    assert seen["afterwards"] == "There is no such page"
