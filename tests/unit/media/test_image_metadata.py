"""Where cameras, phones and editors put what is not the picture: none of it is left, and all that colours need is."""

import io
import zlib

import pytest
from PIL import Image, ImageCms, PngImagePlugin
from showcase.media.domain import ContentType, Reason, Refused

from tests.support.files.pictures import PLACE, chunk, cleaned, image, located

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (2 + len(body)).to_bytes(2) + body


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2) for kind, content in chunks
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def large_profile() -> bytes:
    """As printers have them: more than a megabyte."""
    profile = bytearray(PROFILE + bytes(1_500_000))
    profile[:4] = len(profile).to_bytes(4)
    return bytes(profile)


@pytest.mark.parametrize(
    ("marker", "prefix"),
    [
        (0xE1, b"Exif\0\0"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0"),
        (0xE0, b"JFXX\0\x10"),  # a thumbnail
        (0xE2, b"MPF\0"),
        (0xE2, b"FPXR\0"),
        (0xE3, b"Meta\0\0"),
        (0xE4, b"SAMSUNG"),
        (0xEB, b"JP\0\0"),  # C2PA
        (0xEC, b"Ducky"),
        (0xED, b"Photoshop 3.0\x008BIM\x04\x04"),  # IPTC
        (0xEF, b""),
        (0xFE, b""),
    ],
)
def test_segments_of_a_jpeg_are_dropped(marker: int, prefix: bytes) -> None:
    sent = image("JPEG", icc_profile=PROFILE)
    for place in (2, sent.index(b"\xff\xdb"), sent.index(b"\xff\xda")):
        added = sent[:place] + segment(marker, prefix + PLACE) + sent[place:]
        assert cleaned(added, ContentType.JPEG).content == sent


def test_a_thumbnail_within_jfif_is_dropped() -> None:
    sent = image("JPEG")
    thumbnail = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\4\4" + PLACE * 6)
    clean = cleaned(sent[:2] + thumbnail + sent[20:], ContentType.JPEG).content
    assert clean == sent


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_profiles_stay(kind: str) -> None:
    clean = cleaned(image(kind, icc_profile=PROFILE), ContentType(f"image/{kind.lower()}")).content
    with Image.open(io.BytesIO(clean)) as found:
        assert found.info["icc_profile"] == PROFILE


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_profiles_of_printers_stay(kind: str) -> None:
    clean = cleaned(image(kind, icc_profile=large_profile()), ContentType(f"image/{kind.lower()}")).content
    with Image.open(io.BytesIO(clean)) as found:
        assert found.info["icc_profile"] == large_profile()


def test_a_png_with_a_profile_of_more_than_a_megabyte_is_taken() -> None:
    """Pillow unpacks no more than that: the bytes are looked at."""
    sent = image("PNG", (400, 300))
    packed = b"p\0\0" + zlib.compress(large_profile())
    clean = cleaned(sent[:33] + chunk(b"iCCP", packed) + sent[33:], ContentType.PNG)
    start = clean.content.index(b"iCCP") + 4 + len(b"icc\0\0")
    assert zlib.decompressobj().decompress(clean.content[start:]) == large_profile()
    assert [each.width for each in clean.renditions] == [320]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_png_with_more_than_a_megabyte_of_text_is_taken(compressed: bool) -> None:
    """As editors of diagrams write it, so that they can open it again."""
    text = PngImagePlugin.PngInfo()
    text.add_text("mxfile", PLACE.decode() + "<mxCell/>" * 200_000, zip=compressed)
    sent = image("PNG", pnginfo=text)
    assert cleaned(sent, ContentType.PNG).content == image("PNG")


def test_what_unpacks_without_end_is_no_profile() -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    sent = image("PNG")
    assert cleaned(sent[:33] + chunk(b"iCCP", b"p\0\0" + packed) + sent[33:], ContentType.PNG).content == sent


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"cICP", bytes([9, 16, 0, 1])),
        (b"gAMA", (45455).to_bytes(4)),
        (b"sRGB", b"\0"),
        (b"cHRM", bytes(32)),
        (b"sBIT", b"\5\6\5"),
        (b"mDCV", bytes(24)),
        (b"cLLI", bytes(8)),
        (b"pHYs", bytes(8) + b"\1"),
        (b"bKGD", bytes(6)),
        (b"tRNS", bytes(6)),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_what_a_png_says_of_its_colours_stays(kind: bytes, body: bytes, orientation: int) -> None:
    sent = located("PNG", orientation)
    clean = cleaned(sent[:33] + chunk(kind, body) + sent[33:], ContentType.PNG).content
    assert clean.count(kind + body) == 1
    assert PLACE not in clean


def test_a_chunk_of_colours_hides_nothing() -> None:
    sent = image("PNG")
    hidden = chunk(b"gAMA", PLACE * 50) + chunk(b"sRGB", b"\0") + chunk(b"sRGB", PLACE)
    clean = cleaned(sent[:33] + hidden + sent[33:], ContentType.PNG).content
    assert PLACE not in clean
    assert clean.count(b"sRGB") == 1


def test_chunks_of_a_webp_are_dropped_and_its_flags_say_so() -> None:
    plain = image("WEBP")
    bitstream = plain[20 : 20 + int.from_bytes(plain[16:20], "little")]
    canvas = bytes(3) + (31).to_bytes(3, "little") + (23).to_bytes(3, "little")
    sent = riff(
        (b"VP8X", bytes([0x0C]) + canvas),
        (b"PRIV", PLACE),
        (b"VP8 ", bitstream),
        (b"EXIF", PLACE),
        (b"XMP ", PLACE),
        (b"C2PA", PLACE),
    )
    assert cleaned(sent, ContentType.WEBP).content == riff((b"VP8X", bytes([0]) + canvas), (b"VP8 ", bitstream))


@pytest.mark.parametrize("sent", [image("AVIF", xmp=PLACE), located("AVIF", 1)], ids=["XMP", "EXIF"])
def test_items_of_an_avif_are_dropped_and_nothing_moves(sent: bytes) -> None:
    assert PLACE in sent
    clean = cleaned(sent, ContentType.AVIF).content
    assert PLACE not in clean
    assert len(clean) == len(sent)
    with Image.open(io.BytesIO(clean)) as found:
        found.load()
        assert not {"exif", "xmp"} & found.info.keys()


@pytest.mark.parametrize("brand", [b"mif1", b"avif", b"miaf", b"MA1B"])
def test_an_avif_is_one_by_its_compatible_brands(brand: bytes) -> None:
    sent = image("AVIF")
    assert cleaned(sent[:8] + brand + sent[12:], ContentType.AVIF).width == 32


def test_hdr_of_ten_bits_is_taken() -> None:
    """BT.2020 and PQ: the code points stay, and smaller copies are mapped to sRGB."""
    sent = image("AVIF", (400, 300))
    start = sent.index(b"nclx") + 4
    clean = cleaned(sent[:start] + bytes([0, 9, 0, 16]) + sent[start + 4 :], ContentType.AVIF)
    assert clean.content[start : start + 4] == bytes([0, 9, 0, 16])
    assert len(clean.renditions) == 1


def test_a_profile_in_several_segments_with_one_missing_is_dropped() -> None:
    sent = image("JPEG", icc_profile=PROFILE)
    start = sent.index(b"ICC_PROFILE\0") + len(b"ICC_PROFILE\0")
    clean = cleaned(sent[: start + 1] + b"\2" + sent[start + 2 :], ContentType.JPEG).content
    assert b"ICC_PROFILE" not in clean


def test_whatever_a_decoder_raises_is_a_damaged_file() -> None:
    sent = located("AVIF")
    with pytest.raises(Refused) as refused:
        cleaned(sent.replace(b"av01", b"av99"), ContentType.AVIF)
    assert refused.value.reason is Reason.DAMAGED
