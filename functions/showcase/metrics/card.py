"""The card: a project's numbers and thirty days of each as one SVG picture, in light and dark. No I/O."""

from collections.abc import Sequence
from html import escape

from showcase.metrics.domain import COUNTED, Platform, ProjectMetrics, Snapshot

DAYS = 30
WIDTH, ROW, TOP = 420, 44, 52
CHART_LEFT, CHART_WIDTH, CHART_HEIGHT = 300, 96, 24
LONGEST_TITLE = 44

NAMES = {Platform.GITHUB: "GitHub", Platform.LINKEDIN: "LinkedIn", Platform.TWITTER: "X"}
LABELS = {"retweets": "reposts"}

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #57606a } .title { font-weight: 600; font-size: 16px; fill: #1f2328 }
.name { font-weight: 600; fill: #1f2328 } .card { fill: #fff; stroke: #d0d7de }
.line { fill: none; stroke: #0969da; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 } .title, .name { fill: #f0f6fc } .card { fill: #0d1117; stroke: #3d444d }
.line { stroke: #4493f8 }
}"""


def render(metrics: ProjectMetrics) -> str:
    """The card of a project. Everything that people wrote is escaped; without numbers it says so."""
    platforms = [platform for platform in Platform if platform in metrics.snapshots]
    rows = [_row(metrics, platform, TOP + index * ROW) for index, platform in enumerate(platforms)]
    rows = rows or [f'<text x="20" y="{TOP + 20}">No numbers yet</text>']
    height = TOP + max(1, len(platforms)) * ROW
    title = _text(_shortened(metrics.title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        f' role="img" aria-label="{title}"><style>{STYLE}</style>'
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>'
        f'<text class="title" x="20" y="32">{title}</text>{"".join(rows)}</svg>'
    )


def _row(metrics: ProjectMetrics, platform: Platform, top: int) -> str:
    counts = metrics.snapshots[platform].counts
    numbers = " · ".join(f"{_short(counts[name])} {LABELS.get(name, name)}" for name in COUNTED[platform])
    days = [day for day in metrics.history if day.platform is platform]
    return (
        f'<text class="name" x="20" y="{top + 20}">{NAMES[platform]}</text>'
        f'<text x="92" y="{top + 20}">{numbers}</text>{_sparkline(days, top + 3)}'
    )


def _sparkline(days: Sequence[Snapshot], top: int) -> str:
    """A line through the platform's first count, by date, so that a missing day is a longer step and not a zero."""
    if len(days) < 2:
        return ""
    main = COUNTED[days[0].platform][0]
    values = [day.counts[main] for day in days]
    first, span = days[0].recorded_at.toordinal(), days[-1].recorded_at.toordinal() - days[0].recorded_at.toordinal()
    low, rise = min(values), max(values) - min(values)
    points = " ".join(
        f"{CHART_LEFT + CHART_WIDTH * (day.recorded_at.toordinal() - first) / span:.1f},"
        f"{top + CHART_HEIGHT * (1 - (value - low) / rise if rise else 0.5):.1f}"
        for day, value in zip(days, values, strict=True)
    )
    return f'<polyline class="line" points="{points}"/>'


def _short(number: int) -> str:
    """1234 -> 1.2k, 5600000 -> 5.6M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number // (size // 10) / 10:g}{unit}"
    return str(number)


def _shortened(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rstrip() + "…"


def _text(text: str) -> str:
    """Escaped, and without the control characters that XML cannot hold at all."""
    return escape("".join(c if c.isprintable() else " " for c in text))
