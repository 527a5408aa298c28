"""Stretches of a file, as (from, to) in bytes."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

Extent = tuple[int, int]


def merged(extents: Iterable[Extent]) -> list[Extent]:
    """The same bytes in ascending stretches that neither overlap nor touch: each byte is in one of them at most."""
    result: list[Extent] = []
    begin = end = -1
    for start, stop in sorted(extents):
        if start > end:
            if end > begin:
                result.append((begin, end))
            begin, end = start, stop
        elif stop > end:
            end = stop
    return [*result, (begin, end)] if end > begin else result


def gaps(kept: Sequence[Extent], start: int, end: int) -> Iterator[Extent]:
    """What `kept`, which is merged, leaves out between two places."""
    for place in range(bisect_right(kept, start, key=itemgetter(1)), len(kept)):
        begin, stop = kept[place]
        if begin >= end:
            break
        if begin > start:
            yield start, begin
        start = stop
    if start < end:
        yield start, end
