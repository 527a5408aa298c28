"""What every reader of an image's container returns."""

from dataclasses import dataclass

from showcase.media.colours import SRGB, Colours


@dataclass(frozen=True)
class CodedImage:
    """An image without its metadata, its coded pixels untouched, and what its headers announce.

    `content` is the file to show, `decodable` as much of it as the decoder needs. `width` and `height` are the canvas's
    pixels before `orientation` (EXIF 2.32, tag 0x0112: 1 is upright) is applied. `largest_frame` is in pixels: a GIF's
    may exceed its canvas. `portable` is false where browsers do not show this coding.
    """

    content: bytes
    width: int
    height: int
    frames: int = 1
    orientation: int = 1
    colours: Colours = SRGB
    decodable: bytes | None = None
    portable: bool = True
    lossless: bool = False
    largest_frame: int = 0

    @property
    def frame_pixels(self) -> int:
        """How many pixels a frame has, the largest of all."""
        return max(self.width * self.height, self.largest_frame)
