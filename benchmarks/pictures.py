"""Figures of docs/benchmarks.md: SVG files that dress themselves, in a light or a dark page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from math import log10

from jinja2 import Template
from markupsafe import Markup

from benchmarks.page import PAGE
from semana.reports.canvas import Canvas, axes, padded
from semana.reports.figures import dots

_MARKS = "●■▲◆▼"
_PLACE = PAGE.parent / "pictures"


def _style() -> str:
    sheets = ("colours.css", "drawing.css")
    text = "\n".join(Template(files("semana.reports").joinpath(sheet).read_text()).render() for sheet in sheets)
    return f"<style>{text} svg {{ background: var(--card); font-family: sans-serif; }}</style>"


def _saved(drawn: Markup, name: str, caption: str, lines: Sequence[str]) -> str:
    head, body = str(drawn).split(">", 1)
    whole = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" width="640"', 1)
    (_PLACE / f"bench-{name}.svg").write_text(f"{whole}>{_style()}{body}\n")
    legend = ", ".join(f"{_MARKS[n % len(_MARKS)]} {line}" for n, line in enumerate(lines))
    return f"![{caption}](pictures/bench-{name}.svg)\n\n{caption}: {legend}."


def methods(
    name: str,
    rows: Mapping[str, Mapping[str, float]],
    *,
    caption: str,
    said: Callable[[float], str] = "{:.2f}".format,
) -> str:
    """A row a method, a mark a metric; the words that show it in the page."""
    drawn = dots(list(rows.items()), what=caption, says=caption, said=said)
    return _saved(drawn, name, caption, list(next(iter(rows.values()))))


def growth(name: str, lines: Mapping[str, Mapping[float, float]], *, across: str, caption: str) -> str:
    """What grows with what, a line each, both in steps of a factor; the words that show it in the page."""
    canvas = Canvas(caption)
    values = {line: [(log10(x), log10(y)) for x, y in points.items()] for line, points in lines.items()}
    every = [point for points in values.values() for point in points]
    ends = [padded([point[n] for point in every]) for n in (0, 1)]
    told = [lambda value: f"{10**value:,.2g}" if value < 1 else f"{10**value:,.0f}"] * 2
    along, up = axes(canvas, ends[0], ends[1], below=across, said=(told[0], told[1]))
    for model, (line, points) in enumerate(values.items()):
        canvas.line([(along(x), up(y)) for x, y in points], f"m{model}")
        for x, y in points:
            canvas.mark(along(x), up(y), model, f"{line}: {10**y:,.1f} at {10**x:g}")
    return _saved(canvas.drawn(), name, caption, list(lines))
