"""The race: every model through the same weeks and the same decision; the best one is the challenger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.cuts import Cuts
from semana.evaluation.decision import decide_list
from semana.evaluation.metrics import list_metrics
from semana.features.build import FEATURES
from semana.models.base import Rows, rows_from, stacked
from semana.models.calibration import fit_calibration
from semana.models.level import forecast_level
from semana.models.scorer import Recipe, Scorer, model_class
from semana.params import Params

# The collected example rows of one complete week (`features.examples`).
Examples = Callable[[Week], pl.DataFrame]
Totals = Mapping[Week, int]


@dataclass(frozen=True)
class Evidence:
    """How one model did in each gate week, by metric."""

    name: str
    weeks: Mapping[Week, Mapping[str, float]]

    def mean(self, metric: str, *, after: Week | None = None) -> float:
        """The mean over its gate weeks (those later than `after`); NaN where there is none."""
        values = [metrics[metric] for week, metrics in self.weeks.items() if after is None or week > after]
        return float(np.mean(values)) if values else float("nan")

    @property
    def means(self) -> dict[str, float]:
        """The mean of every metric."""
        return {name: self.mean(name) for name in next(iter(self.weeks.values()), {})}


@dataclass(frozen=True)
class RaceResult:
    """Each model's evidence and judged scorer by name, and the name of the best with the reason it is."""

    evidence: Mapping[str, Evidence]
    scorers: Mapping[str, Scorer]
    best: str
    says: str


def run_race(
    examples: Examples, totals: Totals, cuts: Cuts, params: Params, *, contracts: Mapping[str, str] | None = None
) -> RaceResult:
    """Fits and calibrates each model of `params.models.race`, and judges it on the gate weeks by the real decision.

    Best is the highest mean F1; with no gate week, or equals, the earlier in the race's order. `totals` counts the
    purchases of each complete week; a week's level is forecast from the weeks before it.
    """
    names = params.models.race
    scorers = fit_scorers(names, examples, totals, cuts, params, contracts=contracts or {})
    found: dict[str, dict[Week, dict[str, float]]] = {name: {} for name in names}
    for week in cuts.gate:
        frame = examples(week)
        for name in names:
            found[name][week] = judge_week(scorers[name], frame, totals, week=week, params=params)
    evidence = {name: Evidence(name, found[name]) for name in names}
    if not cuts.gate:
        return RaceResult(evidence, scorers, names[0], f"{names[0]}: first in order, as no week was left to judge by")
    best = max(names, key=lambda name: evidence[name].mean("f1"))
    says = ", ".join(f"{name} {evidence[name].mean('f1'):.3f}" for name in names)
    return RaceResult(evidence, scorers, best, f"{best}: best mean F1 of {len(cuts.gate)} weeks ({says})")


def judge_week(scorer: Scorer, frame: pl.DataFrame, totals: Totals, *, week: Week, params: Params) -> dict[str, float]:
    """The metrics of the list that the scorer would have published for a past week, from its collected example rows."""
    listed = list_of_week(scorer, frame, totals, week=week, params=params)
    arrays = (listed[name].to_numpy() for name in (s.PROBABILITY, s.RECOMMENDED, s.BOUGHT))
    return list_metrics(*arrays, purchases=totals[week])


def list_of_week(scorer: Scorer, frame: pl.DataFrame, totals: Totals, *, week: Week, params: Params) -> pl.DataFrame:
    """One row per candidate pair of a past week: probability, recommended, and whether it was bought."""
    rows = rows_from(frame, scorer.recipe.features)
    level = forecast_level(totals, target=week, params=params.level)
    probability = scorer.at_level(rows, total=level.total).probabilities(rows)
    customer, amount = frame[s.CUSTOMER_ID].to_numpy(), frame[s.USUAL_AMOUNT].to_numpy().astype(np.float64)
    decision = decide_list(
        customer, probability, rows.repeat, probability * amount, total=level.total, params=params.decision
    )
    return frame.select(*s.PAIR, s.BOUGHT).with_columns(
        pl.Series(s.PROBABILITY, probability), pl.Series(s.RECOMMENDED, decision.recommended)
    )


def fit_scorers(
    names: Iterable[str],
    examples: Examples,
    totals: Totals,
    cuts: Cuts,
    params: Params,
    *,
    contracts: Mapping[str, str],
) -> dict[str, Scorer]:
    """Each named model fitted on the fit weeks and calibrated on the calibrate weeks; rules need no fit weeks."""
    classes = {name: model_class(name) for name in names}
    learning = any(made.learns for made in classes.values())
    if learning and not cuts.fit:
        raise ContractError("the history is too short to learn from: at least 4 complete weeks. Race baselines alone.")
    calibrate = _rows(examples, cuts.calibrate)
    fit = _rows(examples, cuts.fit) if learning else calibrate
    constants = {"decay": params.models.decay}
    scorers = {}
    for name, made in classes.items():
        model = made(constants, seed=params.models.seed).fit(fit)
        calibration = fit_calibration(
            model.predict(calibrate),
            calibrate.labels,
            calibrate.repeat,
            purchases=sum(totals[week] for week in cuts.calibrate),
        )
        recipe = Recipe(
            family=name,
            features=FEATURES,
            constants=constants,
            fit_weeks=tuple(str(week) for week in cuts.fit) if made.learns else (),
            calibrate_weeks=tuple(str(week) for week in cuts.calibrate),
            seed=params.models.seed,
            contracts=contracts,
        )
        scorers[name] = Scorer(recipe, model, calibration, {})
    return scorers


def refit(result: RaceResult, examples: Examples, totals: Totals, cuts: Cuts, params: Params) -> Scorer:
    """The best one's recipe on all label weeks: calibrated on the latest, its card telling how the judged one did."""
    name = result.best
    weeks = cuts.all
    latest = min(params.cuts.calibrate_weeks, len(weeks))
    again = Cuts(weeks[:-latest], weeks[-latest:], ())
    contracts = result.scorers[name].recipe.contracts
    scorer = fit_scorers([name], examples, totals, again, params, contracts=contracts)[name]
    return Scorer(scorer.recipe, scorer.model, scorer.calibration, result.evidence[name].means)


def _rows(examples: Examples, weeks: Sequence[Week]) -> Rows:
    return stacked([rows_from(examples(week), FEATURES) for week in weeks])
