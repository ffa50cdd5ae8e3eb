"""Figures of a distribution, now beside before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from semana.reports.canvas import BOTTOM, RIGHT, TOP, WIDTH, Canvas, Scale, axes, room_for, short, upright

_KINDS = 8  # bars: the kinds whose shares changed most
_ROW = 26


def now_and_then(
    bins: Sequence[str],
    now: Sequence[float],
    then: Sequence[float],
    *,
    in_order: bool = False,
    says: str = "Shares of kinds, now and before",
    said: Callable[[float], str] = "{:.3g}".format,
) -> Markup:
    """Two bars a kind, its share now above its share before: the kinds whose shares changed most, largest first.

    With `in_order` the kinds have an order of their own, and keep it. Shares are `said` below.
    """
    order = sorted(range(len(bins)), key=lambda n: -abs(now[n] - then[n]))[:_KINDS]
    order.sort(key=lambda n: n if in_order else -max(now[n], then[n]))
    height = TOP + _ROW * len(order) + BOTTOM
    canvas = Canvas(says, height=height)
    left = room_for(bins[n] for n in order)
    most = max((max(now[n], then[n]) for n in order), default=1.0) or 1.0
    across = Scale(0.0, most, left, WIDTH - RIGHT - 6)
    upright(canvas, across, height - BOTTOM, said=said)
    for place, n in enumerate(order):
        y = TOP + _ROW * place
        canvas.text(left - 8, y + 14, short(bins[n]), "label", "end")
        for top, share, name in ((y + 2, now[n], "now"), (y + 12, then[n], "then")):
            ends = across(share)
            canvas.area([(left, top), (ends, top), (ends, top + 9), (left, top + 9)], name)
    return canvas.drawn()


def densities(
    bins: Sequence[str],
    now: Sequence[float],
    then: Sequence[float],
    *,
    says: str = "The distribution of a number, now and before",
    said: tuple[Callable[[float], str], Callable[[float], str]] = ("{:.3g}".format, "{:.0%}".format),
) -> Markup:
    """Two outlines over the bins of a number, which are named by where they begin."""
    canvas = Canvas(says)
    there = [n for n in range(len(bins)) if now[n] or then[n]] or [0]
    first, last = there[0], there[-1] + 1
    begins = [float(each) for each in bins]
    width = begins[1] - begins[0] if len(begins) > 1 else 1.0
    up_to = max(*now, *then, 1e-9)
    across, up = axes(
        canvas,
        (begins[first], begins[last - 1] + width),
        (0.0, up_to),
        said=said,
    )
    for shares, name in ((then, "then"), (now, "now")):
        outline = [(across(begins[first]), up(0.0))]
        for n in range(first, last):
            outline += [(across(begins[n]), up(shares[n])), (across(begins[n] + width), up(shares[n]))]
        canvas.area([*outline, (outline[-1][0], up(0.0))], name)
    return canvas.drawn()
