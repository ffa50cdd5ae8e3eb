"""From probabilities to the list that people act on: which pairs are recommended, and the cut they were chosen by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.models.base import Flags, Floats
from semana.params import DecisionParams

USUAL, OVERDUE, NEW = _KINDS = "usual", "overdue", "new"


@dataclass(frozen=True)
class Decision:
    """Which pairs are on the list, and the smallest probability that puts a pair there (1 where none is)."""

    recommended: Flags
    cut: float


def decide_list(
    customer: NDArray[Any],
    probability: Floats,
    repeat: Flags,
    expected_amount: Floats | None,
    *,
    total: float,
    params: DecisionParams,
    allowed: Flags | None = None,
) -> Decision:
    """The list under the policy of `params`: one value per pair in each array, `total` the week's expected purchases.

    Pairs that are not `allowed` are left out and their place goes to others. `expected_amount` (money) matters to
    `capacity` alone, which goes by expected purchases where it is missing or all NaN.
    """
    may = np.ones(len(probability), dtype=bool) if allowed is None else allowed
    listed = np.where(may, probability, -1.0)
    if params.policy == "top_k":
        chosen = may & (places(customer, listed) < params.top_k)
    elif params.policy == "capacity":
        cut = best_f1_cut(probability[may], total=total)
        chosen = may & (probability >= cut)
        unpriced = expected_amount is None or np.isnan(expected_amount).all()
        value = probability if expected_amount is None or unpriced else np.nan_to_num(expected_amount)
        chosen &= np.isin(customer, busiest(customer[chosen], value[chosen], most=params.capacity))
    else:
        by_policy: dict[str, Callable[[], float]] = {
            "expected_f1": lambda: best_f1_cut(probability[may], total=total),
            "min_probability": lambda: params.min_probability,
        }
        chosen = may & (probability >= by_policy[params.policy]())
    cut = float(probability[chosen].min()) if chosen.any() else 1.0
    if params.min_new_per_customer:
        chosen |= _new_ones(customer, listed, repeat, chosen, least=params.min_new_per_customer)
    return Decision(chosen, cut)


def listed(rows: pl.DataFrame, probability: Floats, *, total: float, params: DecisionParams) -> pl.DataFrame:
    """One row per pair: its probability, and whether a list of these would hold it, exclusions aside."""
    amount = probability * rows[s.USUAL_AMOUNT].to_numpy().astype(np.float64)
    repeat = rows[s.REPEAT].to_numpy()
    decision = decide_list(customers_of(rows), probability, repeat, amount, total=total, params=params)
    return rows.select(s.PAIR).with_columns(
        pl.Series(s.PROBABILITY, probability), pl.Series(s.RECOMMENDED, decision.recommended)
    )


def customers_of(rows: pl.DataFrame) -> NDArray[np.uint32]:
    """The customer of each row as a number, in the order of their ids: texts would each be an object of Python."""
    return rows[s.CUSTOMER_ID].rank("dense").cast(pl.UInt32).to_numpy()


def best_f1_cut(probability: Floats, *, total: float) -> float:
    """The cut whose pairs maximise the expected F1, 2 x sum of p over (their number + the week's total); 1 for no pair.

    >>> best_f1_cut(np.array([0.9, 0.8, 0.1]), total=2.0)
    0.8
    """
    if not len(probability):
        return 1.0
    levels, counts = np.unique(probability, return_counts=True)
    levels, counts = levels[::-1], counts[::-1]
    expected = 2.0 * np.cumsum(levels * counts) / (np.cumsum(counts) + total)
    return float(levels[np.argmax(expected)])


def places(customer: NDArray[Any], value: Floats) -> NDArray[np.intp]:
    """The place of each pair among its customer's, 0 for the highest value; equals keep the order they came in."""
    _, who = np.unique(customer, return_inverse=True)
    order = np.lexsort((np.arange(len(value)), -value, who))
    starts = np.flatnonzero(np.diff(who[order], prepend=-1))
    sizes = np.diff(starts, append=len(value))
    found = np.empty(len(value), dtype=np.intp)
    found[order] = np.arange(len(value)) - np.repeat(starts, sizes)
    return found


def busiest(customer: NDArray[Any], value: Floats, *, most: int) -> NDArray[Any]:
    """The customers whose pairs are worth most together, at most `most` of them; equals by their id."""
    names, who = np.unique(customer, return_inverse=True)
    worth = np.bincount(who, weights=value, minlength=len(names))
    return names[np.lexsort((np.arange(len(names)), -worth))[:most]]


def kind_of(repeat: Flags, days_since: Floats, usual_gap_days: Floats, *, overdue_gaps: float) -> pl.Series:
    """What each pair is to a person: new (never bought), overdue (past `overdue_gaps` of its usual gaps), or usual.

    `days_since` counts to the Monday of the predicted week; a pair without a second purchase has no gap (NaN): usual.
    """
    overdue = repeat & (days_since > overdue_gaps * usual_gap_days)
    return pl.Series(s.KIND, _KINDS).gather(np.select([~repeat, overdue], [2, 1], default=0))


def _new_ones(customer: NDArray[Any], listed: Floats, repeat: Flags, chosen: Flags, *, least: int) -> Flags:
    new = ~repeat & (listed >= 0)
    on_list = np.isin(customer, customer[chosen])
    best: Flags = new & on_list & (places(customer, np.where(new, listed, -1.0)) < least)
    return best
