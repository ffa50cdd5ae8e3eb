"""What figures are drawn with: SVG without a script, coloured by the classes of the page in its light or dark dress.

A model has the number of its place in the record; `m0`, `m1`, ... give it its colour. Shapes tell models apart too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

import svg
from markupsafe import Markup, escape

WIDTH, HEIGHT = 376, 262
TOP, RIGHT, BOTTOM = 14, 14, 40
# How wide the letters of a label are, at the most: fonts differ.
_WIDTHS = {**dict.fromkeys("ijl.,:;'|!", 3.8), **dict.fromkeys("tfr -()/", 5.0), **dict.fromkeys("mwMW%×+…", 11.4)}
_LETTER, _CAPITAL = 7.4, 8.6
_MOST_LABELS = 6

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Scale:
    """From values to places on the page, straight."""

    first: float
    last: float
    begins: float
    ends: float

    def __call__(self, value: float) -> float:
        """Where the value lies."""
        span = self.last - self.first or 1.0
        return round(self.begins + (value - self.first) / span * (self.ends - self.begins), 2)

    @property
    def ticks(self) -> list[float]:
        """Three to seven round values within it."""
        step = _step(self.last - self.first)
        first, last = ceil(self.first / step - 1e-9), floor(self.last / step + 1e-9)
        return [round(n * step, 10) for n in range(first, last + 1)]


@dataclass
class Canvas:
    """A figure in the making: its elements in their order; `says` is read out to who cannot see it."""

    says: str
    height: int = HEIGHT
    elements: list[svg.Element] = field(default_factory=list)

    def line(self, points: Points, *classes: str) -> None:
        """A line through the points."""
        self.elements.append(svg.Path(d=_path(points), class_=["line", *classes]))

    def area(self, points: Points, *classes: str) -> None:
        """What the points enclose."""
        self.elements.append(svg.Path(d=[*_path(points), svg.Z()], class_=["area", *classes]))

    def text(self, x: float, y: float, words: str, *classes: str) -> None:
        """Words that begin at x; with the class `middle` or `end` they stand around it or before it."""
        self.elements.append(svg.Text(x=x, y=y, text=str(escape(words)), class_=list(classes)))

    def mark(self, x: float, y: float, model: int, words: str) -> None:
        """The mark of a model; a pointer that rests on it is told the words."""
        told = svg.Title(text=str(escape(words)))
        shape = svg.Path(d=SHAPES[model % len(SHAPES)](x, y), class_=["mark", f"m{model}"], elements=[told])
        self.elements.append(shape)

    def drawn(self) -> Markup:
        """The figure, ready to stand in a page: all words in it are escaped."""
        label = {"role": "img", "aria-label": str(escape(self.says))}
        box = svg.ViewBoxSpec(0, 0, WIDTH, self.height)
        return Markup(svg.SVG(viewBox=box, xmlns=None, elements=self.elements, extra=label).as_str())  # noqa: S704


def axes(
    canvas: Canvas,
    across: tuple[float, float],
    up: tuple[float, float],
    *,
    below: str = "",
    weeks: Sequence[str] = (),
    said: tuple[Callable[[float], str] | None, Callable[[float], str] | None] = (None, None),
) -> tuple[Scale, Scale]:
    """Draws a grid with its labels; the scales of both directions. With `weeks` they are the labels below."""
    rising = Scale(*up, canvas.height - BOTTOM, TOP)
    words = [(said[1] or (lambda value: f"{value:g}"))(tick) for tick in rising.ticks]
    left = 10 + max(map(_wide, words), default=20.0)
    along = Scale(*across, left + (12 if weeks else 0), WIDTH - RIGHT - (18 if weeks else 0))
    for tick, word in zip(rising.ticks, words, strict=True):
        canvas.line([(left, rising(tick)), (WIDTH - RIGHT, rising(tick))], "grid")
        canvas.text(left - 6, rising(tick) + 4, word, "label", "end")
    bottom = canvas.height - BOTTOM
    if weeks:
        step = ceil(len(weeks) / _MOST_LABELS)
        for n in range(len(weeks) - 1, -1, -step):
            canvas.text(along(n), bottom + 18, weeks[n][-3:], "label", "middle")
        years = [n for n in range(len(weeks)) if n == 0 or weeks[n][:4] != weeks[n - 1][:4]]
        for n in years:
            canvas.text(along(n), bottom + 33, weeks[n][:4], "note", "middle")
    else:
        for tick in along.ticks:
            word = (said[0] or str)(tick)
            beyond = along(tick) + _wide(word) / 2 > WIDTH
            canvas.text(WIDTH if beyond else along(tick), bottom + 18, word, "label", "end" if beyond else "middle")
        canvas.text((left + WIDTH - RIGHT) / 2, bottom + 34, below, "note", "middle")
    return along, rising


def upright(canvas: Canvas, across: Scale, bottom: float, *, said: Callable[[float], str]) -> None:
    """Draws upright grid lines with their labels below."""
    for tick in across.ticks:
        canvas.line([(across(tick), TOP), (across(tick), bottom)], "grid")
        canvas.text(across(tick), bottom + 16, said(tick), "label", "middle")


def room_for(names: Iterable[str]) -> float:
    """Room for the names at the left, within half of the figure."""
    return 14 + max((_wide(short(name)) for name in names), default=0.0)


def short(name: str) -> str:
    """The name, cut where it would take more than half of the figure."""
    most = WIDTH / 2 - 14
    if _wide(name) <= most:
        return name
    return next(cut for n in range(len(name), -1, -1) if _wide(cut := name[:n] + "…") <= most)


def _wide(words: str) -> float:
    return sum(_WIDTHS.get(letter, _CAPITAL if letter.isupper() else _LETTER) for letter in words)


def padded(values: Sequence[float]) -> tuple[float, float]:
    """The span of the values with a twelfth of it on both sides; never below zero where they are not."""
    first, last = (min(values), max(values)) if values else (0.0, 1.0)
    more = (last - first) / 12 or abs(last) / 12 or 1.0
    return (max(0.0, first - more) if first >= 0 else first - more), last + more


def _step(span: float) -> float:
    """A round step that parts the span into three to seven."""
    rough = (span or 1.0) / 6
    power: float = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)


def _path(points: Points) -> list[svg.PathData]:
    return [svg.M(*point) if n == 0 else svg.L(*point) for n, point in enumerate(points)]


def _closed(*points: tuple[float, float]) -> list[svg.PathData]:
    return [*_path([(round(x, 2), round(y, 2)) for x, y in points]), svg.Z()]


def _circle(x: float, y: float) -> list[svg.PathData]:
    half = [svg.Arc(4, 4, 0, large_arc=True, sweep=False, x=x + 4, y=y), svg.Arc(4, 4, 0, True, False, x - 4, y)]
    return [svg.M(x - 4, y), *half, svg.Z()]


SHAPES: tuple[Callable[[float, float], list[svg.PathData]], ...] = (
    _circle,
    lambda x, y: _closed((x - 3.6, y - 3.6), (x + 3.6, y - 3.6), (x + 3.6, y + 3.6), (x - 3.6, y + 3.6)),
    lambda x, y: _closed((x, y - 4.8), (x + 4.6, y + 3.4), (x - 4.6, y + 3.4)),
    lambda x, y: _closed((x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)),
    lambda x, y: _closed((x, y + 4.8), (x + 4.6, y - 3.4), (x - 4.6, y - 3.4)),
)
