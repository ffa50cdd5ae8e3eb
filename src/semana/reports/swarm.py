"""What moves a model's scores, drawn: every pair as a dot, by contribution and by the feature's value."""

from __future__ import annotations

from collections.abc import Sequence

import svg
from markupsafe import Markup

from semana.reports.canvas import BOTTOM, RIGHT, TOP, WIDTH, Canvas, Scale, axes, padded, room_for, short, upright

Dots = Sequence[tuple[float | None, float]]

_ROW = 22
_SHOWN = 160  # dots of a row: more hide one another
_SHADES = 5  # from the feature's lowest values to its highest
_BINS = 60  # across: dots in the same one stand above and below each other


def swarm(rows: Sequence[tuple[str, Dots]]) -> Markup:
    """One row a feature: right of the line its value raised a pair's score, left of it lowered it.

    The darker the dot, the higher the value.
    """
    height = TOP + _ROW * len(rows) + BOTTOM
    canvas = Canvas("What each feature adds to the scores of single pairs", height=height)
    left = room_for(name.replace("_", " ") for name, _ in rows)
    ends = [part for _, dots in rows for _, part in _thin(dots)]
    across = Scale(*_padded([*ends, 0.0]), left, WIDTH - RIGHT)
    upright(canvas, across, height - BOTTOM, said=lambda value: f"{value:+g}" if value else "0")
    canvas.line([(across(0), TOP), (across(0), height - BOTTOM)], "zero")
    canvas.text(WIDTH - RIGHT, height - 6, "to the right: raises the score; strong colour: a high value", "note", "end")
    for n, (name, dots) in enumerate(rows):
        y = TOP + _ROW * (n + 0.5)
        canvas.text(left - 8, y + 4, short(name.replace("_", " ")), "label", "end")
        _strew(canvas, _thin(dots), across, y)
    return canvas.drawn()


def dependence(name: str, dots: Dots) -> Markup:
    """A feature's contribution against its value; pairs of which the value is unknown stand at the left."""
    said = name.replace("_", " ")
    thin = _thin(dots, most=2 * _SHOWN)
    known = [(value, part) for value, part in thin if value is not None]
    canvas = Canvas(f"What {said} adds to the score, by its value")
    low, high = padded([value for value, _ in known])
    unknown = low - (high - low) / 12
    some = len(known) < len(thin)
    along, up = axes(
        canvas,
        (unknown if some else low, high),
        _padded([0.0, *(part for _, part in thin)]),
        below=f"{said} (left: unknown)" if some else said,
        said=(lambda value: f"{value:g}", lambda value: f"{value:+g}" if value else "0"),
    )
    canvas.line([(along(along.first), up(0)), (along(high), up(0))], "zero")
    for value, part in thin:
        _dot(canvas, along(unknown if value is None else value), up(part), None if value is None else _SHADES - 1)
    return canvas.drawn()


def _strew(canvas: Canvas, dots: Dots, across: Scale, y: float) -> None:
    """The dots of a row, those of about the same contribution above and below each other."""
    values = sorted({value for value, _ in dots if value is not None})
    shade = {value: n * _SHADES // len(values) for n, value in enumerate(values)}
    room = (across.ends - across.begins) / _BINS
    stacked: dict[int, int] = {}
    for value, part in dots:
        x = across(part)
        level = stacked.setdefault(int(x / room), 0)
        stacked[int(x / room)] += 1
        away = (level + 1) // 2 * (1.6 if level % 2 else -1.6)
        _dot(canvas, x, y + max(-0.42 * _ROW, min(0.42 * _ROW, away)), None if value is None else shade[value])


def _dot(canvas: Canvas, x: float, y: float, shade: int | None) -> None:
    classes = ["spot", "unknown" if shade is None else f"s{shade}"]
    canvas.elements.append(svg.Circle(cx=round(x, 1), cy=round(y, 1), r=2, class_=classes))


def _thin(dots: Dots, *, most: int = _SHOWN) -> Dots:
    """Every n-th of the dots by contribution, the ends of the row among them."""
    ordered = sorted(dots, key=lambda dot: dot[1])
    if len(ordered) <= most:
        return ordered
    return [ordered[round(n * (len(ordered) - 1) / (most - 1))] for n in range(most)]


def _padded(values: Sequence[float]) -> tuple[float, float]:
    """The span of contributions with a twelfth on both sides, below zero too."""
    first, last = min(values), max(values)
    more = (last - first) / 12 or 1.0
    return first - more, last + more
