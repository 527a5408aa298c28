"""Films made for tests, box by box (MP4, QuickTime) and element by element (WebM)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tests.support.files.pictures import PLACE


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def large(kind: bytes, body: bytes = b"") -> bytes:
    """With its size in 64 bits."""
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


def full(kind: bytes, form: str, *values: int, flags: int = 0) -> bytes:
    """A full box of numbers: version and flags first."""
    return box(kind, struct.pack(f">I{form}", flags, *values))


def listed(kind: bytes, numbers: Sequence[int], *, width: int = 1, code: str = "I") -> bytes:
    """A table: how many entries there are, and the numbers of each."""
    return full(kind, f"I{len(numbers)}{code}", len(numbers) // width, *numbers)


@dataclass(frozen=True)
class Track:
    """A track whose chunks have one sample each. The rest is what may stand among its boxes, or in them."""

    handler: bytes
    samples: Sequence[bytes]
    number: int = 1
    extra: bytes = b""
    entry: bytes = b""
    name: bytes = b""
    dref: bytes = struct.pack(">I4sI", 12, b"url ", 1)
    wide: bool = False  # offsets of 64 bits
    lengths: bytes = b""  # another table of sizes, and how many of those make a chunk
    in_chunk: int = 1

    def trak(self, offsets: Sequence[int]) -> bytes:
        sizes = [len(sample) for sample in self.samples]
        lengths = self.lengths or full(b"stsz", f"II{len(sizes)}I", 0, len(sizes), *sizes)
        chunks = listed(b"co64", offsets, code="Q") if self.wide else listed(b"stco", offsets)
        entries = box(b"stsd", struct.pack(">II", 0, 1 if self.entry else 0) + self.entry)
        tables = entries + listed(b"stsc", [1, self.in_chunk, 1], width=3) + lengths + chunks
        dinf = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1) + self.dref))
        hdlr = box(b"hdlr", bytes(8) + self.handler + bytes(12) + self.name)
        mdia = box(b"mdia", full(b"mdhd", "5I", 7, 7, 1000, 0, 0) + hdlr + box(b"minf", dinf + box(b"stbl", tables)))
        tkhd = full(b"tkhd", "20I", 7, 7, self.number, *bytes(17))
        return box(b"trak", tkhd + self.extra + mdia)


FRAMES = Track(b"vide", [b"frame one", b"frame two", b"frame six"])


@dataclass(frozen=True)
class Film:
    """A film of tracks, their samples in turns; `between` lies among them and belongs to none."""

    tracks: Sequence[Track] = (FRAMES,)
    brand: bytes = b"isom"
    extra: bytes = b""  # in the movie box
    before: bytes = b""  # the movie box
    after: bytes = b""  # the media data
    between: bytes = b""
    moov_last: bool = False

    def made(self) -> bytes:
        ftyp = box(b"ftyp", self.brand + bytes(4) + b"mp42") if self.brand else b""
        data = b"".join(b"".join(each) for each in self._rounds())
        media = box(b"mdat", data)
        head = ftyp + self.before
        start = len(head) + 8 if self.moov_last else len(head) + len(self._moov(0)) + 8
        moov = self._moov(start)
        return head + (media + moov if self.moov_last else moov + media) + self.after

    def _rounds(self) -> list[list[bytes]]:
        return [
            [each for sample in turn for each in (sample or b"", self.between)]
            for turn in zip_longest(*(track.samples for track in self.tracks))
        ]

    def _moov(self, start: int) -> bytes:
        offsets: list[list[int]] = [[] for _ in self.tracks]
        for turn in self._rounds():
            for place, piece in enumerate(turn):
                if place % 2 == 0 and len(offsets[place // 2]) < len(self.tracks[place // 2].samples):
                    offsets[place // 2].append(start)
                start += len(piece)
        traks = b"".join(track.trak(found) for track, found in zip(self.tracks, offsets, strict=True))
        return box(b"moov", full(b"mvhd", "24I", 7, 7, 1000, *bytes(21)) + self.extra + traks)


def video(brand: bytes = b"isom", extra: bytes = b"") -> bytes:
    """A film with the place where it was taken, in its movie box and in a track."""
    place = box(b"udta", box(b"\xa9xyz", PLACE))
    track = Track(b"vide", [b"frames" * 10] * 5, extra=place)
    return Film([track], brand=brand, extra=place, after=extra).made()


def fragmented(*, tracks: Sequence[Track] = (FRAMES,), base: str = "moof", sizes: str = "run") -> bytes:
    """A film of fragments, each with a sample of every track.

    Where the samples lie counts from the `moof`, from an `offset` in the file, or from what came `before`; their sizes
    are in the `run`, in the `fragment`, or, the same for all, in the `movie`.
    """
    traks = [Track(t.handler, [], number=n, extra=t.extra).trak([]) for n, t in enumerate(tracks, 1)]
    each = [len(track.samples[0]) for track in tracks]
    trexes = [full(b"trex", "5I", n, 1, 0, size, 0) for n, size in enumerate(each, 1)]
    made = box(b"ftyp", b"iso6" + bytes(4)) + box(
        b"moov", full(b"mvhd", "24I", *bytes(24)) + b"".join(traks) + box(b"mvex", b"".join(trexes))
    )
    for turn in zip(*(track.samples for track in tracks), strict=True):
        length = len(_moof(turn, len(made), 0, base, sizes))
        made += _moof(turn, len(made), length, base, sizes) + box(b"mdat", b"".join(turn))
    return made


def _moof(samples: Sequence[bytes], start: int, length: int, base: str, sizes: str) -> bytes:
    trafs, place = b"", length + 8
    for number, sample in enumerate(samples, 1):
        flags = {"moof": 0x20000, "offset": 0x1, "before": 0}[base] | (0x10 if sizes == "fragment" else 0)
        values = [start + place] if base == "offset" else []
        form = "I" + "Q" * len(values) + "I" * (sizes == "fragment")
        tfhd = full(b"tfhd", form, number, *values, *[len(sample)] * (sizes == "fragment"), flags=flags)
        # Without a base the first run counts from the moof, and the next ones begin where the one before ended.
        offset = {"moof": [place], "offset": [0], "before": [place] if number == 1 else []}[base]
        run = [1, *offset, *([len(sample)] if sizes == "run" else [])]
        codes = "I" + "i" * len(offset) + "I" * (sizes == "run")
        trun = full(b"trun", codes, *run, flags=bool(offset) | (0x200 if sizes == "run" else 0))
        trafs += box(b"traf", tfhd + trun)
        place += len(sample)
    return box(b"moof", full(b"mfhd", "I", 1) + trafs)


def element(identifier: str, body: bytes, *, unknown: bool = False) -> bytes:
    """Of a WebM file; of unknown size, as recorders write what they have not finished."""
    size = (1 << 56) - 1 if unknown else len(body)
    return bytes.fromhex(identifier) + struct.pack(">Q", 1 << 56 | size) + body


def entry(number: int, kind: int, codec: bytes, extra: bytes = b"") -> bytes:
    """A track of a WebM file: 1 is a picture, 2 sound, 17 captions, 33 metadata."""
    return element("ae", element("d7", bytes([number])) + element("83", bytes([kind])) + element("86", codec) + extra)


def block(number: int, content: bytes) -> bytes:
    return element("a3", bytes([0x80 | number]) + b"\0\0\x80" + content)


def group(number: int, content: bytes, extra: bytes = b"") -> bytes:
    return element("a0", element("a1", bytes([0x80 | number]) + b"\0\0\x80" + content) + extra)


WEBM_HEADER = element("1a45dfa3", element("4286", b"\1") + element("4282", b"webm"))


def webm(extra: bytes = b"", *, live: bool = False, tracks: bytes = b"", blocks: bytes = b"") -> bytes:
    """A film with the place where it was taken among its tags, its title, its track's name and an attached file."""
    tag = element("67c8", element("45a3", b"LOCATION") + element("4487", PLACE))
    info = element("1549a966", element("2ad7b1", b"\x0f\x42\x40") + element("7ba9", PLACE))
    entries = element("1654ae6b", entry(1, 1, b"V_VP8", element("536e", PLACE)) + tracks)
    cluster = element("1f43b675", element("e7", b"\0") + block(1, b"frames" * 20) + blocks, unknown=live)
    tags = element("1254c367", element("7373", tag)) + element("1941a469", element("61a7", PLACE))
    return WEBM_HEADER + element("18538067", info + entries + cluster + cluster + tags, unknown=live) + extra
