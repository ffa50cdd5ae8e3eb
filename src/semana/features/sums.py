"""Sums that come out the same to the last bit, whatever the engine and its order of adding."""

from __future__ import annotations

import math

import narwhals as nw


def steady_sum(values: nw.Expr, *, bits: int) -> nw.Expr:
    """The sum of `values`, each first rounded to a multiple of 2 to the minus `bits`.

    Whole numbers add up alike in any order; floats do not, and a streaming engine adds them in another one every time.
    """
    return _whole(values, bits=bits).sum().cast(nw.Float64) / float(2**bits)


def steady(values: nw.Expr, *, bits: int) -> nw.Expr:
    """The same of each value by itself: engines' logarithms differ in the last bit, this does not."""
    return _whole(values, bits=bits).cast(nw.Float64) / float(2**bits)


def _whole(values: nw.Expr, *, bits: int) -> nw.Expr:
    # Just below a half, so that a halved weight, which is a power of two but for an engine's last bit, is no tie.
    return (values * float(2**bits) + (0.5 - 2**-20)).floor().cast(nw.Int64)


def ratio(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    """`part` / `whole`, null where the whole is nothing: engines do not agree on what 0 / 0 is."""
    return nw.when(whole > 0).then(part / whole)


def decayed(week: nw.Expr, *, latest: int, decay: float) -> nw.Expr:
    """The weight of each week: 1 for `latest`, `decay` for the one before it, and so on."""
    return ((latest - week).cast(nw.Float64) * math.log(decay)).exp()


def halving(week: nw.Expr, *, latest: int, weeks: int) -> nw.Expr:
    """The same with a weight that halves every `weeks` weeks."""
    return decayed(week, latest=latest, decay=0.5 ** (1 / weeks))


DECAY_BITS = 32  # weights below 1, so 2 million weeks fit
QUANTITY_BITS = 20  # a millionth of a unit, up to 8 million million units
