"""A large file through the site: sent in pieces, whatever comes between, and read in pieces."""

import io
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from tests.support.sign_in import register
from tests.support.stack import Stack
from tests.web.conftest import Browse, needs_browser

pytestmark = needs_browser

SIZE = 50_000_000
PIECE = 6 * 1024 * 1024
FRAMES = 12  # a second


def noise() -> bytes:
    """WebM of 50 MB, nearly the most that may be sent: nine pieces, and no browser fetches it whole unasked."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as container:
        fast = {"deadline": "realtime", "cpu-used": "8", "b": "20M"}
        stream = container.add_stream("libvpx", rate=FRAMES, options=fast)
        stream.width, stream.height = 320, 240
        pictures = [Image.effect_noise((320, 240), 90).convert("RGB") for _ in range(FRAMES)]
        frames = [av.VideoFrame.from_image(picture) for picture in pictures]  # type: ignore[no-untyped-call]
        second = [bytes(packet) for frame in [*frames, None] for packet in stream.encode(frame)]
        seconds = SIZE // sum(map(len, second)) + 1
        for number, coded in enumerate(second * seconds):  # encoding takes longest: each second is the same
            packet = av.Packet(coded)
            packet.stream, packet.time_base = stream, Fraction(1, FRAMES)
            packet.pts = packet.dts = number
            packet.is_keyframe = number % FRAMES == 0
            container.mux(packet)
    return target.getvalue()


def test_a_video_is_sent_whatever_comes_between_and_sought_in(site: Stack, browse: Browse, tmp_path: Path) -> None:
    film = noise()
    assert SIZE < len(film) <= 50 * 1024 * 1024
    file = tmp_path / "noise.webm"
    file.write_bytes(film)
    register(site, email="vera@example.com", name="Vera Video")
    seen = browse("video.mjs", name="Vera Video", file=str(file))
    assert all("ERR_INTERNET_DISCONNECTED" in complaint for complaint in seen["complaints"]), seen["complaints"]
    # The first was canceled, and what had arrived of it deleted.
    assert seen["deleted"] == [[204, 404]]
    # What had arrived was not sent again: the second piece stopped twice, the third once.
    later = [PIECE * number for number in range(2, -(-len(film) // PIECE))]
    assert seen["offsets"] == [0, 0, PIECE, PIECE, PIECE, later[0], *later]
    assert seen["share"] < 1
    assert seen["rows"] == 0
    assert seen["sought"]["time"] > seen["sought"]["duration"] - 1
    assert seen["sought"]["ready"] >= 2
    assert {status for _, status in seen["answers"]} == {206}
    starts = [int(span.removeprefix("bytes=").split("-")[0]) for span, _ in seen["answers"]]
    assert max(starts) > len(film) // 2
    assert seen["kept"] == []
