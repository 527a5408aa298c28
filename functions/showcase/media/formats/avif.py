"""AVIF (AOMediaCodec, v1.1), stills and sequences: what is not the picture is made free space, and nothing moves."""

from showcase.media.colours import SRGB
from showcase.media.domain import Reason, Refused
from showcase.media.formats import heif
from showcase.media.formats.coded_image import CodedImage
from showcase.media.formats.extents import Extent, gaps, merged
from showcase.media.formats.heif import Items
from showcase.media.formats.isobmff import Box, IsoFile
from showcase.media.formats.mp4_layout import FILE, blank_fields, handler
from showcase.media.formats.mp4_layout import LAYOUT as MP4_LAYOUT
from showcase.media.formats.mp4_samples import chunk_extents
from showcase.media.formats.work_budget import WorkBudget

_LAYOUT = {
    **MP4_LAYOUT,  # of a sequence
    FILE: frozenset({b"ftyp", b"meta", b"moov", b"mdat"}),
    **heif.LAYOUT,
    b"ipco": frozenset(
        {
            *(b"ispe", b"pixi", b"av1C", b"auxC", b"colr", b"clli", b"mdcv", b"cclv", b"amve", b"ndwt", b"pasp"),
            *(b"clap", b"irot", b"imir", b"a1op", b"a1lx", b"lsel"),
        }
    ),
}
_GAIN_MAP = b"tmap"
_SEQUENCE_OR_STILL = {b"avis", b"avif"}
_PICTURES = {b"pict", b"auxv"}  # handlers of tracks
_HDLR_NAME = 24


def strip(sent: bytes) -> CodedImage:
    """The picture or sequence without EXIF, XMP, names, previews, other pictures, sound, and what follows its end.

    Raises:
        Refused: its boxes are damaged, or too many.
    """
    file = IsoFile(bytearray(sent), WorkBudget(len(sent)))
    whole = _read(file)
    kept: list[Extent] = []
    size, colours = (0, 0), SRGB
    for meta in whole.all(b"meta"):
        items = heif.read_items(file, meta)
        if items:
            size, colours = items.size(file), items.colours(file)
            kept += _strip_items(file, meta, items)
    for moov in whole.all(b"moov"):
        kept += _keep_tracks(file, moov)
        size = max(size, *(_track_size(file, track) for track in moov.all(b"trak")), (0, 0))
    file.erase_others(whole)
    _blank_media_data(file, [*whole.all(b"mdat"), *whole.all(b"meta", b"idat")], merged(kept))
    _blank_brands(file, whole)
    content = bytes(file.data[: whole.end])
    return CodedImage(content, *size, colours=colours, decodable=_with_known_brand(content))


def _read(file: IsoFile) -> Box:
    """The whole file, up to what is no box."""
    whole = Box(FILE, 0, 0, 0)
    while box := file.box_at(whole.end, len(file.data)):
        if box.type == b"meta":
            box.body += heif.FULL_BOX
        if box.type in _LAYOUT[FILE]:
            whole.children.append(file.read_tree(box, _LAYOUT))
        else:
            whole.others.append(box)
        whole.end = box.end
    if not whole.children or whole.children[0].type != b"ftyp":
        raise Refused(Reason.DAMAGED)
    return whole


def _strip_items(file: IsoFile, meta: Box, items: Items) -> list[Extent]:
    """Where the bytes of the picture's items are. Other items get a type that readers skip; names are blanked."""
    wanted = heif.picture_items(file, items)
    for item, entry in items.entries.items():
        if item not in wanted:
            file.data[entry.type_at : entry.type_at + 4] = b"free"
        file.blank(entry.type_at + 4, entry.box.end)
    for hdlr in meta.all(b"hdlr"):
        file.blank(min(hdlr.body + _HDLR_NAME, hdlr.end), hdlr.end)
    return [extent for item in wanted for extent in items.extents.get(item, [])]


def _keep_tracks(file: IsoFile, moov: Box) -> list[Extent]:
    """Where the samples of pictures are; other tracks become others of the movie."""
    kept: list[Extent] = []
    for track in list(moov.all(b"trak")):
        if handler(file, track) in _PICTURES:
            kept += chunk_extents(file, track)
        else:
            moov.children.remove(track)
            moov.others.append(track)
    blank_fields(file, moov)
    return kept


def _track_size(file: IsoFile, track: Box) -> tuple[int, int]:
    """Width and height, of 16.16 bits each."""
    ends = file.content(track.find(b"tkhd"))[-8:]
    return int.from_bytes(ends[:2]), int.from_bytes(ends[4:6])


def _blank_media_data(file: IsoFile, regions: list[Box], kept: list[Extent]) -> None:
    for region in regions:
        for start, end in gaps(kept, region.body, region.end):
            file.blank(start, end)


def _with_known_brand(content: bytes) -> bytes:
    """Pillow looks at the major brand alone, where the compatible ones decide (ISO/IEC 14496-12, 4.3)."""
    return content if content[8:12] in _SEQUENCE_OR_STILL else content[:8] + b"avif" + content[12:]


def _blank_brands(file: IsoFile, whole: Box) -> None:
    """A file of the brand of gain maps (ISO 21496-1) must have one, and ours has not."""
    ftyp = whole.children[0]
    for at in range(ftyp.body + 8, ftyp.end - 3, 4):
        if file.data[at : at + 4] == _GAIN_MAP:
            file.data[at : at + 4] = b"mif1"
