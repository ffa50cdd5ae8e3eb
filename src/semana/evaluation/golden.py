"""The golden set: frozen weeks that no model learns from, and the critical cases in which a challenger must hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.draws import DRAWS, draw_of
from semana.data.weeks import Week
from semana.evaluation.metrics import average_precision
from semana.evaluation.segments import FIRST, LAST, SEGMENT
from semana.params import CutParams, GoldenParams

ALL, HOLIDAYS, LAPSED = "all pairs", "holiday weeks", "lapsed buyers"
NEW_PRODUCTS, EXPLORE = "new products", "explore purchases"
F1, AVERAGE_PRECISION = "f1", "average_precision"
_RECENT = 8  # weeks: who bought nothing in them has lapsed, what was first sold in them is new
_LISTED = 100  # recommended pairs from which on F1 says something; below, the order of the pairs is judged


def golden_weeks(
    complete: Sequence[Week], holidays: Iterable[Week], cuts: CutParams, params: GoldenParams
) -> tuple[Week, ...]:
    """The weeks to freeze, spread over the history, one with a holiday among them; none while the history is short.

    What remains still has every week that fit, calibration and gate may take, and the first one has `history_weeks`
    before it. The latest weeks stay with calibration and gate.
    """
    labels = sorted(complete)[1:]
    latest = cuts.calibrate_weeks + cuts.gate_weeks
    usable = labels[params.history_weeks - 1 : -latest]
    number = min(params.weeks, len(labels) - latest - cuts.fit_weeks, len(usable))
    if number < params.least_weeks:
        return ()
    chosen = [usable[round(place)] for place in np.linspace(0, len(usable) - 1, number)]
    free = [week for week in usable if week in set(holidays)]
    if free and not set(free) & set(chosen):
        place, week = min(
            ((n, week) for n in range(number) for week in free), key=lambda it: abs(chosen[it[0]] - it[1])
        )
        chosen[place] = week
    return tuple(sorted(chosen))


def drawn_customers(ids: Sequence[int | str], *, share: float) -> list[int | str]:
    """About this share of the customers, the same ones on every machine: those that the set is judged on."""
    return [id_ for id_ in ids if draw_of(f"golden {id_}") < share * DRAWS]


@dataclass(frozen=True)
class PastOfCases:
    """What the purchases before a week tell of its cases.

    `customers`: every buyer (`segments.buyers_before`). `products`: every product sold, and the first week of it.
    `pairs`: those bought, of the customers that are asked for.
    """

    customers: pl.DataFrame
    products: pl.DataFrame
    pairs: pl.DataFrame


def in_cases(
    pairs: pl.DataFrame, past: PastOfCases, segments: pl.DataFrame, *, week: Week, holiday: bool
) -> pl.DataFrame:
    """One row per pair, one column per case, whether the pair belongs to it, from what was known before the week.

    `segments` holds one row per (customer, segment).
    """
    lapsed = past.customers.filter(pl.col(LAST) < week.index - _RECENT)
    old = past.products.filter(pl.col(FIRST) < week.index - _RECENT)
    customer, product = pl.col(s.CUSTOMER_ID), pl.col(s.PRODUCT_ID)
    known = past.pairs.with_columns(pl.lit(value=True).alias("known"))
    explore = pairs.join(known, on=s.PAIR, how="left", maintain_order="left")["known"].is_null()
    flags: dict[str, Any] = {
        ALL: pl.lit(value=True),
        EXPLORE: explore,
        HOLIDAYS: pl.lit(holiday),
        LAPSED: _one_of(customer, lapsed[s.CUSTOMER_ID]),
        NEW_PRODUCTS: ~_one_of(product, old[s.PRODUCT_ID]),
    }
    for (name,), customers in segments.group_by(SEGMENT, maintain_order=True):
        flags[str(name)] = _one_of(customer, customers[s.CUSTOMER_ID])
    return pairs.select(**flags)


def _one_of(column: pl.Expr, ids: pl.Series) -> pl.Expr:
    return column.is_in(ids.unique().to_list())


@dataclass(frozen=True)
class GoldenWeek:
    """What a golden week is judged by: its example rows (with features), and which cases its rows and purchases are in.

    `flags` has a column per case and a row per example row; `bought` has the same columns and a row per pair that was
    bought, inside the candidates or not.
    """

    week: Week
    rows: pl.DataFrame
    flags: pl.DataFrame
    bought: pl.DataFrame

    def merged(self, small: Sequence[str]) -> GoldenWeek:
        """The same week with the cases `small` as one: a pair of any of them is one of it."""
        return replace(self, flags=_merged(self.flags, small), bought=_merged(self.bought, small))


@dataclass
class _Sums:
    """What adds up over the weeks of one case."""

    probability: list[Any]
    bought: list[Any]
    recommended: int = 0
    hits: int = 0
    purchases: int = 0


def case_figures(lists: Iterable[tuple[GoldenWeek, pl.DataFrame]]) -> dict[str, dict[str, float]]:
    """By case, over all weeks together: f1, average_precision, pairs, recommended and purchases.

    Each week comes with the list that a model would have published for its rows (`race.list_of_week`).
    """
    found: dict[str, _Sums] = {}
    for golden, listed in lists:
        probability, recommended, bought = (
            listed[name].to_numpy() for name in (s.PROBABILITY, s.RECOMMENDED, s.BOUGHT)
        )
        for name in golden.flags.columns:
            of_case = golden.flags[name].to_numpy()
            sums = found.setdefault(name, _Sums([], []))
            sums.probability.append(probability[of_case])
            sums.bought.append(bought[of_case])
            sums.recommended += int(recommended[of_case].sum())
            sums.hits += int((recommended & bought)[of_case].sum())
            sums.purchases += int(golden.bought[name].sum())
    return {name: _figures(sums) for name, sums in found.items()}


def _figures(sums: _Sums) -> dict[str, float]:
    chance, bought = np.concatenate(sums.probability), np.concatenate(sums.bought)
    size = sums.recommended + sums.purchases
    precision = average_precision(chance, bought, purchases=sums.purchases)
    return {
        F1: 2 * sums.hits / size if size else 0.0,
        AVERAGE_PRECISION: 0.0 if np.isnan(precision) else precision,
        "pairs": float(len(chance)),
        "recommended": float(sums.recommended),
        "purchases": float(sums.purchases),
    }


def small_cases(pairs: Mapping[str, float], *, least: int) -> tuple[str, ...]:
    """The cases with fewer than `least` pairs, to be merged into one."""
    return tuple(sorted(name for name, number in pairs.items() if number < least))


def merged_name(small: Sequence[str]) -> str:
    """What the small cases are called together."""
    return f"small cases ({', '.join(small)})"


def tolerances(figures: Sequence[Mapping[str, Mapping[str, float]]], params: GoldenParams) -> dict[str, dict[str, Any]]:
    """By case: the metric it is judged by, the spread between these models, and the tolerance that follows from it.

    The models differ in their seed and in the rows they drew, so that two as good as each other differ by a standard
    deviation of sqrt(2) times theirs; the tolerance is `tolerance_sds` of it, `least_tolerance` at the least. A handful
    of models tells a case's spread badly, so it is not taken below what all cases together say of one with as many
    purchases (the spread falls with their square root). docs/decisions/0008-golden-tolerance.md.
    """
    cases: dict[str, dict[str, Any]] = {}
    for name in figures[0]:
        listed = float(np.median([model[name]["recommended"] for model in figures]))
        metric = F1 if listed >= _LISTED else AVERAGE_PRECISION
        values = [model[name][metric] for model in figures]
        cases[name] = {
            "metric": metric,
            "pairs": int(figures[0][name]["pairs"]),
            "purchases": int(figures[0][name]["purchases"]),
            "spread": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
        }
    of_one = np.sqrt(np.mean([case["spread"] ** 2 * max(1, case["purchases"]) for case in cases.values()]))
    for case in cases.values():
        spread = max(case["spread"], float(of_one / np.sqrt(max(1, case["purchases"]))))
        case["tolerance"] = max(params.least_tolerance, params.tolerance_sds * float(np.sqrt(2)) * spread)
    return cases


def _merged(flags: pl.DataFrame, small: Sequence[str]) -> pl.DataFrame:
    if not small:
        return flags
    there = [case for case in small if case in flags.columns]
    together = pl.any_horizontal(there) if there else pl.lit(value=False)
    return flags.select(pl.exclude(there), together.alias(merged_name(small)))
