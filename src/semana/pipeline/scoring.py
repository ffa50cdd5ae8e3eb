"""Scoring the target week: every candidate pair by the model that serves, and by its shadow."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import catalog
from semana.data import schemas as s
from semana.errors import ConfigurationError, ContractError
from semana.evaluation.decision import listed, places
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.models.base import Rows, rows_from
from semana.models.level import forecast_level
from semana.models.scorer import Scorer
from semana.pipeline.labels import totals_of
from semana.pipeline.succession import shadow_of
from semana.stores import files
from semana.stores.engine import collected
from semana.stores.home import Stores
from semana.stores.known import tables_of
from semana.stores.runs import Run

FACTS = [*s.PAIR, s.REPEAT, s.LAST_BOUGHT, s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.USUAL_AMOUNT]

# Reasons are worked out for what people look at: all that is listed, and this many of each customer's best pairs.
REASONED = 5
_log = logging.getLogger(__name__)


def score_week(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes the scores of champion and shadow, and records the forecast level of the week; returns the counts."""
    with stores.lake.engine.settling() as settle:
        tables = tables_of(run, stores, settle, before=run.week)
        pairs = settle(candidate_pairs(tables, before=run.week, params=stores.params.candidates))
        built = build_features(pairs, tables, before=run.week, params=stores.params, settle=settle)
        rows = collected(built).sort(s.PAIR)
    level = forecast_level(totals_of(run, stores), target=run.week, params=stores.params.level)
    seen, champion, chance = _of_week(stores, run.recall("serving")["bundle"], rows, level.total)
    on_list = listed(rows, chance, total=level.total, params=stores.params.decision)[s.RECOMMENDED].to_numpy()
    looked_at = on_list | (places(rows[s.CUSTOMER_ID].to_numpy(), chance) < REASONED)
    reasons = champion.reasons(seen, among=looked_at)
    scored = rows.select(FACTS).with_columns(pl.Series(s.PROBABILITY, chance), reasons.alias(s.REASONS))
    stores.lake.write(catalog.SCORES, scored, run.week)
    facts = {"total": level.total, "low": level.low, "high": level.high, "factor": champion.calibration.factor}
    shadow = _score_shadow(run, stores, rows, level.total)
    made = files.sha256(stores.lake.path(catalog.SCORES, run.week))
    run.record("level", {**facts, "shadow": shadow, "scores": made})
    repeat = int(scored[s.REPEAT].sum())
    return {"pairs": scored.height, "repeat": repeat, "explore": scored.height - repeat, "level": facts}


def _score_shadow(run: Run, stores: Stores, rows: pl.DataFrame, total: float) -> str | None:
    """Writes the shadow's scores; its version, or None where there is none that can be loaded."""
    shadow = shadow_of(stores, run.week)
    if shadow is None:
        return None
    try:
        _, _, chance = _of_week(stores, shadow["to"], rows, total)
    except (ContractError, ConfigurationError) as err:
        _log.warning("no shadow this week: %s", err)
        return None
    shadowed = listed(rows, chance, total=total, params=stores.params.decision)
    stores.lake.write(catalog.SHADOW, shadowed, run.week)
    return str(shadow["version"])


def _of_week(stores: Stores, bundle: str, rows: pl.DataFrame, total: float) -> tuple[Rows, Scorer, NDArray[np.float64]]:
    """The rows as the bundle's model reads them, its scorer at the forecast level of the week, and their chances."""
    scorer = stores.bundles.load(bundle)
    seen = rows_from(rows, scorer.recipe.features)
    return seen, *scorer.of_week(seen, total=total)
