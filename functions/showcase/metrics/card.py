"""The card: a project's numbers and thirty days of each as one SVG picture, in light and dark. No I/O."""

from collections.abc import Sequence
from html import escape
from unicodedata import east_asian_width

from showcase.metrics.domain import COUNTED, Platform, ProjectMetrics, Snapshot

DAYS = 30
WIDTH, TOP, ROW = 420, 52, 50
COLUMNS = (104, 178, 252)  # wide enough for the longest label in the widest of the fonts that stand in for each other
CHART_LEFT, CHART_WIDTH, CHART_HEIGHT = 328, 68, 24
LONGEST_TITLE = 35  # letters; those of East Asia and emoji are twice as wide

NAMES = {Platform.GITHUB: "GitHub", Platform.LINKEDIN: "LinkedIn", Platform.TWITTER: "X"}
LABELS = {"retweets": "reposts"}

STYLE = """
text { font: 11px system-ui, sans-serif; fill: #57606a } .title { font-weight: 600; font-size: 16px; fill: #1f2328 }
.name { font-weight: 600; font-size: 13px; fill: #1f2328 } .number { font-size: 15px; fill: #1f2328 }
.card { fill: #fff; stroke: #d0d7de } .line { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round }
.now { fill: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 } .title, .name, .number { fill: #f0f6fc } .card { fill: #0d1117; stroke: #3d444d }
.line { stroke: #4493f8 } .now { fill: #4493f8 }
}"""


def render(metrics: ProjectMetrics) -> str:
    """The card of a project. Text of users is escaped; without numbers it says so."""
    platforms = [platform for platform in Platform if platform in metrics.snapshots]
    rows = [_row(metrics, platform, TOP + index * ROW) for index, platform in enumerate(platforms)]
    rows = rows or [f'<text x="20" y="{TOP + 20}">No numbers yet</text>']
    height = TOP + max(1, len(platforms)) * ROW
    spoken = [f"{NAMES[p]}: {', '.join(map(' '.join, _numbers(metrics.snapshots[p])))}" for p in platforms]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        f' role="img" aria-label="{_text("; ".join([metrics.title, *spoken]))}"><style>{STYLE}</style>'
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>'
        f'<text class="title" x="20" y="32">{_text(_shortened(metrics.title))}</text>{"".join(rows)}</svg>'
    )


def _row(metrics: ProjectMetrics, platform: Platform, top: int) -> str:
    numbers = "".join(
        f'<text x="{left}" y="{top + 32}"><tspan class="number" x="{left}" y="{top + 16}">{number}</tspan>'
        f' <tspan x="{left}" y="{top + 32}">{label}</tspan></text>'
        for left, (number, label) in zip(COLUMNS, _numbers(metrics.snapshots[platform]), strict=False)
    )
    days = [day for day in metrics.history if day.platform is platform]
    return f'<text class="name" x="20" y="{top + 16}">{NAMES[platform]}</text>{numbers}{_sparkline(days, top + 5)}'


def _numbers(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(_short(n), _label(name, n)) for name in COUNTED[snapshot.platform] for n in [snapshot.counts[name]]]


def _label(name: str, number: int) -> str:
    label = LABELS.get(name, name)
    return label if number != 1 else {"replies": "reply"}.get(label, label.removesuffix("s"))


def _sparkline(days: Sequence[Snapshot], top: int) -> str:
    """A line through the platform's first count, by date, so that a missing day is a longer step and not a zero."""
    if len(days) < 2:
        return ""
    main = COUNTED[days[0].platform][0]
    values = [day.counts[main] for day in days]
    first, span = days[0].recorded_at.toordinal(), days[-1].recorded_at.toordinal() - days[0].recorded_at.toordinal()
    low, rise = min(values), max(values) - min(values)
    points = [
        f"{CHART_LEFT + CHART_WIDTH * (day.recorded_at.toordinal() - first) / span:.1f},"
        f"{top + CHART_HEIGHT * (1 - (value - low) / rise if rise else 0.5):.1f}"
        for day, value in zip(days, values, strict=True)
    ]
    x, _, y = points[-1].partition(",")
    return f'<polyline class="line" points="{" ".join(points)}"/><circle class="now" cx="{x}" cy="{y}" r="3"/>'


def _short(number: int) -> str:
    """1234 -> 1.2k, 5600000 -> 5.6M."""
    for size, unit in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number // (size // 10) / 10:g}{unit}"
    return str(number)


def _shortened(title: str) -> str:
    """What fits into the card, with an ellipsis where something had to go."""
    widths = [2 if east_asian_width(c) in "WF" else 1 for c in title]
    if sum(widths) <= LONGEST_TITLE:
        return title
    fitting = next(n for n in range(len(title)) if sum(widths[: n + 1]) > LONGEST_TITLE - 1)
    return title[:fitting].rstrip() + "…"


def _text(text: str) -> str:
    """Escaped, and without the control characters that XML cannot hold at all. Joiners keep emoji together."""
    return escape("".join(c if c.isprintable() or c == "\u200d" else " " for c in text))
