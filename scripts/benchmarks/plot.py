"""Plots with logarithmic axes, written as SVG without a library."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

INK, GREY, PALE = "#1f2328", "#656d76", "#d8dee4"
FONT = "font-family='-apple-system, Segoe UI, Helvetica, Arial, sans-serif'"
_LINE = 15.0


@dataclass
class Axis:
    """A logarithmic axis: its name, its ticks and their labels, from the first to the last."""

    name: str
    ticks: dict[float, str]

    def share(self, value: float) -> float:
        """How far along the axis a value is."""
        # Costs and delays span decades: on a linear axis all but the worst would be one line.
        first, last = (math.log(tick) for tick in (min(self.ticks), max(self.ticks)))
        return (math.log(value) - first) / (last - first)


@dataclass
class Plot:
    """One panel, with its left upper corner and its size."""

    x: Axis
    y: Axis
    left: float
    top: float
    width: float
    height: float
    _parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        bottom = self.top + self.height
        for value, label in self.x.ticks.items():
            x, _ = self.at(value, min(self.y.ticks))
            self._line(x, self.top, x, bottom)
            self.text(x, bottom + 16, label, anchor="middle", colour=GREY)
        for value, label in self.y.ticks.items():
            _, y = self.at(min(self.x.ticks), value)
            self._line(self.left, y, self.left + self.width, y)
            self.text(self.left - 8, y + 4, label, anchor="end", colour=GREY)
        self.text(self.left + self.width / 2, bottom + 36, self.x.name, anchor="middle")
        self.text(self.left - 34, self.top - 14, self.y.name)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the data is drawn."""
        return self.left + self.x.share(x) * self.width, self.top + (1 - self.y.share(y)) * self.height

    def curve(self, points: list[tuple[float, float]], colour: str, *, width: float = 2, dash: str = "") -> None:
        """Draw a line through points, with a dot on each."""
        placed = [self.at(*point) for point in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        dashes = f" stroke-dasharray='{dash}'" if dash else ""
        self._parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}'{dashes}/>")
        for x, y in placed:
            self.dot(x, y, colour, width + 1)

    def dot(self, x: float, y: float, colour: str, radius: float = 4.5) -> None:
        """Draw a dot."""
        self._parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius:.1f}' fill='{colour}'/>")

    def labels_beside(self, ends: list[tuple[str, float, float, str]]) -> None:
        """Label the points at the right end (label, x, y, colour), moved up and down so that none overlaps another."""
        placed = sorted((self.at(x, y)[1], self.at(x, y)[0], label, colour) for label, x, y, colour in ends)
        heights = spread_out([y for y, *_ in placed], _LINE, self.top, self.top + self.height)
        for (y, x, label, colour), height in zip(placed, heights, strict=True):
            edge = self.left + self.width
            self._parts.append(
                f"<polyline points='{x + 5:.1f},{y:.1f} {edge + 8:.1f},{y:.1f} {edge + 18:.1f},{height:.1f}' "
                f"fill='none' stroke='{colour}' stroke-width='0.8' opacity='0.6'/>"
            )
            self.text(edge + 22, height + 4, label, colour=colour)

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK) -> None:
        """Write a text."""
        self._parts.append(
            f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{colour}'>{escape(text)}</text>"
        )

    def svg(self) -> str:
        """Everything drawn so far."""
        return "\n".join(self._parts)

    def _line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        self._parts.append(f"<path d='M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}' stroke='{PALE}'/>")


def spread_out(heights: list[float], gap: float, top: float, bottom: float) -> list[float]:
    """Heights in the same order, at least `gap` apart, close to where they were and within `top` and `bottom`."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap if placed else top))
    limit = bottom
    # What was pushed down beyond the edge is pushed up again, the lowest first.
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - gap
    return placed


def drawing(width: int, height: int, title: str, parts: list[str]) -> str:
    """A complete SVG document, on a light background also in a dark page."""
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'"
    ground = f"<rect width='{width}' height='{height}' rx='6' fill='#ffffff'/>"
    heading = f"<text x='20' y='28' font-size='15' font-weight='600' fill='{INK}'>{escape(title)}</text>"
    body = "\n".join([f"<title>{escape(title)}</title>", ground, heading, *parts])
    return f"{head} font-size='12' {FONT}>\n{body}\n</svg>\n"
