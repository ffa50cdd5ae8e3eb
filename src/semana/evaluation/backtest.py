"""The backtest: past weeks one after the other, every model side by side, each having seen only the weeks before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.curves import Curves, Pool
from semana.evaluation.cuts import Cuts, week_cuts
from semana.evaluation.intervals import Interval, paired_difference
from semana.evaluation.metrics import week_metrics
from semana.evaluation.race import Examples, fit_scorers, lists_of_week, sample_share
from semana.evaluation.segments import SEGMENT
from semana.models import BASELINES
from semana.models.base import rows_from
from semana.models.level import Level, Totals, forecast_level
from semana.models.scorer import Scorer
from semana.params import CutParams, Params

# Weeks before the first test week: one to know, one to learn from, one to calibrate on.
LEAST_BEFORE = 3
USUAL_WEEKS = 8
# Rows that tell what a model looks at: exact contributions take a while, and their means settle long before.
_TELLING_ROWS = 5_000
COMPARED = ("f1", "average_precision", "recall_at_10", "ndcg_at_10", "map")
REPEAT, EXPLORE = "repeat", "explore"


@dataclass(frozen=True)
class Past:
    """What tells how the lists of a week did.

    `truth`: the pairs bought in it. `known`: the pairs bought before it. `segments`: one row per (customer, segment).
    """

    truth: pl.DataFrame
    known: pl.DataFrame
    segments: pl.DataFrame


@dataclass(frozen=True)
class Outcome:
    """How one model did: the metrics of each week (`metrics.week_metrics`), of all pairs, by kind and by segment.

    `importance` is how much each feature moves the scores of a model that learns, None for a rule.
    """

    weeks: Mapping[Week, Mapping[str, float]]
    kinds: Mapping[str, Mapping[Week, Mapping[str, float]]]
    segments: Mapping[str, Mapping[Week, Mapping[str, float]]]
    curves: Curves
    importance: Mapping[str, float] | None

    def weekly(self, metric: str) -> dict[Week, float]:
        """One metric, week by week."""
        return {week: metrics[metric] for week, metrics in self.weeks.items()}


@dataclass(frozen=True)
class Backtest:
    """The outcome of every model by name, and the forecast level of every week with the purchases that came."""

    weeks: tuple[Week, ...]
    outcomes: Mapping[str, Outcome]
    levels: Mapping[Week, tuple[Level, int]]

    @property
    def best_baseline(self) -> str | None:
        """The baseline with the highest mean F1; None where none ran."""
        ran = [name for name in BASELINES if name in self.outcomes]
        return max(ran, key=lambda name: _mean(self.outcomes[name].weekly("f1")), default=None)

    def difference(self, model: str, baseline: str, metric: str) -> Interval:
        """By how much the model exceeds the baseline in a metric, paired week by week."""
        return paired_difference(self.outcomes[model].weekly(metric), self.outcomes[baseline].weekly(metric))

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is no number is null."""
        ran = [name for name in BASELINES if name in self.outcomes]
        pairs = [(model, baseline) for model in self.outcomes for baseline in ran if model != baseline]
        return {
            "weeks": [str(week) for week in self.weeks],
            "models": {name: _outcome(outcome) for name, outcome in self.outcomes.items()},
            "best_baseline": self.best_baseline,
            "differences": [
                {"model": model, "baseline": baseline, "metric": metric}
                | _plain(vars(self.difference(model, baseline, metric)))
                for model, baseline in pairs
                for metric in COMPARED
            ],
            "level": {str(week): _level(*both) for week, both in self.levels.items()},
        }


def weeks_to_test(complete: Sequence[Week], number: int | None) -> tuple[Week, ...]:
    """The latest `number` weeks that can be tested; by default 8, or as many as there are.

    Raises ContractError saying how many there are.
    """
    there = sorted(complete)[LEAST_BEFORE:]
    asked = min(USUAL_WEEKS, max(1, len(there))) if number is None else number
    if asked > len(there):
        remedy = f"Ask for fewer (--weeks {len(there)}), or ingest" if there else "Ingest"
        raise ContractError(
            f"{asked} test weeks were asked for, {len(there)} can be had: {len(complete)} complete weeks have landed, "
            f"and {LEAST_BEFORE} must lie before the first test week. {remedy} more history."
        )
    return tuple(there[-asked:])


def cuts_before(week: Week, complete: Sequence[Week], params: CutParams) -> Cuts:
    """The cuts of training as they stood when `week` began: fit | calibrate, then the week that judges."""
    known = [each for each in complete if each < week]
    return week_cuts([*known, week], params.model_copy(update={"gate_weeks": 1}))


def run_backtest(
    names: Sequence[str],
    weeks: Sequence[Week],
    *,
    examples: Examples,
    past: Callable[[Week], Past],
    totals: Totals,
    params: Params,
    refit: int = 1,
    progress: Callable[[Week], None] = lambda _: None,
) -> Backtest:
    """How every named model would have done in `weeks`; each is fitted and calibrated anew every `refit` weeks.

    `examples` gives the example rows of a complete week, `past` what tells how its lists did, `totals` the purchases of
    every complete week. One week's lists are held at a time.
    """
    found: dict[str, dict[Week, dict[str, dict[str, float]]]] = {name: {} for name in names}
    pools = {name: Pool() for name in names}
    levels = {}
    fitted: Mapping[str, Scorer] = {}
    begun = _told(weeks, progress)
    for week, scorers, lists in lists_by_week(
        names, begun, examples=examples, totals=totals, params=params, refit=refit
    ):
        known = past(week)
        levels[week] = forecast_level(totals, target=week, params=params.level), known.truth.height
        for name, listed in lists.items():
            found[name][week] = judge_list(listed, known)
            pools[name].add(listed, purchases=known.truth.height)
        fitted = scorers
    importance = {name: importance_of(scorer, examples, weeks[-1]) for name, scorer in fitted.items()}
    outcomes = {name: _gathered(found[name], pools[name].curves(), importance[name]) for name in names}
    return Backtest(tuple(weeks), outcomes, levels)


def _told(weeks: Sequence[Week], progress: Callable[[Week], None]) -> Iterator[Week]:
    for week in weeks:
        progress(week)
        yield week


def lists_by_week(
    names: Sequence[str], weeks: Iterable[Week], *, examples: Examples, totals: Totals, params: Params, refit: int = 1
) -> Iterator[tuple[Week, dict[str, Scorer], dict[str, pl.DataFrame]]]:
    """Each week with the scorers that saw only weeks before it, and the list that each would have published."""
    scorers: dict[str, Scorer] = {}
    for n, week in enumerate(weeks):
        if n % refit == 0:
            cuts = cuts_before(week, totals.weeks, params.cuts)
            share = sample_share(examples, totals, cuts, params)
            scorers = fit_scorers(names, examples, totals, cuts, params, share=share, contracts={})
        yield week, scorers, dict(lists_of_week(scorers, examples, totals, week=week, params=params))


_ALL, _KIND, _SEGMENT = "all", "kind ", "segment "


def judge_list(listed: pl.DataFrame, past: Past) -> dict[str, dict[str, float]]:
    """The metrics of a list: of all its pairs, of repeat and explore pairs apart, and of each segment's customers.

    A part's recall, NDCG and MAP rank its own pairs alone.
    """
    both = listed, past.truth
    found = {_ALL: week_metrics(*both)}
    kinds: dict[str, Literal["semi", "anti"]] = {REPEAT: "semi", EXPLORE: "anti"}
    for kind, how in kinds.items():
        of_kind = (frame.join(past.known, on=s.PAIR, how=how, maintain_order="left") for frame in both)
        found[_KIND + kind] = week_metrics(*of_kind)
    for (name,), customers in past.segments.group_by(SEGMENT, maintain_order=True):
        of_segment = (frame.join(customers, on=s.CUSTOMER_ID, how="semi", maintain_order="left") for frame in both)
        found[f"{_SEGMENT}{name}"] = week_metrics(*of_segment)
    return found


def importance_of(scorer: Scorer, examples: Examples, week: Week) -> dict[str, float] | None:
    """By how much each feature moves a score on average, up or down, the largest first; None for a rule.

    The mean absolute contribution over rows of the week; of exact TreeSHAP values this is the global importance of
    Lundberg et al., "From local explanations to global understanding with explainable AI for trees" (2020).
    """
    if not scorer.model.learns:
        return None
    rows = rows_from(examples.some(week, _TELLING_ROWS), scorer.recipe.features)
    moved = np.abs(scorer.model.explain(rows)).mean(axis=0)
    return {rows.names[n]: float(moved[n]) for n in np.argsort(-moved, kind="stable")}


def _gathered(
    found: Mapping[Week, Mapping[str, Mapping[str, float]]], curves: Curves, importance: Mapping[str, float] | None
) -> Outcome:
    parts: dict[str, dict[Week, Mapping[str, float]]] = {}
    for week, by_part in found.items():
        for part, metrics in by_part.items():
            parts.setdefault(part, {})[week] = metrics
    return Outcome(
        parts[_ALL],
        {part.removeprefix(_KIND): weeks for part, weeks in parts.items() if part.startswith(_KIND)},
        {part.removeprefix(_SEGMENT): weeks for part, weeks in sorted(parts.items()) if part.startswith(_SEGMENT)},
        curves,
        importance,
    )


def _outcome(outcome: Outcome) -> dict[str, Any]:
    curves = outcome.curves
    return {
        "mean": _means(outcome.weeks),
        "pooled": _plain({"calibration": curves.calibration, "ece": curves.ece, "covered": curves.covered}),
        "weeks": {str(week): _plain(metrics) for week, metrics in outcome.weeks.items()},
        "kinds": {name: _means(weeks) for name, weeks in outcome.kinds.items()},
        "segments": {name: _means(weeks) for name, weeks in outcome.segments.items()},
        "reliability": [{"predicted": p, "bought": share, "pairs": pairs} for p, share, pairs in curves.reliability],
        "gains": [{"pairs": pairs, "found": share} for pairs, share in curves.gains],
        "lift": [{"share": taken, "times": times} for taken, times in curves.lift],
        "importance": outcome.importance,
    }


def _means(weeks: Mapping[Week, Mapping[str, float]]) -> dict[str, Any]:
    names = next(iter(weeks.values()))
    return _plain({name: _mean({week: metrics[name] for week, metrics in weeks.items()}) for name in names})


def _mean(weekly: Mapping[Week, float]) -> float:
    """The mean over the weeks that have a value: a segment without buyers in a week has no recall there."""
    values = np.array(list(weekly.values()))
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _level(level: Level, bought: int) -> dict[str, Any]:
    inside = level.low <= bought <= level.high
    return {"forecast": level.total, "low": level.low, "high": level.high, "bought": bought, "inside": inside}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in values.items()}
