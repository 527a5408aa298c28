"""The work of a video's check: in proportion to the file, whatever its tables say (times: bench.media_videos)."""

from typing import Any

import pytest
from showcase.media.checks.videos import clean
from showcase.media.domain import ContentType, Reason, Refused, sniff
from showcase.media.formats.work_budget import WorkBudget

from tests.support.files.crafted_films import CRAFTED, HONEST

SIZE = 1_000_000  # bytes of each film, more or less


class Counted(bytearray):
    """Counts the bytes that are written."""

    written = 0

    def __setitem__(self, key: Any, value: Any) -> None:
        self.written += len(value) if isinstance(key, slice) else 1
        super().__setitem__(key, value)


def cleaned(content: bytes) -> Counted:
    data = Counted(content)
    clean(data, sniff(content[:64]) or ContentType.MP4)
    return data


@pytest.mark.parametrize("name", CRAFTED)
def test_no_byte_of_a_crafted_film_is_written_twice(name: str) -> None:
    content = CRAFTED[name](SIZE)
    data = Counted(content)
    try:
        clean(data, sniff(content[:64]) or ContentType.MP4)
    except Refused as refused:
        assert refused.reason in {Reason.TOO_COMPLEX, Reason.DAMAGED}  # noqa: PT017 - one of two good ends
    headers = 16 * WorkBudget(len(content)).left  # of what is made free or void
    assert data.written <= len(content) + headers


@pytest.mark.parametrize(
    "name", ["free boxes", "shown track, the same bytes", "fragments", "void elements", "tiny blocks"]
)
def test_what_has_too_many_parts_is_too_complex(name: str) -> None:
    with pytest.raises(Refused) as refused:
        cleaned(CRAFTED[name](SIZE))
    assert refused.value.reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize("name", HONEST)
def test_honest_films_are_not(name: str) -> None:
    content = HONEST[name](SIZE)
    assert cleaned(content).count(b"v" * 100) == content.count(b"v" * 100) > 0
