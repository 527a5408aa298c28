"""The site as its users meet it."""

from pathlib import Path

from tests.support.files.pictures import smooth
from tests.support.sign_in import register
from tests.support.stack import Stack
from tests.web.conftest import Browse, needs_browser

pytestmark = needs_browser


def test_the_whole_life_of_a_user(site: Stack, browse: Browse, tmp_path: Path) -> None:
    picture = tmp_path / "clock.png"
    smooth((900, 600)).save(picture)
    hint = register(site, email="tove@example.com", name="Tove Tidemark")
    seen = browse("life.mjs", hint=hint, name="Tove Tidemark", username="tove-tidemark", picture=str(picture))
    [refusal] = seen["complaints"]  # every browser notes an answer of 400: the link that was refused on purpose
    assert refusal.endswith("#main: Failed to load resource: the server responded with a status of 400 (Bad Request)")
    assert len(seen["looks"]) == 19
    assert [look for look in seen["looks"] if look["overflow"] or look["faint"]] == []
    assert seen["focused"][:2] == ["q", "Search"]  # a page begins behind its heading
    assert set(seen["focused"]) > {"Analytical Engine", "Ada Lovelace", "Compiler", "Grace Hopper"}
    assert (seen["invalid"], seen["repository"]) == ("twitter_link", "https://github.com/tide/clock")
    assert seen["refused"].startswith("This is no link to a post on X.")
    assert seen["beside"] == 1
    assert seen["kept"] == "It follows the moon.\n\nIt is made of oak."
    assert seen["unsaved"] == {"warned": True, "stayed": [seen["kept"]] * 4, "afterwards": False}
    assert seen["movedFocus"] == "The clock at high tide"
    assert seen["unfit"] == "notes.txt: This is not a PNG, JPEG, WebP, GIF, AVIF or HEIC picture."
    assert seen["previewed"] == "Tide clock"
    assert seen["address"] == f"{site.site_url}/tove-tidemark/tide-clock"
    assert seen["views"] == "1"
    assert seen["alt"] == "The clock at high tide"
    assert seen["loaded"] > 0
    assert seen["published"] == seen["blocks"] > 0
    assert int(seen["stars"].replace(",", "")) > 0
    assert seen["weekly"] is True
    assert seen["leads"] == f"QR code that leads to {site.site_url}/tove-tidemark"
    assert seen["archive"].endswith(".zip")
    assert seen["afterwards"] == "There is no such page"
