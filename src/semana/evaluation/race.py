"""The race: every model through the same weeks and the same decision; the best one is the challenger."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.frames import Work
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.cuts import Cuts
from semana.evaluation.decision import listed
from semana.evaluation.metrics import list_metrics
from semana.features.build import FEATURES
from semana.features.examples import ALL, Share
from semana.models import BASELINES
from semana.models.base import Floats, Rows, rows_from
from semana.models.batches import Scoring
from semana.models.calibration import as_they_are, covered_share, fit_calibration
from semana.models.level import Totals, forecast_level
from semana.models.scorer import Recipe, Scorer, model_class
from semana.params import Params

_CHAMPION = "champion"
_log = logging.getLogger(__name__)
_TOO_SHORT = (
    "the history is too short to learn from: at least 4 complete weeks are needed. "
    "Ingest more history, or let a baseline race (`race` in params.yaml)."
)


class Lessons(Protocol):
    """Gives the example rows of a complete week to learn from (`features.examples`)."""

    def __call__(self, week: Week, *, share: Share = ALL) -> pl.DataFrame:
        """All of them, or about that share, those bought in full."""
        ...


class Examples(Lessons, Protocol):
    """Likewise, and tells of whole weeks where their rows are worked out: these may be more than fit into memory."""

    def count(self, week: Week) -> int:
        """How many there are."""
        ...

    def some(self, week: Week, most: int) -> pl.DataFrame:
        """About `most` of them, drawn by chance, the same ones in every run; all where there are no more."""
        ...

    def mapped(self, week: Week, work: Work) -> pl.DataFrame:
        """What `work` makes of all of them, a batch at a time, sorted by pair."""
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

    `share` is that of the pairs that they learned from, `champion` how the one that serves did.
    """

    evidence: Mapping[str, Evidence]
    scorers: Mapping[str, Scorer]
    best: str
    says: str
    share: Share
    champion: Evidence


def run_race(
    examples: Examples,
    totals: Totals,
    cuts: Cuts,
    params: Params,
    *,
    contracts: Mapping[str, str] | None = None,
    champion: Mapping[Week, Scorer] | None = None,
) -> RaceResult:
    """Fits and calibrates each model of `params.models.race`, and judges it on the gate weeks by the real decision.

    Best is the highest mean F1; with no gate week, or equals, the earlier in the race's order. `totals` counts the
    purchases of each complete week; a week's level is forecast from the weeks before it. Baselines that do not race are
    judged all the same: the gate asks whether the best one beats them. So is the `champion`, by its scorer of the week.
    """
    share = sample_share(examples, totals, cuts, params)
    everyone = dict.fromkeys([*params.models.race, *BASELINES])
    scorers = fit_scorers(everyone, examples, totals, cuts, params, share=share, contracts=contracts or {})
    names = tuple(scorers)
    racing = [name for name in names if name in params.models.race]
    if not racing:
        raise ContractError(_TOO_SHORT)
    found: dict[str, dict[Week, dict[str, float]]] = {name: {} for name in (*names, _CHAMPION)}
    serving = champion or {}
    for week in cuts.gate:
        _log.info("the models are judged by %s", week)
        judged = scorers | ({_CHAMPION: serving[week]} if week in serving else {})
        for name, metrics in judge_week(judged, examples, totals, week=week, params=params).items():
            found[name][week] = metrics
    evidence = {name: Evidence(name, weeks) for name, weeks in found.items()}
    theirs = evidence.pop(_CHAMPION)
    if not cuts.gate:
        says = f"{racing[0]}: first in order, as no week was left to judge by"
        return RaceResult(evidence, scorers, racing[0], says, share, theirs)
    best = max(racing, key=lambda name: evidence[name].mean("f1"))
    means = ", ".join(f"{name} {evidence[name].mean('f1'):.3f}" for name in names)
    says = f"{best}: best mean F1 of {len(cuts.gate)} weeks ({means})"
    return RaceResult(evidence, scorers, best, says, share, theirs)


def sample_share(examples: Examples, totals: Totals, cuts: Cuts, params: Params) -> Share:
    """The share of the label weeks that leaves about `fit_rows` pairs that were not bought, and no more that were.

    To one digit, 1 at the most. Where the pairs bought alone are more, customers are drawn. The same for a model and
    for its refit on all weeks, so that the rows of a week are made once; counted are the weeks before those that judge.
    """
    learned = cuts.learned or cuts.all
    bought = sum(totals[week] for week in learned) * len(cuts.all) / len(learned)
    customers = _share(params.models.fit_rows, bought)
    return Share(_share(params.models.fit_rows, examples.count(learned[-1]) * len(cuts.all) * customers), customers)


def _share(most: int, there: float) -> float:
    return min(1.0, float(f"{most / max(1.0, there):.0e}"))


def judge_week(
    scorers: Mapping[str, Scorer], examples: Examples, totals: Totals, *, week: Week, params: Params
) -> dict[str, dict[str, float]]:
    """By name, the metrics of the list that each scorer would have published for a past week."""
    lists = lists_of_week(scorers, examples, totals, week=week, params=params)
    return {
        name: list_metrics(
            *(rows[column].to_numpy() for column in (s.PROBABILITY, s.RECOMMENDED, s.BOUGHT)), purchases=totals[week]
        )
        for name, rows in lists
    }


def lists_of_week(
    scorers: Mapping[str, Scorer], examples: Examples, totals: Totals, *, week: Week, params: Params
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each name with what its scorer would have published for a past week (`list_of_week`), one list at a time."""
    scored = examples.mapped(week, Scoring(scorers))
    for name, scorer in scorers.items():
        yield name, list_of_week(scorer, scored, scored[name].to_numpy(), totals, week=week, params=params)


def list_of_week(
    scorer: Scorer, rows: pl.DataFrame, scores: Floats, totals: Totals, *, week: Week, params: Params
) -> pl.DataFrame:
    """One row per candidate pair of a past week: probability, recommended, and whether it was bought.

    `rows` holds each pair's facts and whether it was bought, `scores` the scorer's own score of each.
    """
    total = forecast_level(totals, target=week, params=params.level).total
    _, probability = scorer.of_scores(scores, rows[s.REPEAT].to_numpy(), total=total)
    return listed(rows, probability, total=total, params=params.decision).with_columns(rows[s.BOUGHT])


def fit_scorers(
    names: Iterable[str],
    examples: Lessons,
    totals: Totals,
    cuts: Cuts,
    params: Params,
    *,
    share: Share,
    contracts: Mapping[str, str],
) -> dict[str, Scorer]:
    """Each named model: rules calibrated on the calibrate weeks, the others fitted on these and the fit weeks.

    `share` is that of the pairs that they learn from. Models that learn stay out where there is no fit week;
    raises ContractError where no other is named.
    """
    classes = {name: model_class(name) for name in names}
    classes = {name: made for name, made in classes.items() if cuts.fit or not made.learns}
    if not classes:
        raise ContractError(_TOO_SHORT)
    calibrate = _rows(examples, cuts.calibrate, share=share)
    learn = any(made.learns for made in classes.values())
    known = learning_rows(examples, cuts, share=share) if learn else calibrate
    purchases = sum(totals[week] for week in cuts.calibrate) * share.customers
    covered = covered_share(calibrate.labels, purchases=purchases)
    scorers = {}
    for name, made in classes.items():
        if made.learns:
            _log.info("%s learns from %s rows of %s weeks", name, f"{len(known):,}", len(cuts.learned))
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


def learning_rows(examples: Lessons, cuts: Cuts, *, share: Share) -> Rows:
    """What models learn from, with that share of the pairs."""
    return _rows(examples, cuts.learned, share=share)


def refit(result: RaceResult, examples: Lessons, totals: Totals, cuts: Cuts, params: Params) -> Scorer:
    """The best recipe on as many of the latest label weeks; its card tells how the judged one did."""
    name = result.best
    weeks = cuts.all[-len(cuts.learned) :]
    latest = min(params.cuts.calibrate_weeks, len(weeks))
    again = Cuts(weeks[:-latest], weeks[-latest:], ())
    contracts = result.scorers[name].recipe.contracts
    scorer = fit_scorers([name], examples, totals, again, params, share=result.share, contracts=contracts)[name]
    return Scorer(scorer.recipe, scorer.model, scorer.calibration, result.evidence[name].means)


def _rows(examples: Lessons, weeks: Sequence[Week], *, share: Share) -> Rows:
    return rows_from(pl.concat([examples(week, share=share) for week in weeks]), FEATURES)
