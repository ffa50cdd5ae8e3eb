"""From chances to the list: which pairs are recommended, and of which kind each is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.models.base import Floats
from semana.params import DecisionParams

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Decision:
    """Who is on the list, and the chance from which on; every later yes or no of the week uses the same cut."""

    recommended: Mask
    cut: float


def decide_list(
    customer: NDArray[np.generic],
    chance: Floats,
    repeat: Mask,
    expected_amount: Floats | None,
    *,
    total: float,
    params: DecisionParams,
    allowed: Mask,
) -> Decision:
    """The recommended pairs of `n` candidates by `params.policy`; pairs that are not `allowed` never are.

    `total` is the week's forecast number of purchases, outside the candidates included.
    """
    ranks = _ranks(customer, chance, allowed)
    if params.policy == "top_k":
        chosen = allowed & (ranks <= params.top_k)
        cut = float(chance[chosen].min()) if chosen.any() else 1.0
    else:
        cut = params.min_probability if params.policy == "min_probability" else best_cut(chance[allowed], total)
        chosen = allowed & (chance >= cut)
        if params.policy == "capacity":
            worth = expected_amount if expected_amount is not None else chance
            chosen &= _called(customer, np.where(chosen, worth, 0.0), chosen, params.capacity)
    if params.min_new_per_customer:
        new = allowed & ~repeat
        listed = np.isin(customer, np.unique(customer[chosen]))
        chosen = chosen | (new & listed & (_ranks(customer, chance, new) <= params.min_new_per_customer))
    return Decision(chosen, cut)


def best_cut(chance: Floats, total: float) -> float:
    """The cut that maximises the expected F1, 2·Σp ÷ (size + total), over sets of all pairs from a chance on."""
    if not len(chance):
        return 1.0
    ordered = np.sort(chance)[::-1]
    expected = 2 * np.cumsum(ordered) / (np.arange(1, len(ordered) + 1) + total)
    last = np.append(ordered[1:] < ordered[:-1], True)  # a set holds all pairs of equal chance or none
    return float(ordered[np.argmax(np.where(last, expected, -1.0))])


def kinds(*, before: Week, overdue_gaps: float) -> pl.Expr:
    """usual, overdue (last bought more than `overdue_gaps` usual gaps before the week) or new, from the scores' facts."""
    since = (pl.lit(before.start + timedelta(days=0)) - pl.col(s.LAST_BOUGHT)).dt.total_days()
    overdue = (since > overdue_gaps * pl.col(s.USUAL_GAP_DAYS)).fill_null(False)
    return pl.when(~pl.col(s.REPEAT)).then(pl.lit("new")).when(overdue).then(pl.lit("overdue")).otherwise(pl.lit("usual"))


def _ranks(customer: NDArray[np.generic], chance: Floats, among: Mask) -> NDArray[np.int64]:
    """1 for the likeliest pair of each customer among those; the others rank behind everything."""
    frame = pl.DataFrame({"customer": customer, "chance": np.where(among, chance, -1.0)})
    ranks = frame.select(pl.col("chance").rank("ordinal", descending=True).over("customer"))["chance"].to_numpy()
    return np.where(among, ranks, np.iinfo(np.int64).max)


def _called(customer: NDArray[np.generic], worth: Floats, chosen: Mask, capacity: int) -> Mask:
    """The pairs of the `capacity` customers whose chosen pairs are worth most; ties by id."""
    frame = pl.DataFrame({"customer": customer, "worth": worth}).filter(pl.Series(chosen))
    called = frame.group_by("customer").agg(pl.col("worth").sum()).sort(["worth", "customer"], descending=[True, False])
    return np.isin(customer, called.head(capacity)["customer"].to_numpy())
