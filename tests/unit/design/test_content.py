"""What a request can cost is known before it is paid for: content has a size."""

from typing import Any

import pytest
from pydantic import ValidationError
from showcase.design.content import MOST_BYTES, Content, of_project

LINKS = ("live_link", "github_link", "linkedin_link", "twitter_link")


def row(sign: str, number: int) -> dict[str, Any]:
    """A project as the database takes it, each text as long as it may be."""
    urls = [{"url": f"https://example.com/{n:04}/{sign * 2000}", "position": number - n} for n in range(number)]
    return {
        "title": sign * 200,
        "short_summary": sign * 500,
        "description": sign * 20_000,
        **dict.fromkeys(LINKS, f"https://example.com/{sign * 2000}"),
        "project_images": urls,
        "project_videos": urls,
        "project_tags": [{"tag": f"{n:04}{sign * 46}"} for n in range(number)],
        "project_technologies": [{"technology": f"{n:04}{sign * 46}"} for n in range(number)],
    }


@pytest.mark.parametrize("sign", ["a", "織", "\U0001f9f6", "\x01"])
def test_however_much_a_project_has_its_content_has_a_size(sign: str) -> None:
    content = of_project(row(sign, 1000))
    assert content.size <= MOST_BYTES
    assert content.title == sign * 200
    assert content.description
    assert set(content.description) == {sign}
    assert 30 <= len(content.tags) == len(content.technologies) <= 50
    assert content.tags[0].startswith("0000")


def test_an_ordinary_project_is_whole() -> None:
    given = row("織", 0) | {"project_tags": [{"tag": "b"}, {"tag": "a"}], **dict.fromkeys(LINKS)}
    given["project_images"] = [{"url": f"https://example.com/{n:0150}", "position": 99 - n} for n in range(50)]
    given["description"] = "織" * 15_000
    content = of_project(given)
    assert (content.description, content.tags) == (given["description"], ["a", "b"])
    assert content.images == [image["url"] for image in reversed(given["project_images"])]
    assert of_project(given | {"description": None}).description is None


def test_content_that_comes_along_has_the_same_size() -> None:
    Content(title="T", description="a" * 20_000)
    with pytest.raises(ValidationError, match="at most 65536 bytes"):
        Content(title="T", images=[f"https://example.com/{n}/{'a' * 2000}" for n in range(40)])
