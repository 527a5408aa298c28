"""Whether text can be read on its background: WCAG 2.2's contrast ratio (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""

ENOUGH = 4.5  # AA for text of any size

_BLACK = (0, 0, 0)
_WHITE = (255, 255, 255)
_STEPS = 20

_Rgb = tuple[int, int, int]


def is_lighter(one: str, other: str) -> bool:
    """By relative luminance; both `#rrggbb`."""
    return _luminance(_rgb(one)) > _luminance(_rgb(other))


def contrast(one: str, other: str) -> float:
    """The ratio of two colours (`#rrggbb`), from 1 to 21."""
    return _ratio(_rgb(one), _rgb(other))


def readable(color: str, background: str) -> str:
    """The colour, or the nearest to it on the way to black or white that stands out from the background.

    One of the two always does: no background is closer than 4.58 to both.
    """
    ground, start = _rgb(background), _rgb(color)
    if _ratio(start, ground) >= ENOUGH:
        return color
    goal = max(_BLACK, _WHITE, key=lambda end: _ratio(end, ground))
    for step in range(1, _STEPS):
        mixed = _mix(start, goal, step / _STEPS)
        if _ratio(mixed, ground) >= ENOUGH:
            return _hex(mixed)
    return _hex(goal)


def _ratio(one: _Rgb, other: _Rgb) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: _Rgb) -> float:
    red, green, blue = (_linear(channel / 255) for channel in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _mix(start: _Rgb, end: _Rgb, share: float) -> _Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    return red, green, blue


def _rgb(color: str) -> _Rgb:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _hex(color: _Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
