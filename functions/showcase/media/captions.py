"""Whether captions say where a film was made: drones and dash cameras write their way into a caption track."""

import re
from collections.abc import Sequence

from showcase.media.formats.extents import Extent, merged
from showcase.media.formats.isobmff import Bytes
from showcase.media.formats.work_budget import WorkBudget

_BYTES_A_STEP = 32  # of the work budget
# A number as exact as a position, degrees, a word that stands beside them, or an NMEA sentence.
_POSITION = re.compile(
    rb"\d[.,]\d{4}|\d{6}|\d *(\xc2?[\xb0\xba]|deg)|gps|coord|\blat\b|latitud|\blo?ng?\b *[:=(]|longitud|\$g[a-z]{4},",
    re.IGNORECASE,
)


def contain_positions(data: Bytes, extents: Sequence[Extent], budget: WorkBudget) -> bool:
    """Whether the samples of a caption track may hold positions, in UTF-8 or UTF-16.

    Raises:
        Refused: they are too many to read.
    """
    found = merged(extents)
    budget.spend(sum(end - start for start, end in found) // _BYTES_A_STEP)
    text = b"\n".join(bytes(data[start:end]).replace(b"\0", b"") for start, end in found)
    return _POSITION.search(text) is not None
