"""Predict: the chance of a purchase in the target week for every candidate pair, by the champion and its shadow."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.evaluation.decision import decide_list
from semana.evaluation.race import expected_amounts
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.models.base import rows_from
from semana.models.level import forecast_level
from semana.models.scorer import Scorer
from semana.params import DecisionParams
from semana.pipeline.labels import totals
from semana.stores import Stores
from semana.stores.runs import Run

FACTS = [*s.PAIR, s.REPEAT, s.LAST_BOUGHT, s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.USUAL_AMOUNT]


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes the scores of champion and shadow, and records the forecast level of the week."""
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    customers = stores.lake.scan(catalog.CUSTOMERS, run.week)
    pairs = candidate_pairs(purchases, customers, before=run.week, params=stores.params.candidates)
    built = build_features(pairs, purchases, before=run.week, params=stores.params)
    rows = built.collect("polars").to_native().sort(s.PAIR)
    level = forecast_level(totals(run, stores), target=run.week, params=stores.params.level)
    champion = stores.bundles.load(run.recall("serving")["bundle"])
    chance = _scored(champion, rows, level.total)
    scored = stores.lake.write(catalog.SCORES, rows.select(FACTS).with_columns(chance, _reasons(champion, rows)), run.week)
    shadow = stores.ledger.shadow(run.week)
    if shadow:
        other = _scored(stores.bundles.load(shadow["to"]), rows, level.total)
        listed = _listed(rows, other, level.total, stores.params.decision)
        stores.lake.write(catalog.SHADOW, rows.select(s.PAIR).with_columns(other, listed), run.week)
    facts = {"total": level.total, "low": level.low, "high": level.high}
    run.record("level", {**facts, "shadow": shadow["version"] if shadow else None})
    repeat = int(scored[s.REPEAT].sum())
    return {"step": "predict", "pairs": scored.height, "repeat": repeat, "explore": scored.height - repeat, "level": facts}


def _scored(scorer: Scorer, rows: pl.DataFrame, total: float) -> pl.Series:
    seen = rows_from(rows, scorer.recipe.features)
    return pl.Series(s.PROBABILITY, scorer.scaled(scorer.probabilities(seen), total=total))


def _reasons(scorer: Scorer, rows: pl.DataFrame) -> pl.Expr:
    """The features that the model reads, as a list of (code, value, contribution)."""
    codes, values, parts = scorer.reasons(rows_from(rows, scorer.recipe.features))
    reasons = [
        pl.struct(
            pl.lit(code).alias("code"),
            pl.Series(values[:, place]).alias("value"),
            pl.Series(parts[:, place]).alias("contribution"),
        )
        for place, code in enumerate(codes)
    ]
    return pl.concat_list(reasons).alias(s.REASONS)


def _listed(rows: pl.DataFrame, chance: pl.Series, total: float, params: DecisionParams) -> pl.Series:
    """What the shadow's list would have held, exclusions aside."""
    decision = decide_list(
        rows[s.CUSTOMER_ID].to_numpy(), chance.to_numpy(), rows[s.REPEAT].to_numpy(),
        expected_amounts(rows, chance.to_numpy()), total=total, params=params,
        allowed=np.ones(rows.height, dtype=bool),
    )
    return pl.Series(s.RECOMMENDED, decision.recommended)
