"""Lines over the number of chunks, both axes logarithmic, as one SVG without a library."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH, HEIGHT = 360, 240
_NAMESPACE = "http://www.w3.org/2000/svg"
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 30, 36
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")


class Line(NamedTuple):
    """A named line.

    Attributes:
        name: for the legend.
        points: (chunks, value), both above 0.
    """

    name: str
    points: Sequence[tuple[float, float]]


class Plot(NamedTuple):
    """One picture: its title with the unit, and its lines."""

    title: str
    lines: Sequence[Line]


def drawn(plots: Sequence[Plot], columns: int = 2) -> str:
    """Plots beside and below each other, as SVG."""
    height = HEIGHT * math.ceil(len(plots) / columns)
    parts = [
        f'<svg xmlns="{_NAMESPACE}" width="{WIDTH * columns}" height="{height}">',
        '<g font-family="sans-serif" font-size="10">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, plot in enumerate(plots):
        x, y = WIDTH * (number % columns), HEIGHT * (number // columns)
        parts += [f'<g transform="translate({x} {y})">', *_plot(plot), "</g>"]
    return "\n".join([*parts, "</g></svg>\n"])


def _plot(plot: Plot) -> Iterator[str]:
    xs = [x for line in plot.lines for x, _ in line.points]
    ys = [y for line in plot.lines for _, y in line.points]
    across, up = _decades(xs), _decades(ys)

    def place(x: float, y: float) -> str:
        wide, high = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
        return (
            f"{_LEFT + wide * _share(x, across):.1f},{HEIGHT - _BOTTOM - high * _share(y, up):.1f}"
        )

    yield f'<text x="{_LEFT}" y="14" font-weight="bold">{escape(plot.title)}</text>'
    for power in range(across[0], across[1] + 1):
        x, y = place(10**power, 10 ** up[0]).split(",")
        yield f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{y}" stroke="#ddd"/>'
        yield f'<text x="{x}" y="{float(y) + 14:.1f}" text-anchor="middle">{_short(power)}</text>'
    for power in range(up[0], up[1] + 1):
        x, y = place(10 ** across[0], 10**power).split(",")
        yield f'<line x1="{x}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>'
        y = f"{float(y) + 3:.1f}"
        yield f'<text x="{_LEFT - 4}" y="{y}" text-anchor="end">{_short(power)}</text>'
    for colour, line in zip(_COLOURS, plot.lines, strict=False):
        points = " ".join(place(x, y) for x, y in line.points)
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        for point in points.split():
            x, y = point.split(",")
            yield f'<circle cx="{x}" cy="{y}" r="2" fill="{colour}"/>'
    for number, (colour, line) in enumerate(zip(_COLOURS, plot.lines, strict=False)):
        left = _LEFT + number * 100
        yield f'<text x="{left}" y="{HEIGHT - 6}" fill="{colour}">{escape(line.name)}</text>'


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _share(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(value) - decades[0]) / (decades[1] - decades[0])


def _short(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}"
