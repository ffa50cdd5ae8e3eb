"""Predict: the chance of a purchase in the target week for every candidate pair, by the champion and its shadow."""

from __future__ import annotations

from typing import Any

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.models.base import rows_from
from semana.models.level import forecast_level
from semana.models.scorer import Scorer
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
    level = forecast_level(_totals(run, stores), target=run.week, params=stores.params.level)
    champion = stores.bundles.load(run.recall("serving")["bundle"])
    scored = rows.select(FACTS).with_columns(_probabilities(champion, rows, level.total), _reasons(champion, rows))
    stores.lake.write(catalog.SCORES, scored, run.week)
    shadow = stores.ledger.shadow(run.week)
    if shadow:
        other = _probabilities(stores.bundles.load(shadow["to"]), rows, level.total)
        stores.lake.write(catalog.SHADOW, rows.select(*s.PAIR, s.REPEAT, s.USUAL_AMOUNT).with_columns(other), run.week)
    facts = {"total": level.total, "low": level.low, "high": level.high}
    run.record("level", {**facts, "shadow": shadow["version"] if shadow else None})
    repeat = int(scored[s.REPEAT].sum())
    return {"step": "predict", "pairs": scored.height, "repeat": repeat, "explore": scored.height - repeat, "level": facts}


def _totals(run: Run, stores: Stores) -> dict[Week, int]:
    weeks = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("complete") & (pl.col(s.WEEK) < run.week.index))
    return {Week(index): total for index, total in weeks.select(s.WEEK, "purchases").rows()}


def _probabilities(scorer: Scorer, rows: pl.DataFrame, total: float) -> pl.Series:
    return pl.Series(s.PROBABILITY, scorer.scaled(scorer.probabilities(rows_from(rows)), total=total))


def _reasons(scorer: Scorer, rows: pl.DataFrame) -> pl.Series:
    return scorer.reasons(rows_from(rows)).alias(s.REASONS)
