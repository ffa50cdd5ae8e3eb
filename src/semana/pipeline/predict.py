"""Predict: the chance of a purchase in the target week for every candidate pair, by the champion and its shadow."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import catalog
from semana.data import schemas as s
from semana.evaluation.decision import decide_list
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.models.base import Rows, rows_from
from semana.models.level import forecast_level
from semana.models.scorer import Scorer
from semana.params import Params
from semana.pipeline.labels import tables_of, totals_of
from semana.stores.home import Stores
from semana.stores.runs import Run

FACTS = [*s.PAIR, s.REPEAT, s.LAST_BOUGHT, s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.USUAL_AMOUNT]


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes the scores of champion and shadow, and records the forecast level of the week."""
    tables = tables_of(run, stores, before=run.week)
    pairs = candidate_pairs(tables, before=run.week, params=stores.params.candidates)
    built = build_features(pairs, tables, before=run.week, params=stores.params)
    rows: pl.DataFrame = built.collect("polars").to_native().sort(s.PAIR)
    level = forecast_level(totals_of(run, stores), target=run.week, params=stores.params.level)
    seen, champion = _at_level(stores, run.recall("serving")["bundle"], rows, level.total)
    chance = pl.Series(s.PROBABILITY, champion.probabilities(seen))
    scored = rows.select(FACTS).with_columns(chance, champion.reasons(seen).alias(s.REASONS))
    stores.lake.write(catalog.SCORES, scored, run.week)
    shadow = stores.ledger.shadow(run.week)
    if shadow:
        seen, other = _at_level(stores, shadow["to"], rows, level.total)
        listed = _listed(rows, other.probabilities(seen), level.total, stores.params)
        stores.lake.write(catalog.SHADOW, listed, run.week)
    facts = {"total": level.total, "low": level.low, "high": level.high}
    run.record("level", {**facts, "shadow": shadow["version"] if shadow else None})
    repeat = int(scored[s.REPEAT].sum())
    return {
        "step": "predict",
        "pairs": scored.height,
        "repeat": repeat,
        "explore": scored.height - repeat,
        "level": facts,
    }


def _at_level(stores: Stores, bundle: str, rows: pl.DataFrame, total: float) -> tuple[Rows, Scorer]:
    """The rows as the bundle's model reads them, and its scorer at the forecast level of the week."""
    scorer = stores.bundles.load(bundle)
    seen = rows_from(rows, scorer.recipe.features)
    return seen, scorer.at_level(seen, total=total)


def _listed(rows: pl.DataFrame, chance: NDArray[np.float64], total: float, params: Params) -> pl.DataFrame:
    """What the shadow's list would have held, exclusions aside."""
    amount = chance * rows[s.USUAL_AMOUNT].to_numpy().astype(np.float64)
    customer, repeat = rows[s.CUSTOMER_ID].to_numpy(), rows[s.REPEAT].to_numpy()
    decision = decide_list(customer, chance, repeat, amount, total=total, params=params.decision)
    return rows.select(s.PAIR).with_columns(
        pl.Series(s.PROBABILITY, chance), pl.Series(s.RECOMMENDED, decision.recommended)
    )
