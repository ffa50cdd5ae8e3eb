"""Publish: scores to decisions, exclusions, sanity checks, then one atomic switch."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ContractError, UsageError
from semana.evaluation.decision import customers_of, decide_list, kind_of
from semana.evaluation.experiment import held_out
from semana.pipeline.calendar import has_begun
from semana.pipeline.portions import in_order
from semana.pipeline.scoring import reasoned, score_week
from semana.pipeline.succession import gives_way
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.leases import Lease
from semana.stores.publications import counts_of
from semana.stores.runs import Run

COLUMNS = list(catalog.PREDICTIONS.columns)
_ORDER = [s.CUSTOMER_ID, s.PROBABILITY, s.PRODUCT_ID]
_NAMED = 5  # ids of exclude.csv, in a warning
_log = logging.getLogger(__name__)
_MANY = 5.0  # expected purchases beyond this many times the forecast level are a fault, not a forecast


def run(run: Run, stores: Stores, *, lease: Lease | None = None) -> dict[str, Any]:
    """Publishes the list of the run's week; the same rows as the latest revision publish nothing new."""
    scores, level = _sane_scores(run, stores)
    excluded = stores.publications.excluded(scores)
    _warn_of_idle_rules(stores, scores)
    decision = decide_list(
        customers_of(scores),
        scores[s.PROBABILITY].to_numpy(),
        scores[s.REPEAT].to_numpy(),
        (scores[s.PROBABILITY] * scores[s.USUAL_AMOUNT]).to_numpy().astype(np.float64),
        total=level["total"],
        params=stores.params.decision,
        allowed=~excluded.to_numpy(),
    )
    if excluded.any():  # what took its place is not among what was looked at
        unsaid = decision.recommended & (scores[s.REASONS].list.len() == 0).to_numpy()
        scores = reasoned(run, stores, scores, unsaid) if unsaid.any() else scores
    serving = run.recall("serving")
    listed = scores.with_columns(pl.Series(s.RECOMMENDED, decision.recommended))
    rows = _list(run, stores, in_order([listed], _ORDER, descending=[s.PROBABILITY]), serving["version"])
    manifest = {
        "week": str(run.week),
        "run": run.id,
        "position": run.position,
        "as_of": run.as_of.isoformat(),
        "bundle": serving["bundle"],
        "model_version": serving["version"],
        "shadow": level["shadow"],
        "ledger": len(stores.ledger.journal),
        "policy": stores.params.decision.policy,
        "cut": decision.cut,
        "level": {name: level[name] for name in ("total", "low", "high", "factor")},
        "counts": {**counts_of(rows), "excluded": int(excluded.sum())},
        "late": has_begun(run, stores),
        "reason": run.reason,
    }
    if lease:
        lease.check()
    published = stores.publications.publish(rows, manifest, run.week, back=_goes_back(run, stores))
    return {
        "step": "publish",
        "published": f"{run.week} rev {published['rev']}",
        **published["counts"],
        "cut": decision.cut,
    }


def _warn_of_idle_rules(stores: Stores, scores: pl.DataFrame) -> None:
    """Logs the ids of exclude.csv that no scored pair has: mistyped, perhaps, or of somebody who buys no more."""
    rules = stores.publications.exclusions()
    known = {key: set(scores[key].unique().cast(pl.String)) for key in s.PAIR}
    idle = [id_ for key in s.PAIR for id_ in sorted(set(rules[key].drop_nulls()) - known[key])]
    if idle:
        _log.warning("exclude.csv: no pair of %s has %s", scores.height, ", ".join(idle[:_NAMED]))


def _sane_scores(run: Run, stores: Stores) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The scores and the level of the week; a champion whose scores are no list gives way to its predecessor once."""
    level = run.recall("level")
    if files.sha256(stores.lake.path(catalog.SCORES, run.week)) != level.get("scores"):
        raise UsageError(
            f"the scores of {run.week} are not those of run {run.id}: another run made them since. Make them again: "
            f"semana predict --week {run.week} --position {run.position} --as-of {run.as_of}"
        )
    scores = stores.lake.read(catalog.SCORES, run.week)
    try:
        _check_sane(scores, level)
    except ContractError as err:
        if not gives_way(run, stores, why=str(err)):
            raise
        score_week(run, stores)
        scores, level = stores.lake.read(catalog.SCORES, run.week), run.recall("level")
        _check_sane(scores, level)
    return scores, level


def _check_sane(scores: pl.DataFrame, level: dict[str, Any]) -> None:
    """Raises ContractError where the scores cannot be a list that people act on."""
    chance = scores[s.PROBABILITY]
    if scores.is_empty() or chance.null_count() or not chance.is_between(0, 1).all():
        raise ContractError(
            "the scores are empty or no probabilities: nothing is published, the last list keeps serving"
        )
    expected = float(chance.sum())
    if expected > _MANY * level["high"]:
        raise ContractError(
            f"the scores expect {expected:.0f} purchases, the forecast is {level['total']:.0f}: "
            f"nothing is published. Look at `semana models list`, then `semana run --retrain always`."
        )


def _list(run: Run, stores: Stores, scores: pl.DataFrame, version: str) -> pl.DataFrame:
    return scores.with_columns(
        pl.lit(str(run.week)).alias(s.WEEK),
        pl.lit(run.week.start).alias(s.WEEK_START),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(s.CUSTOMER_ID).alias(s.RANK),
        _kinds(scores, run.week, stores.params.decision.overdue_gaps),
        (pl.col(s.PROBABILITY) * pl.col(s.USUAL_QUANTITY)).alias(s.EXPECTED_QUANTITY),
        (pl.col(s.PROBABILITY) * pl.col(s.USUAL_AMOUNT)).alias(s.EXPECTED_AMOUNT),
        pl.lit(version).alias(s.MODEL_VERSION),
        held_out(scores[s.CUSTOMER_ID], stores.experiments.running(run.week)),
    ).select(COLUMNS)


def _kinds(scores: pl.DataFrame, week: Week, overdue_gaps: float) -> pl.Series:
    since = (pl.lit(week.start) - pl.col(s.LAST_BOUGHT)).dt.total_days().cast(pl.Float64)
    days, gap = (scores.select(each).to_series().to_numpy() for each in (since, pl.col(s.USUAL_GAP_DAYS)))
    return kind_of(scores[s.REPEAT].to_numpy(), days, gap, overdue_gaps=overdue_gaps)


def _goes_back(run: Run, stores: Stores) -> bool:
    """Whether readers may go back to an older week: the newest list was made from a delivery that this run has not.

    Not for a run as of a past day, which tells what would have been.
    """
    current = stores.publications.current_manifest()
    if current is None or run.as_of < max(stores.landing.trading_days(run.position)):
        return False
    return bool(stores.landing.taken_back(current["position"], by=run.position))
