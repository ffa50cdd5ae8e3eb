"""Scoring the target week: every candidate pair by the model that serves, and by its shadow."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame, Settle
from semana.errors import ConfigurationError, ContractError
from semana.evaluation.decision import customers_of, listed, places
from semana.features.build import Part
from semana.features.candidates import candidate_pairs
from semana.models.base import Flags
from semana.models.batches import FACTS, Reasoning, Scoring
from semana.models.level import forecast_level
from semana.models.scorer import Scorer
from semana.pipeline.labels import totals_of
from semana.pipeline.portions import Portions
from semana.pipeline.succession import shadow_of
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.runs import Run

_CHAMPION, _SHADOW = "champion", "shadow"
# Reasons are worked out for what people look at: all that is listed, and this many of each customer's best pairs.
REASONED = 5
_log = logging.getLogger(__name__)


def score_week(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes the scores of champion and shadow, and records the forecast level of the week; returns the counts.

    Features stay where the engine works them out; what comes back are the facts and scores of the pairs.
    """
    level = forecast_level(totals_of(run, stores), target=run.week, params=stores.params.level)
    champion, shadow = stores.bundles.load(run.recall("serving")["bundle"]), _shadow(run, stores)
    scorers = {_CHAMPION: champion} | ({_SHADOW: shadow[1]} if shadow else {})
    with stores.lake.engine.settling() as settle:
        week = candidates_of(run, stores, settle)
        rows = week.mapped(Scoring(scorers))
        champion, chance = _of_week(champion, rows, _CHAMPION, level.total)
        on_list = listed(rows, chance, total=level.total, params=stores.params.decision)[s.RECOMMENDED].to_numpy()
        looked_at = on_list | (places(customers_of(rows), chance) < REASONED)
        none = pl.lit([], pl.List(pl.String)).alias(s.REASONS)
        scored = rows.select(FACTS).with_columns(pl.Series(s.PROBABILITY, chance), none)
        scored = _reasoned(scored, looked_at, champion, week)
    stores.lake.write(catalog.SCORES, scored, run.week)
    if shadow:
        shadowed = _of_week(shadow[1], rows, _SHADOW, level.total)[1]
        decided = listed(rows, shadowed, total=level.total, params=stores.params.decision)
        stores.lake.write(catalog.SHADOW, decided, run.week)
    facts = {"total": level.total, "low": level.low, "high": level.high, "factor": champion.calibration.factor}
    made = files.sha256(stores.lake.path(catalog.SCORES, run.week))
    run.record("level", {**facts, "shadow": shadow[0] if shadow else None, "scores": made})
    repeat = int(scored[s.REPEAT].sum())
    return {"pairs": scored.height, "repeat": repeat, "explore": scored.height - repeat, "level": facts}


def reasoned(run: Run, stores: Stores, scores: pl.DataFrame, which: Flags) -> pl.DataFrame:
    """The scores of the week, sorted by pair, with the reasons of those pairs too."""
    champion = stores.bundles.load(run.recall("serving")["bundle"])
    with stores.lake.engine.settling() as settle:
        return _reasoned(scores, which, champion, candidates_of(run, stores, settle))


def _reasoned(scores: pl.DataFrame, which: Flags, champion: Scorer, week: Portions) -> pl.DataFrame:
    asked = scores.filter(which).select(*s.PAIR, s.REPEAT)
    found = week.mapped(Reasoning(champion), asked=asked)[s.REASONS]
    at = pl.when(pl.Series(which)).then(pl.Series(np.cumsum(which)) - 1)
    return scores.with_columns(found.gather(pl.select(at).to_series()).fill_null(scores[s.REASONS]))


def candidates_of(run: Run, stores: Stores, settle: Settle) -> Portions:
    """The candidate pairs of the run's week with their features, where the engine works them out."""

    def pairs(part: Part) -> Frame:
        return candidate_pairs(part.tables, before=run.week, params=stores.params.candidates, popular=part.popular)

    return Portions(run, stores, settle, week=run.week, pairs=pairs)


def _shadow(run: Run, stores: Stores) -> tuple[str, Scorer] | None:
    """The version of the shadow, and its scorer; None where there is none that can be loaded."""
    shadow = shadow_of(stores, run.week)
    if shadow is None:
        return None
    try:
        return str(shadow["version"]), stores.bundles.load(shadow["to"])
    except (ContractError, ConfigurationError) as err:
        _log.warning("no shadow this week: %s", err)
        return None


def _of_week(scorer: Scorer, rows: pl.DataFrame, name: str, total: float) -> tuple[Scorer, NDArray[np.float64]]:
    """The scorer at the forecast level of the week, and the chances of the rows, which hold its scores as `name`."""
    return scorer.of_scores(rows[name].to_numpy(), rows[s.REPEAT].to_numpy(), total=total)
