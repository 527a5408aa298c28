"""Which boxes of an MP4 or QuickTime film players need, and which of their fields are blanked; the rest is erased.

ISO/IEC 14496-12; QuickTime File Format; MP4 registration authority. Left out are, among others, `udta`, `meta`, `uuid`
(names, places, XMP, cameras' own), `free`, `skip`, `wide` (whatever was there before), `emsg`, `prft`, `pssh`, and
what no document names: 14496-12, 4.2 has readers skip it.
"""

import struct
from collections.abc import Iterator, Mapping

from showcase.media.domain import Refused
from showcase.media.formats.isobmff import Box, IsoFile

FILE = b""  # no box, but what all others are in

LAYOUT: Mapping[bytes, frozenset[bytes]] = {
    FILE: frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"ssix", b"pdin"}),
    b"moov": frozenset({b"mvhd", b"trak", b"mvex", b"iods"}),
    b"mvex": frozenset({b"mehd", b"trex", b"leva", b"trep"}),
    b"trak": frozenset({b"tkhd", b"tref", b"trgr", b"edts", b"tapt", b"mdia"}),
    b"edts": frozenset({b"elst"}),
    b"tapt": frozenset({b"clef", b"prof", b"enof"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"elng", b"minf"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"nmhd", b"sthd", b"gmhd", b"hdlr", b"dinf", b"stbl"}),
    b"gmhd": frozenset({b"gmin", b"text", b"tmcd"}),
    b"tmcd": frozenset({b"tcmi"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": frozenset(
        {
            *(b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stps"),
            *(b"stsh", b"sdtp", b"stdp", b"padb", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio"),
        }
    ),
    b"moof": frozenset({b"mfhd", b"traf"}),
    b"traf": frozenset({b"tfhd", b"tfdt", b"trun", b"sdtp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"senc"}),
    b"mfra": frozenset({b"tfra", b"mfro"}),
}
_VISUAL = {b"vide", b"pict", b"auxv"}  # handlers of tracks
_NOT_IN_ENTRIES = {b"udta", b"meta", b"uuid", b"free", b"skip"}
_COMPRESSOR = slice(50, 82)  # of a visual sample entry: a name in 32 bytes
_VISUAL_ENTRY = 86  # bytes before its boxes


def blank_fields(file: IsoFile, moov: Box) -> None:
    """Of the boxes that stay: makes zeros of dates, names of handlers and compressors, and places of other files."""
    tracks = list(moov.all(b"trak"))
    for box in (*moov.all(b"mvhd"), *moov.all(b"trak", b"tkhd"), *moov.all(b"trak", b"mdia", b"mdhd")):
        wide = file.content(box, 0, 1) == b"\1"
        file.blank(min(box.body + 4, box.end), min(box.body + (20 if wide else 12), box.end))
    for track in tracks:
        for hdlr in (*track.all(b"mdia", b"hdlr"), *track.all(b"mdia", b"minf", b"hdlr")):
            file.blank(min(hdlr.body + 24, hdlr.end), hdlr.end)
        for dref in track.all(b"mdia", b"minf", b"dinf", b"dref"):
            for entry in file.boxes(min(dref.body + 8, dref.end), dref.end):
                file.blank(min(entry.body + 4, entry.end), entry.end)
                file.data[entry.body : entry.body + 4] = struct.pack(">I", 1)[: entry.end - entry.body]  # in this file
        if handler(file, track) in _VISUAL:
            _blank_entries(file, track)


def handler(file: IsoFile, track: Box) -> bytes:
    """What a track is: `vide`, `soun`, `text`, `meta` and others."""
    return file.content(track.find(b"mdia", b"hdlr"), 8, 4)


def track_id(file: IsoFile, track: Box) -> int:
    """A track's ID, from its header (`tkhd`), whose version 1 has 64-bit times before it."""
    tkhd = track.find(b"tkhd")
    wide = file.content(tkhd, 0, 1) == b"\1"
    return int.from_bytes(file.content(tkhd, 20 if wide else 12, 4), "big")


def sample_entries(file: IsoFile, track: Box) -> Iterator[Box]:
    """The entries of a track's sample description: how its samples are coded."""
    for stsd in track.all(b"mdia", b"minf", b"stbl", b"stsd"):
        yield from file.boxes(min(stsd.body + 8, stsd.end), stsd.end)


def _blank_entries(file: IsoFile, track: Box) -> None:
    for entry in sample_entries(file, track):
        if entry.end - entry.start < _VISUAL_ENTRY:
            continue
        file.blank(entry.start + _COMPRESSOR.start, entry.start + _COMPRESSOR.stop)
        try:
            for child in file.boxes(entry.start + _VISUAL_ENTRY, entry.end):
                if child.type in _NOT_IN_ENTRIES:
                    file.erase(child.start, child.end)
        except Refused:  # QuickTime lets compressors put there what they like
            continue
