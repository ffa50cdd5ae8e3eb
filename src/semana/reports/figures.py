"""The figures of backtests and trainings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import svg
from markupsafe import Markup

from semana.reports.canvas import (
    BOTTOM,
    RIGHT,
    SHAPES,
    TOP,
    WIDTH,
    Canvas,
    Points,
    Scale,
    axes,
    padded,
    room_for,
    short,
    upright,
)

_LATE = 0.8  # of the width: what is told of a place beyond it stands before it


def weekly_lines(
    weeks: Sequence[str],
    lines: Mapping[str, Sequence[float | None]],
    *,
    what: str,
    events: Mapping[str, str] | None = None,
    level: float | None = None,
    said: Callable[[float], str] = "{:g}".format,
    told: Callable[[float], str] | None = None,
    spans: Mapping[str, Sequence[tuple[float, float] | None]] | None = None,
    says: str | None = None,
) -> Markup:
    """One line a model over the weeks; an upright with its words in weeks with `events`, a guide at the `level`.

    Values are `said` beside the grid and `told` at their marks; `spans` are intervals around those of a line.
    """
    known = [value for values in lines.values() for value in values if value is not None]
    known += [end for each in (spans or {}).values() for span in each if span for end in span]
    canvas = Canvas(says or f"{what} of {', '.join(lines)} in {len(weeks)} weeks")
    told = told or (lambda value: f"{value:,.3f}".removesuffix(".000"))
    across, up = axes(
        canvas,
        (0, max(1, len(weeks) - 1)),
        padded([*known, *([] if level is None else [level])]),
        weeks=weeks,
        said=(None, said),
    )
    if level:
        canvas.line([(across(0), up(level)), (across(max(1, len(weeks) - 1)), up(level))], "guide")
    known_events = [(n, events[week]) for n, week in enumerate(weeks) if events and week in events]
    for place, (n, event) in enumerate(known_events):
        canvas.line([(across(n), TOP), (across(n), canvas.height - BOTTOM)], "guide", "dotted")
        late = across(n) > WIDTH * _LATE
        beside = (across(n) - 3, "note", "end") if late else (across(n) + 3, "note")
        canvas.text(beside[0], TOP + 6 + 12 * (place % 3), event, *beside[1:])  # words of neighbours lie apart
    for model, (name, values) in reversed(list(enumerate(lines.items()))):  # the first lies on top
        there = [(n, value) for n, value in enumerate(values) if value is not None]
        ends = [(n, span) for n, span in enumerate((spans or {}).get(name, ())) if span]
        for n, (low, high) in ends:
            canvas.line([(across(n), up(low)), (across(n), up(high))], f"m{model}", "thick")
        canvas.line([(across(n), up(value)) for n, value in there], f"m{model}")
        between = {n: f" ({told(low)} – {told(high)})" for n, (low, high) in ends}
        for n, value in there:
            canvas.mark(across(n), up(value), model, f"{name}, {weeks[n]}: {told(value)}{between.get(n, '')}")
    return canvas.drawn()


def gains(curves: Mapping[str, Points], *, purchases: float, covered: float) -> Markup:
    """The share of all purchases among the likeliest n pairs of a week; `purchases` a week, `covered` by candidates."""
    most = max((pairs for points in curves.values() for pairs, _ in points), default=1.0)
    canvas = Canvas("Share of purchases found against pairs taken, likeliest first")
    across, up = axes(
        canvas, (0, most), (0, 1), below="pairs taken a week, the likeliest first", said=(_thousands, _percent)
    )
    canvas.line([(across(0), up(0)), (across(min(purchases, most)), up(1)), (across(most), up(1))], "guide")
    canvas.line([(across(0), up(covered)), (across(most), up(covered))], "guide", "dotted")
    canvas.text(across(most), up(0.03), f"dotted: {covered:.0%} lie among the candidates", "note", "end")
    canvas.text(across(min(purchases, most)) + 5, up(1) + 14, "a perfect list", "note")
    for model, (name, points) in enumerate(curves.items()):
        canvas.line([(across(pairs), up(share)) for pairs, share in points], f"m{model}")
        nearest = min(points, key=lambda point: abs(point[0] - purchases), default=None)
        if nearest:
            said = f"{name}: {nearest[1]:.0%} of the purchases among {nearest[0]:,.0f} pairs"
            canvas.mark(across(nearest[0]), up(nearest[1]), model, said)
    return canvas.drawn()


def reliability(curves: Mapping[str, Sequence[tuple[float, float, int]]]) -> Markup:
    """What was promised against what was bought; on the diagonal both are the same."""
    canvas = Canvas("Share bought against probability; on the diagonal the probabilities are right")
    reached = max((value for points in curves.values() for point in points for value in point[:2]), default=1.0)
    most = min(1.0, 1.1 * reached)
    across, up = axes(canvas, (0, most), (0, most), below="probability", said=(_percent, _percent))
    canvas.line([(across(0), up(0)), (across(most), up(most))], "guide")
    canvas.text(across(0.03 * most), up(0.93 * most), "more was bought than said", "note")
    canvas.text(across(0.97 * most), up(0.05 * most), "less was bought than said", "note", "end")
    for model, (name, points) in enumerate(curves.items()):
        canvas.line([(across(p), up(share)) for p, share, _ in points], f"m{model}", "thin")
        for p, share, pairs in points:
            said = f"{name}: of {pairs:,} pairs with {p:.0%} on average {share:.0%} were bought"
            canvas.mark(across(p), up(share), model, said)
    return canvas.drawn()


def lift(curves: Mapping[str, Points]) -> Markup:
    """How many times as many purchases lie among the likeliest pairs as among as many chosen at random."""
    canvas = Canvas("Purchases among the likeliest pairs, as a multiple of a random choice's")
    most = max((share for points in curves.values() for share, _ in points), default=1.0)
    highest = max((times for points in curves.values() for _, times in points), default=1.0)
    across, up = axes(
        canvas,
        (0, most),
        (0, 1.08 * highest),
        below="share of the pairs taken, the likeliest first",
        said=(_percent, _times),
    )
    canvas.line([(across(0), up(1)), (across(most), up(1))], "guide")
    canvas.text(across(most), up(1) - 6, "a random choice", "note", "end")
    for model, (name, points) in enumerate(curves.items()):
        canvas.line([(across(share), up(times)) for share, times in points], f"m{model}")
        if points:
            share, times = points[0]
            canvas.mark(across(share), up(times), model, f"{name}: {times:.1f} times among the first {share:.2%}")
    return canvas.drawn()


def differences(rows: Sequence[tuple[str, int, str, float, float | None, float | None]]) -> Markup:
    """One interval a row: group (a metric), number and name of the model, mean, low and high, in percent."""
    groups = list(dict.fromkeys(row[0] for row in rows))
    height = TOP + 20 * len(groups) + 18 * len(rows) + BOTTOM
    ends = [end for row in rows for end in row[3:] if end is not None]
    canvas = Canvas("Differences with their 95 % intervals; right of zero is better", height=height)
    left = room_for(row[2] for row in rows)
    across = Scale(*padded([*ends, 0.0]), left, WIDTH - RIGHT)
    upright(canvas, across, height - BOTTOM, said=lambda value: f"{value:+g} %" if value else "0")
    canvas.line([(across(0), TOP), (across(0), height - BOTTOM)], "zero")
    canvas.text((left + WIDTH - RIGHT) / 2, height - 6, "better to the right", "note", "middle")
    y = float(TOP)
    for group in groups:
        y += 20
        canvas.text(0, y - 4, group, "strong")
        for _, model, name, mean, low, high in (row for row in rows if row[0] == group):
            y += 18
            canvas.text(left - 8, y - 5, name, "label", "end")
            if low is not None and high is not None:
                canvas.line([(across(low), y - 9), (across(high), y - 9)], f"m{model}", "thick")
            said = f"{name}, {group}: {mean:+.1f} %" + ("" if low is None else f" ({low:+.1f} to {high:+.1f})")
            canvas.mark(across(mean), y - 9, model, said)
    return canvas.drawn()


def dots(
    rows: Sequence[tuple[str, Mapping[str, float | None]]],
    *,
    what: str,
    says: str | None = None,
    said: Callable[[float], str] = "{:g}".format,
    told: Callable[[float], str] = "{:.3f}".format,
) -> Markup:
    """One row a part of the shop, one mark a model in it; values are `said` at the axis and `told` by a mark."""
    height = TOP + 24 * len(rows) + BOTTOM
    canvas = Canvas(says or f"{what} by part of the shop", height=height)
    left = room_for(name for name, _ in rows)
    most = max((value for _, values in rows for value in values.values() if value is not None), default=1.0)
    across = Scale(0.0, most * 1.05 or 1.0, left, WIDTH - RIGHT)
    upright(canvas, across, height - BOTTOM, said=said)
    for n, (part, values) in enumerate(rows):
        y = TOP + 24 * n + 14
        canvas.text(left - 8, y + 4, short(part), "label", "end")
        known = [across(value) for value in values.values() if value is not None]
        if known:
            canvas.line([(min(known), y), (max(known), y)], "guide")
        for model, (name, value) in enumerate(values.items()):
            if value is not None:
                canvas.mark(across(value), y, model, f"{name}, {part}: {told(value)}")
    return canvas.drawn()


def bars(
    values: Mapping[str, float],
    *,
    whole: float,
    model: int,
    says: str = "Importance of features, the largest first",
    said: Callable[[float], str] = "{:.0%}".format,
) -> Markup:
    """One bar a name, the longest first, with its share of the whole."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    height = TOP + 20 * len(ordered) + 8
    canvas = Canvas(says, height=height)
    left = room_for(values)
    across = Scale(0.0, max(values.values(), default=1.0) or 1.0, left, WIDTH - RIGHT - 34)
    for n, (name, value) in enumerate(ordered):
        y = TOP + 20 * n
        canvas.text(left - 8, y + 10, short(name.replace("_", " ")), "label", "end")
        bar = [(across(0), y + 1), (across(value), y + 1), (across(value), y + 12), (across(0), y + 12)]
        canvas.area(bar, f"m{model}")
        canvas.text(across(value) + 5, y + 10, said(value / (whole or 1.0)), "label")
    return canvas.drawn()


def level_band(weeks: Sequence[str], levels: Sequence[Mapping[str, Any]]) -> Markup:
    """The forecast total of every week with its interval, and the purchases that came."""
    known = [float(level[name]) for level in levels for name in ("low", "high", "bought")]
    canvas = Canvas("Purchases of every week, forecast and bought")
    across, up = axes(canvas, (0, max(1, len(weeks) - 1)), padded(known), weeks=weeks, said=(None, _thousands))
    for n, (week, level) in enumerate(zip(weeks, levels, strict=True)):
        low, high = up(level["low"]), up(level["high"])
        x = across(n)
        canvas.area([(x - 7, low), (x + 7, low), (x + 7, high), (x - 7, high)], "band")
        canvas.line([(x - 7, up(level["forecast"])), (x + 7, up(level["forecast"]))], "level")
        inside = "inside" if level["inside"] else "outside"
        told = svg.Title(text=f"{week}: {level['bought']:,} bought, {level['forecast']:,.0f} forecast, {inside}")
        canvas.elements.append(svg.Circle(cx=x, cy=up(level["bought"]), r=4, class_=["dot", inside], elements=[told]))
    return canvas.drawn()


def trend(
    runs: Sequence[str],
    values: Sequence[float | None],
    *,
    what: str,
    says: str | None = None,
    events: Mapping[str, str] | None = None,
    said: Callable[[float], str] = "{:,.10g}".format,
) -> Markup:
    """One figure over the runs, which are named like 2025-W02-0001; from zero up."""
    weeks = [run[:8] for run in runs]
    marked = {run[:8]: event for run, event in (events or {}).items()}
    return weekly_lines(weeks, {what: values}, what=what, level=0.0, said=said, told=said, says=says, events=marked)


def mark_of(model: int) -> Markup:
    """The mark of a model alone, for a legend."""
    shape = svg.Path(d=SHAPES[model % len(SHAPES)](7, 7), class_=["mark", f"m{model}"])
    whole = svg.SVG(viewBox=svg.ViewBoxSpec(0, 0, 14, 14), xmlns=None, elements=[shape], extra={"aria-hidden": "true"})
    return Markup(whole.as_str())  # noqa: S704


def _percent(value: float) -> str:
    return f"{round(100 * value, 2):g}%"


def _times(value: float) -> str:
    return f"{value:g} ×"


def _thousands(value: float) -> str:
    return f"{value:,.0f}"
