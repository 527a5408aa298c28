"""The pictures and the video of the demo projects, drawn here: nobody else's work, and nothing to download."""

import io
import math
from collections.abc import Iterator
from fractions import Fraction

import av
from PIL import Image, ImageDraw

SIZE = (1600, 1000)
NIGHT, BRASS, LIGHT, SHADE, PAPER, INK = "#17323a", "#c9973f", "#e8c987", "#8a6526", "#f3ecdc", "#3a332a"
FILM_SIZE = (640, 400)
FILM_FRAMES = 48  # two seconds

Draw = ImageDraw.ImageDraw
Box = tuple[float, float, float, float]


def engine() -> bytes:
    """Columns of brass wheels."""
    picture, draw = _canvas(NIGHT)
    for column in range(6):
        x = 200 + column * 240
        draw.rectangle((x - 8, 60, x + 8, 940), fill=SHADE)
        for row in range(8):
            y = 120 + row * 108
            draw.rounded_rectangle((x - 96, y - 38, x + 96, y + 38), 12, fill=BRASS if (row + column) % 3 else LIGHT)
            for tooth in range(-80, 81, 20):
                draw.line((x + tooth, y - 38, x + tooth, y + 38), fill=SHADE, width=3)
    return _png(picture)


def mill() -> bytes:
    """Wheels that turn each other."""
    picture, draw = _canvas(PAPER)
    _gear(draw, (620, 520), 330, 24, 0.0, BRASS, PAPER)
    _gear(draw, (1142, 380), 200, 14, 0.12, SHADE, PAPER)
    _gear(draw, (1120, 780), 150, 11, 0.3, LIGHT, PAPER)
    return _png(picture)


def cards() -> bytes:
    """A punched card."""
    picture, draw = _canvas("#dfe7e4")
    draw.rounded_rectangle((180, 200, 1420, 800), 24, fill=PAPER, outline=INK, width=4)
    for column in range(30):
        for row in range(8):
            x, y = 240 + column * 38, 270 + row * 62
            punched = (column * 7 + row * row * 5 + column * row) % 11 < 4
            draw.rectangle((x, y, x + 16, y + 38), fill=INK if punched else "#e6ddc9")
    return _png(picture)


def portrait(letter: str, background: str) -> bytes:
    """An initial on a disc of colour."""
    picture = Image.new("RGB", (512, 512), background)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((-120, 300, 360, 780), fill=LIGHT)
    draw.ellipse((300, -140, 640, 200), fill=BRASS)
    draw.text((256, 250), letter, fill="white", anchor="mm", font_size=260)
    return _png(picture)


def film() -> bytes:
    """WebM: two wheels that turn."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=24, options={"deadline": "realtime", "cpu-used": "8", "b": "400k"})
        stream.width, stream.height = FILM_SIZE
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, 24)
        for picture in _turning():
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _turning() -> Iterator[Image.Image]:
    for frame in range(FILM_FRAMES):
        picture = Image.new("RGB", FILM_SIZE, NIGHT)
        draw = ImageDraw.Draw(picture)
        angle = frame * 2 * math.pi / 12 / FILM_FRAMES * 2  # a whole number of teeth, so that it loops
        _gear(draw, (230, 200), 130, 12, angle, BRASS, NIGHT)
        _gear(draw, (438, 200), 78, 7, math.pi / 7 - angle * 12 / 7, LIGHT, NIGHT)
        yield picture


def _gear(draw: Draw, centre: tuple[int, int], radius: int, teeth: int, angle: float, fill: str, behind: str) -> None:
    depth = radius / 8
    outline = []
    for step in range(teeth * 4):
        distance = radius if step % 4 in {1, 2} else radius - depth
        bearing = angle + (step - 1.5) * 2 * math.pi / (teeth * 4)
        outline.append((centre[0] + distance * math.cos(bearing), centre[1] + distance * math.sin(bearing)))
    draw.polygon(outline, fill=fill)
    draw.ellipse(_around(centre, radius * 0.62), fill=behind)
    for spoke in range(5):
        bearing = angle + spoke * 2 * math.pi / 5
        end = (centre[0] + radius * 0.7 * math.cos(bearing), centre[1] + radius * 0.7 * math.sin(bearing))
        draw.line((*centre, *end), fill=fill, width=max(6, radius // 9))
    draw.ellipse(_around(centre, radius * 0.2), fill=fill)
    draw.ellipse(_around(centre, radius * 0.08), fill=behind)


def _around(centre: tuple[int, int], radius: float) -> Box:
    return centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius


def _canvas(background: str) -> tuple[Image.Image, Draw]:
    picture = Image.new("RGB", SIZE, background)
    return picture, ImageDraw.Draw(picture)


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
