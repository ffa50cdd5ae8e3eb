"""Figures of what lies between two values: steps along the time, and figures within their usual range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import svg
from markupsafe import Markup, escape

from semana.reports.canvas import BOTTOM, RIGHT, TOP, WIDTH, Canvas, Scale, room_for, short, upright

_ROW = 18
_THICK = 12
_RANGE = 30


@dataclass(frozen=True)
class Bar:
    """Something that took time: its parts are (class, begins, seconds), later ones over earlier ones."""

    name: str
    parts: Sequence[tuple[str, float, float]]
    told: str


@dataclass(frozen=True)
class Range:
    """A figure beside its usual value, and the bounds of what is not odd; None where too little is known."""

    name: str
    now: float
    usual: float | None
    low: float | None
    high: float | None
    odd: bool
    told: str


def gantt(bars: Sequence[Bar], *, span: float, says: str, said: Callable[[float], str] = "{:g} s".format) -> Markup:
    """A row a bar along `span` seconds, each followed by what is told of it."""
    height = TOP + _ROW * len(bars) + BOTTOM
    canvas = Canvas(says, height=height)
    left = room_for(bar.name for bar in bars)
    across = Scale(0.0, span, left, WIDTH - RIGHT - 44)
    upright(canvas, across, height - BOTTOM, said=said)
    for n, bar in enumerate(bars):
        y = TOP + _ROW * n + 3
        canvas.text(left - 8, y + 9, short(bar.name), "label", "end")
        ends = left
        for kind, begins, seconds in bar.parts:
            first = across(begins)
            last = max(across(begins + seconds), first + 1.5)
            corners = [(first, y), (last, y), (last, y + _THICK), (first, y + _THICK)]
            canvas.area(corners, "bar", *kind.split())
            ends = max(ends, last)
        canvas.text(ends + 4, y + 9, bar.told, "note")
    return canvas.drawn()


def ranges(rows: Sequence[Range], *, says: str) -> Markup:
    """A row a figure, each on its own scale: the band of what is not odd, its usual value, and where it is now."""
    height = TOP + _RANGE * len(rows)
    canvas = Canvas(says, height=height)
    left = room_for(row.name for row in rows)
    for n, row in enumerate(rows):
        y = TOP + _RANGE * n + 8
        known = [value for value in (row.now, row.usual, row.low, row.high) if value is not None]
        across = Scale(min(0.0, *known), (max(known) or 1.0) * 1.02, left, WIDTH - RIGHT - 6)
        canvas.text(left - 8, y + 4, short(row.name), "label", "end")
        canvas.line([(left, y), (WIDTH - RIGHT, y)], "grid")
        if row.low is not None and row.high is not None:
            low, high = across(max(row.low, across.first)), across(row.high)
            canvas.area([(low, y - 6), (high, y - 6), (high, y + 6), (low, y + 6)], "band")
        if row.usual is not None:
            canvas.line([(across(row.usual), y - 8), (across(row.usual), y + 8)], "level")
        told = svg.Title(text=str(escape(row.told)))
        kind = "outside" if row.odd else "inside"
        canvas.elements.append(svg.Circle(cx=across(row.now), cy=y, r=4.5, class_=["dot", kind], elements=[told]))
    return canvas.drawn()
