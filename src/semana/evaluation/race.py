"""The race: every model learns from the same weeks and is judged on the same later ones, by the real decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.decision import decide_list
from semana.evaluation.metrics import week_metrics
from semana.models import MODELS
from semana.models.base import Rows, rows_from
from semana.models.calibration import fit_calibration
from semana.models.level import forecast_level
from semana.models.scorer import Recipe, Scorer, contract_of
from semana.params import CutParams, Params


@dataclass(frozen=True)
class Cuts:
    """Disjoint label weeks, in this order: what models learn from, what turns scores into chances, what judges."""

    fit: tuple[Week, ...]
    calibrate: tuple[Week, ...]
    gate: tuple[Week, ...]


@dataclass(frozen=True)
class Examples:
    """One label week: its example rows, all its purchases, and the totals known before it."""

    frame: pl.DataFrame
    truth: pl.DataFrame
    totals: Mapping[Week, int]

    def rows(self, names: tuple[str, ...]) -> Rows:
        """The example rows as numbers."""
        return rows_from(self.frame, names)


@dataclass(frozen=True)
class Race:
    """Figures by model and gate week; the challenger is the best by mean F1 (the first in `race` order on a tie)."""

    best: str
    challenger: Scorer
    figures: dict[str, dict[str, dict[str, float]]]
    champion: dict[str, dict[str, float]]

    def f1_by_model(self) -> dict[str, float]:
        """Mean F1 over the gate weeks of each model; empty where the history is too short to judge."""
        return {name: mean_f1(weeks) for name, weeks in self.figures.items() if weeks}


def mean_f1(weeks: Mapping[str, Mapping[str, float]]) -> float:
    """Mean F1 over weeks."""
    return float(np.mean([figures["f1"] for figures in weeks.values()]))


def week_cuts(complete: Sequence[Week], params: CutParams) -> Cuts:
    """The latest complete weeks as fit | calibrate | gate.

    A short history gives calibration one week first, then the gate, then the rest; raises ContractError where there is
    not one week to learn from with another one before it.
    """
    usable = list(complete[1:])  # the first week has no history before it
    if not usable:
        raise ContractError("two complete weeks are needed to train: one to learn from, one before it. Ingest more history.")
    gate = min(params.gate_weeks, max(len(usable) - params.calibrate_weeks, 0))
    calibrate = min(params.calibrate_weeks, len(usable) - gate)
    rest, judged = usable[: len(usable) - gate], usable[len(usable) - gate :]
    fit = rest[: len(rest) - calibrate][-params.fit_weeks :]
    return Cuts(tuple(fit), tuple(rest[len(rest) - calibrate :]), tuple(judged))


def run_race(examples: Mapping[Week, Examples], cuts: Cuts, params: Params, *, names: tuple[str, ...], champion: Scorer | None = None) -> Race:
    """Every model of `params.models.race`, reading the features `names`, calibrated and judged on the cuts' weeks.

    The champion is judged only on gate weeks after its own last label.
    """
    scorers = {
        name: fit_scorer(name, {week: examples[week] for week in cuts.calibrate}, params, names=names)
        for name in params.models.race
    }
    figures = {
        name: {str(week): judge_week(scorer, examples[week], week, params) for week in cuts.gate}
        for name, scorer in scorers.items()
    }
    best = max(scorers, key=lambda name: mean_f1(figures[name]) if cuts.gate else 0.0)
    unseen = [week for week in cuts.gate if champion and week > champion.recipe.last_label_week]
    judged = {str(week): judge_week(champion, examples[week], week, params) for week in unseen if champion}
    return Race(best, scorers[best], figures, judged)


def fit_scorer(name: str, examples: Mapping[Week, Examples], params: Params, *, names: tuple[str, ...]) -> Scorer:
    """The model `name` fitted and calibrated on the label weeks of `examples`."""
    if name not in MODELS:
        raise ContractError(f"model {name!r} is unknown; there are: {', '.join(MODELS)}. Fix models: race in params.yaml.")
    weeks = sorted(examples)
    frame = pl.concat([examples[week].frame for week in weeks])
    rows = rows_from(frame, names)
    model = MODELS[name]().fit(rows)
    purchases = sum(examples[week].truth.height for week in weeks)
    constants = {"decay": params.models.decay}
    recipe = Recipe(name, names, constants, contract_of(names), params.models.seed, tuple(str(week) for week in weeks))
    return Scorer(recipe, model, fit_calibration(model.predict(rows), rows, purchases=purchases))


def judge_week(scorer: Scorer, examples: Examples, week: Week, params: Params) -> dict[str, float]:
    """The figures of a list that the scorer would have published for the week, and its forecast level."""
    level = forecast_level(examples.totals, target=week, params=params.level)
    rows = examples.rows(scorer.recipe.features)
    chance = scorer.scaled(scorer.probabilities(rows), total=level.total)
    frame = examples.frame
    decision = decide_list(
        frame[s.CUSTOMER_ID].to_numpy(),
        chance,
        frame[s.REPEAT].to_numpy(),
        expected_amounts(frame, chance),
        total=level.total,
        params=params.decision,
        allowed=np.ones(frame.height, dtype=bool),
    )
    scored = frame.select(s.PAIR).with_columns(
        pl.Series(s.PROBABILITY, chance), pl.Series(s.RECOMMENDED, decision.recommended)
    )
    figures = week_metrics(scored, examples.truth)
    spread = {"level": level.total, "lowest": float(chance.min()), "highest": float(chance.max())}
    return {**figures, **spread}


def expected_amounts(frame: pl.DataFrame, chance: Any) -> Any:
    """Chance times the usual amount of each pair; None where the source has no amounts."""
    if frame[s.USUAL_AMOUNT].is_null().all():
        return None
    return chance * frame[s.USUAL_AMOUNT].fill_null(0).to_numpy()
