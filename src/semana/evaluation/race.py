"""The race: every model through the same weeks and the same decision; the best one is the challenger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.cuts import Cuts
from semana.evaluation.decision import listed
from semana.evaluation.metrics import list_metrics
from semana.features.build import FEATURES
from semana.models import BASELINES
from semana.models.base import Rows, rows_from, stacked
from semana.models.calibration import as_they_are, covered_share, fit_calibration
from semana.models.level import Totals, forecast_level
from semana.models.scorer import Recipe, Scorer, model_class
from semana.params import Params

_TOO_SHORT = (
    "the history is too short to learn from: at least 4 complete weeks are needed. "
    "Ingest more history, or let a baseline race (`race` in params.yaml)."
)


class Examples(Protocol):
    """Gives the collected example rows of a complete week (`features.examples`)."""

    def __call__(self, week: Week, *, share: float = 1.0) -> pl.DataFrame:
        """All of them, or with a `share` below 1 those bought and about that share of the others."""
        ...


@dataclass(frozen=True)
class Evidence:
    """How one model did in each gate week, by metric."""

    name: str
    weeks: Mapping[Week, Mapping[str, float]]

    def mean(self, metric: str) -> float:
        """The mean over its gate weeks; NaN where there is none."""
        values = [metrics[metric] for metrics in self.weeks.values()]
        return float(np.mean(values)) if values else float("nan")

    def lead(self, metric: str, other: Evidence) -> float:
        """The mean difference from the other in the weeks of both; NaN where there is none."""
        both = [week for week in self.weeks if week in other.weeks]
        values = [self.weeks[week][metric] - other.weeks[week][metric] for week in both]
        return float(np.mean(values)) if values else float("nan")

    @property
    def means(self) -> dict[str, float]:
        """The mean of every metric."""
        return {name: self.mean(name) for name in next(iter(self.weeks.values()), {})}


@dataclass(frozen=True)
class RaceResult:
    """Each model's evidence and judged scorer by name, and the name of the best with the reason it is.

    `share` is that of the pairs not bought that they learned from.
    """

    evidence: Mapping[str, Evidence]
    scorers: Mapping[str, Scorer]
    best: str
    says: str
    share: float


def run_race(
    examples: Examples, totals: Totals, cuts: Cuts, params: Params, *, contracts: Mapping[str, str] | None = None
) -> RaceResult:
    """Fits and calibrates each model of `params.models.race`, and judges it on the gate weeks by the real decision.

    Best is the highest mean F1; with no gate week, or equals, the earlier in the race's order. `totals` counts the
    purchases of each complete week; a week's level is forecast from the weeks before it. Baselines that do not race are
    judged all the same: the gate asks whether the best one beats them.
    """
    share = sample_share(examples, cuts, params)
    everyone = dict.fromkeys([*params.models.race, *BASELINES])
    scorers = fit_scorers(everyone, examples, totals, cuts, params, share=share, contracts=contracts or {})
    names = tuple(scorers)
    racing = [name for name in names if name in params.models.race]
    if not racing:
        raise ContractError(_TOO_SHORT)
    found: dict[str, dict[Week, dict[str, float]]] = {name: {} for name in names}
    for week in cuts.gate:
        frame = examples(week)
        for name in names:
            found[name][week] = judge_week(scorers[name], frame, totals, week=week, params=params)
    evidence = {name: Evidence(name, found[name]) for name in names}
    if not cuts.gate:
        says = f"{racing[0]}: first in order, as no week was left to judge by"
        return RaceResult(evidence, scorers, racing[0], says, share)
    best = max(racing, key=lambda name: evidence[name].mean("f1"))
    says = ", ".join(f"{name} {evidence[name].mean('f1'):.3f}" for name in names)
    return RaceResult(evidence, scorers, best, f"{best}: best mean F1 of {len(cuts.gate)} weeks ({says})", share)


def sample_share(examples: Examples, cuts: Cuts, params: Params) -> float:
    """The share of the pairs not bought that leaves about `fit_rows` of the label weeks; to one digit, 1 at the most.

    The same for a model and for its refit on all weeks, so that the rows of a week are made once. Pairs are counted in
    the latest week before those that judge; what was bought in it, or later, does not matter.
    """
    pairs = len(examples((cuts.learned or cuts.all)[-1])) * len(cuts.all)
    return min(1.0, float(f"{params.models.fit_rows / max(1, pairs):.0e}"))


def judge_week(scorer: Scorer, frame: pl.DataFrame, totals: Totals, *, week: Week, params: Params) -> dict[str, float]:
    """The metrics of the list that the scorer would have published for a past week, from its collected example rows."""
    rows = list_of_week(scorer, frame, totals, week=week, params=params)
    arrays = (rows[name].to_numpy() for name in (s.PROBABILITY, s.RECOMMENDED, s.BOUGHT))
    return list_metrics(*arrays, purchases=totals[week])


def list_of_week(scorer: Scorer, frame: pl.DataFrame, totals: Totals, *, week: Week, params: Params) -> pl.DataFrame:
    """One row per candidate pair of a past week: probability, recommended, and whether it was bought."""
    rows = rows_from(frame, scorer.recipe.features)
    level = forecast_level(totals, target=week, params=params.level)
    _, probability = scorer.of_week(rows, total=level.total)
    return listed(frame, probability, total=level.total, params=params.decision).with_columns(frame[s.BOUGHT])


def fit_scorers(
    names: Iterable[str],
    examples: Examples,
    totals: Totals,
    cuts: Cuts,
    params: Params,
    *,
    share: float,
    contracts: Mapping[str, str],
) -> dict[str, Scorer]:
    """Each named model: rules calibrated on the calibrate weeks, the others fitted on these and the fit weeks.

    `share` is that of the pairs not bought that they learn from. Models that learn stay out where there is no fit week;
    raises ContractError where no other is named.
    """
    classes = {name: model_class(name) for name in names}
    classes = {name: made for name, made in classes.items() if cuts.fit or not made.learns}
    if not classes:
        raise ContractError(_TOO_SHORT)
    calibrate = _rows(examples, cuts.calibrate, share=share)
    learn = any(made.learns for made in classes.values())
    known = learning_rows(examples, cuts, share=share) if learn else calibrate
    covered = covered_share(calibrate.labels, purchases=sum(totals[week] for week in cuts.calibrate))
    scorers = {}
    for name, made in classes.items():
        if made.learns:
            constants: dict[str, float] = params.models.boosting.model_dump()
            model = made(constants, seed=params.models.seed).fit(known)
            calibration = as_they_are(covered=covered)
        else:
            constants = {"decay": params.models.decay}
            model = made(constants, seed=params.models.seed)
            calibration = fit_calibration(model.predict(calibrate), calibrate, covered=covered)
        recipe = Recipe(
            family=name,
            features=FEATURES,
            constants=constants,
            fit_weeks=tuple(str(week) for week in cuts.learned) if made.learns else (),
            calibrate_weeks=tuple(str(week) for week in cuts.calibrate),
            seed=params.models.seed,
            contracts=contracts,
        )
        scorers[name] = Scorer(recipe, model, calibration, {})
    return scorers


def learning_rows(examples: Examples, cuts: Cuts, *, share: float) -> Rows:
    """What models learn from, with that share of the pairs not bought."""
    return _rows(examples, cuts.learned, share=share)


def refit(result: RaceResult, examples: Examples, totals: Totals, cuts: Cuts, params: Params) -> Scorer:
    """The best recipe on as many of the latest label weeks; its card tells how the judged one did."""
    name = result.best
    weeks = cuts.all[-len(cuts.learned) :]
    latest = min(params.cuts.calibrate_weeks, len(weeks))
    again = Cuts(weeks[:-latest], weeks[-latest:], ())
    contracts = result.scorers[name].recipe.contracts
    scorer = fit_scorers([name], examples, totals, again, params, share=result.share, contracts=contracts)[name]
    return Scorer(scorer.recipe, scorer.model, scorer.calibration, result.evidence[name].means)


def _rows(examples: Examples, weeks: Sequence[Week], *, share: float = 1.0) -> Rows:
    return stacked([rows_from(examples(week, share=share), FEATURES) for week in weeks])
