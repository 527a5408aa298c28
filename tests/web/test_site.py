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
    register(site, email="tove@example.com", name="Tove Tidemark")
    seen = browse("life.mjs", name="Tove Tidemark", username="tove-tidemark", picture=str(picture))
    [refusal] = seen["complaints"]  # every browser notes an answer of 400: the link that was refused on purpose
    assert refusal.endswith("#main: Failed to load resource: the server responded with a status of 400 (Bad Request)")
    assert seen["hidden"] == []
    assert len(seen["looks"]) == 22
    assert [look for look in seen["looks"] if look["overflow"] or look["faint"] or look["unnamed"]] == []
    assert seen["focused"] == "Your projects"
    assert seen["kept"] == "It follows the moon.\n\nIt is made of oak."
    assert seen["unsaved"]["warned"] is True
    assert seen["unsaved"]["afterwards"] is False
    for within, returned, text in seen["unsaved"]["stayed"]:
        assert (within, text) == (["Cancel", "Leave", "Cancel", "Leave"], seen["kept"])
        assert returned
    assert seen["refused"].startswith("This is no link to a post on X.")
    assert (seen["invalid"], seen["beside"]) == (["twitter_link", "true"], 1)
    assert seen["repository"] == "https://github.com/tide/clock"
    assert seen["moved"] == "The clock at high tide"
    assert seen["unfit"] == "notes.txt: This is not a PNG, JPEG, WebP, GIF, AVIF or HEIC picture."
    assert seen["previewed"] == "Tide clock"
    assert seen["rightToLeft"] == [True, False]
    assert seen["published"] == f"{site.site_url}/tove-tidemark/tide-clock"
    assert seen["views"] == "1"
    assert seen["alt"] == "The clock at high tide"
    assert seen["loaded"] > 0
    assert seen["blocks"] == seen["order"] != []
    assert int(seen["stars"].replace(",", "")) > 0
    assert seen["weekly"] is True
    assert seen["leads"] == f"QR code that leads to {site.site_url}/tove-tidemark"
    assert seen["archive"].endswith(".zip")
    assert seen["afterwards"] == "There is no such page"
