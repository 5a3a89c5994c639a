"""Draw the rows that grow with the number of hooks, as an SVG.

Both axes are logarithmic, so that proportional growth is a straight line.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from row import Row
from table import figure

Curve = dict[int, Row]

# These can be distinguished on light and dark backgrounds, and without colours.
STYLES = {
    "ours": ("#d1495b", ""),
    "cached": ("#3f88c5", "7 3"),
    "reference": ("#9a6fd0", "2 3"),
    "floor": ("#5f9e4f", "9 3 2 3"),
}
STYLE = """
  svg { color: #1f2328; font: 12px sans-serif; }
  @media (prefers-color-scheme: dark) { svg { color: #d1d7e0; } }
  text { fill: currentColor; }
  .axis { stroke: currentColor; fill: none; }
  .grid { stroke: currentColor; opacity: 0.15; }
  .guide { stroke: currentColor; opacity: 0.6; stroke-dasharray: 1 4; stroke-width: 1.5; }
  .curve { fill: none; stroke-width: 2; }
"""

WIDTH, HEIGHT = 250, 300
LEFT, TOP, GAP = 62, 62, 72
BOTTOM = 46


class Scale(NamedTuple):
    """A logarithmic scale between two coordinates."""

    least: float
    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = math.log(value / self.least) / math.log(self.most / self.least)
        return self.start + part * (self.end - self.start)


def time_of(nanoseconds: float) -> str:
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= factor:
            return f"{figure(nanoseconds / factor)} {unit}"
    return f"{figure(nanoseconds)} ns"


def decades(values: list[float]) -> list[float]:
    """Return the powers of ten that enclose all values."""
    first, last = (
        math.floor(math.log10(min(values))),
        math.ceil(math.log10(max(values))),
    )
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def line(start: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x: float, y: float, words: str, anchor: str = "middle", rest: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{rest}>{words}</text>'


def drawn(side: str, points: list[tuple[float, float]]) -> list[str]:
    colour, dashes = STYLES[side]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points
    ]
    stroke = f'stroke="{colour}" stroke-dasharray="{dashes}"'
    return [f'<polyline class="curve" {stroke} points="{path}"/>', *marks]


def guide(curve: Curve, x: Scale, y: Scale) -> str:
    """Draw the line of proportional growth, within the panel.

    It goes through our own time with the second smallest number of hooks.
    """
    hooks = sorted(curve)[1]
    each = curve[hooks].raw["ours"] / hooks
    first, last = max(x.least, y.least / each), min(x.most, y.most / each)
    return line((x(first), y(first * each)), (x(last), y(last * each)), "guide")


def panel(left: float, title: str, curve: Curve) -> list[str]:
    sides = [side for side in STYLES if all(side in row.raw for row in curve.values())]
    ticks = decades([row.raw[side] for row in curve.values() for side in sides])
    bottom = TOP + HEIGHT
    x = Scale(min(curve), max(curve), left, left + WIDTH)
    y = Scale(ticks[0], ticks[-1], bottom, TOP)
    parts = [text(left + WIDTH / 2, TOP - 10, title, rest=' font-weight="bold"')]
    parts.append(text(left - 6, TOP - 10, "time", "end"))
    for tick in ticks:
        parts.append(line((left, y(tick)), (left + WIDTH, y(tick)), "grid"))
        parts.append(text(left - 6, y(tick) + 4, time_of(tick), "end"))
    for hooks in curve:
        parts.append(line((x(hooks), TOP), (x(hooks), bottom), "grid"))
        parts.append(text(x(hooks), bottom + 17, str(hooks)))
    parts.append(text(left + WIDTH / 2, bottom + 36, "hooks"))
    parts.append(f'<path class="axis" d="M{left:.1f},{TOP} V{bottom} h{WIDTH}"/>')
    parts.append(guide(curve, x, y))
    for side in sides:
        points = [(x(hooks), y(row.raw[side])) for hooks, row in sorted(curve.items())]
        parts += drawn(side, points)
    return parts


def legend() -> list[str]:
    parts: list[str] = []
    left, y = float(LEFT), 20.0
    for side in STYLES:
        parts += drawn(side, [(left, y), (left + 17, y), (left + 34, y)])
        parts.append(text(left + 42, y + 4, side, "start"))
        left += 125
    parts.append(line((left, y), (left + 34, y), "guide"))
    parts.append(text(left + 42, y + 4, "proportional to the hooks", "start"))
    return parts


def chart(curves: dict[str, Curve]) -> str:
    width = LEFT + len(curves) * (WIDTH + GAP) - GAP + 20
    height = TOP + HEIGHT + BOTTOM
    parts = legend()
    for number, (title, curve) in enumerate(curves.items()):
        parts += panel(LEFT + number * (WIDTH + GAP), title, curve)
    body = "\n".join(parts)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    title = f"<title>{', '.join(curves)} by the number of hooks</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n'
        f"{title}\n<style>{STYLE}</style>\n{body}\n</svg>\n"
    )
