"""Films that FFmpeg has encoded, and what a player gets from one."""

import io
from dataclasses import dataclass
from fractions import Fraction

import av
from PIL import Image, ImageDraw

FRAMES, RATE, SIZE = 12, 12, (96, 64)


def encoded(
    form: str = "mp4", codec: str = "libx264", sound: str = "aac", *, options: dict[str, str] | None = None, **tags: str
) -> bytes:
    """A bar that moves over a red ground, left to right, with a tone; `tags` are its metadata."""
    target = io.BytesIO()
    with av.open(target, "w", format=form, options=options or {}) as container:
        container.metadata.update(tags)
        picture = container.add_stream(codec, rate=RATE, options={"g": "4"})
        assert isinstance(picture, av.VideoStream)
        picture.width, picture.height = SIZE
        picture.pix_fmt = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}.get(codec, "yuv420p")
        tone = container.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for number in range(FRAMES):
            container.mux(picture.encode(_frame(number)))
        container.mux(picture.encode(None))
        if isinstance(tone, av.AudioStream):
            container.mux([packet for each in _sound() for packet in tone.encode(each)])
            container.mux(tone.encode(None))
    return target.getvalue()


def _frame(number: int) -> av.VideoFrame:
    drawn = Image.new("RGB", SIZE, "#cc0000")
    ImageDraw.Draw(drawn).rectangle((number * 8, 0, number * 8 + 7, SIZE[1]), "#ffffff")
    frame: av.VideoFrame = av.VideoFrame.from_image(drawn)  # type: ignore[no-untyped-call]
    frame.pts = number
    frame.time_base = Fraction(1, RATE)
    return frame


def _sound() -> list[av.AudioFrame]:
    frames = []
    for number in range(20):
        frame = av.AudioFrame(format="s16", layout="mono", samples=1024)
        frame.planes[0].update(bytes(place * 7 % 256 for place in range(2048)))
        frame.sample_rate, frame.pts = 48_000, number * 1024
        frame.time_base = Fraction(1, 48_000)
        frames.append(frame)
    return frames


@dataclass(frozen=True)
class Played:
    """Of each track its kind and length; of each frame when it is shown, how it is turned, and its samples."""

    tracks: list[tuple[str, int | None]]
    frames: list[tuple[str, int | None, int, list[bytes]]]


def played(content: bytes) -> Played:
    with av.open(io.BytesIO(content), "r") as container:
        tracks = [(str(stream.type), stream.duration) for stream in container.streams]
        frames = []
        for frame in container.decode(*container.streams.video, *container.streams.audio):
            if isinstance(frame, av.VideoFrame):
                pixels: bytes = frame.to_image().tobytes()  # type: ignore[no-untyped-call]
                frames.append(("video", frame.pts, frame.rotation, [pixels]))
            elif isinstance(frame, av.AudioFrame):
                frames.append(("audio", frame.pts, 0, [bytes(plane) for plane in frame.planes]))
    return Played(tracks, frames)
