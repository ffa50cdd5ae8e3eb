"""Review: every published list whose week is whole against what was then bought; a fallen champion goes back.

A page shows it all: how each list did, and who served when and why.
"""

from __future__ import annotations

import hashlib
import logging
from functools import partial
from typing import Any

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame, collected
from semana.data.purchases import bought, during
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.experiment import held_out
from semana.evaluation.fallen import Outcome, judge_rollback
from semana.evaluation.metrics import week_metrics
from semana.evaluation.parts import parts_of
from semana.evaluation.performance import realised
from semana.pipeline.experiment import effects
from semana.pipeline.labels import attribute_of, segments_then
from semana.pipeline.succession import champion_that_serves, goes_back, shadow_of
from semana.reports.experiments import effect_in_words
from semana.stores import files
from semana.stores.experiments import Experiments
from semana.stores.home import Stores
from semana.stores.reviewed import estimate, figures, listed_pairs, parts, promised, recent
from semana.stores.runs import Run

_log = logging.getLogger(__name__)
PAGE = "performance/performance.html"
_F1_HELD_OUT = "f1_held_out"
LOOK_BACK = 13  # late rows restate a quarter at the most; older lists keep their figures


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes the realised performance of champion and shadow of each such week, unless the truth is still the same.

    Then goes back to the shadow where the champion is damaged, or has fallen below it.
    """
    complete = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("whole"))[s.WEEK].to_list()
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    judge = partial(_figures, purchases, decay=stores.params.models.decay, experiments=stores.experiments)
    judged: list[str] = []
    damaged: list[str] = []
    for week in stores.lake.weeks(catalog.PERFORMANCE):
        retracted = week.end <= run.as_of and week.index not in complete
        if retracted and stores.lake.read(catalog.PERFORMANCE, week)["position"][0] <= run.position:
            stores.lake.forget(catalog.PERFORMANCE, week)
            stores.lake.forget(catalog.PERFORMANCE_PARTS, week)
    for week in stores.publications.weeks():
        if week >= run.week or run.week - week > LOOK_BACK or week.index not in complete:
            continue
        try:
            manifest = stores.publications.served(week)
            published = listed_pairs(stores, week, manifest)
        except ContractError as err:  # what is not as it was published says nothing of the model
            _log.error("not reviewed: %s", err)
            damaged.append(str(week))
            continue
        truth = collected(bought(during(purchases, week)).select(*s.PAIR)).sort(s.PAIR)
        judged_on = f"revision {manifest['rev']}, {_in_short(truth, week)}"
        if stores.lake.has(catalog.PERFORMANCE, week):
            known = stores.lake.read(catalog.PERFORMANCE, week)
            if known["judged_on"][0] == judged_on or known["position"][0] > run.position:
                continue
        rows = [
            {
                "role": "champion",
                s.MODEL_VERSION: manifest["model_version"],
                **judge(published, truth, week=week),
                "expected_f1": promised(published, manifest),
            }
        ]
        if manifest["shadow"] and stores.lake.has(catalog.SHADOW, week):
            shadow = collected(stores.lake.scan(catalog.SHADOW, week).select(*s.PAIR, s.PROBABILITY, s.RECOMMENDED))
            rows.append({"role": "shadow", s.MODEL_VERSION: manifest["shadow"], **judge(shadow, truth, week=week)})
        frame = pl.DataFrame(rows).with_columns(
            pl.lit(judged_on).alias("judged_on"),
            pl.lit(run.position).alias("position"),
            pl.lit(manifest["policy"]).alias("policy"),
            pl.col(_F1_HELD_OUT).cast(pl.Float64),
        )
        segments = segments_then(run, stores, week, truth, attribute=attribute_of(run, stores, week))
        stores.lake.write(catalog.PERFORMANCE_PARTS, parts_of(published, truth, segments), week)
        stores.lake.write(catalog.PERFORMANCE, frame, week)
        judged.append(str(week))
    newest = recent(stores, before=run.week)
    rollback = _rollback(run, stores)
    if newest:
        from semana.reports.performance import performance_page

        page = performance_page(
            figures(stores),
            stores.ledger.entries(),
            effects=told_effects(stores),
            parts=parts(stores).to_dicts(),
            estimate=estimate(stores),
        )
        files.replace_bytes(stores.home / PAGE, page.encode())
    return {
        "step": "review",
        "judged": judged,
        "damaged": damaged,
        "newest": newest[-1] if newest else None,
        "rollback": rollback,
    }


def told_effects(stores: Stores) -> list[str]:
    """What each experiment has found so far, in words."""
    return [effect_in_words(found) for found in effects(stores)]


def _rollback(run: Run, stores: Stores) -> dict[str, Any]:
    """Goes back to the predecessor where it is due; what was found, and from which version to which it went."""
    champion = stores.ledger.champion(run.week)
    kept = champion_that_serves(run, stores, champion)
    if champion is None or kept is None:
        return {"rolled_back": False, "says": "no model serves yet"}
    if kept is not champion:
        return {"rolled_back": True, "from": champion["version"], "to": kept["version"], "says": "; ".join(kept["why"])}
    shadow = shadow_of(stores, run.week)
    if shadow is None or stores.ledger.is_past(run.week):
        return {"rolled_back": False, "says": "no shadow to go back to" if shadow is None else "a past week"}
    outcomes = _outcomes(run, stores, champion, shadow["version"])
    verdict = judge_rollback(
        outcomes, target=run.week, last_rollback=stores.ledger.last_rollback(run.week), params=stores.params.rollback
    )
    if not verdict.roll_back:
        return {"rolled_back": False, "says": verdict.says}
    evidence = {"weeks": {str(each.week): [each.champion, each.shadow] for each in outcomes if not each.holiday}}
    back = goes_back(run, stores, why=verdict.says, evidence=evidence)
    if back is None:
        return {"rolled_back": False, "says": f"{verdict.says}, but nobody may take its place"}
    return {"rolled_back": True, "from": champion["version"], "to": back["version"], "says": verdict.says}


def _outcomes(run: Run, stores: Stores, entry: dict[str, Any], shadow: str) -> list[Outcome]:
    """The F1 of both in every reviewed week in which one was the champion and the other its shadow, oldest first.

    Weeks before the champion's own entry are no evidence: whoever made it serve knew them.
    """
    champion, since = entry["version"], Week.parse(entry["week"])
    weeks = stores.lake.read(catalog.WEEKS, run.week)
    holidays = {index for index, days in weeks.select(s.WEEK, "holidays").rows() if days}
    found = []
    for week in (each for each in stores.lake.weeks(catalog.PERFORMANCE) if since <= each < run.week):
        rows = stores.lake.read(catalog.PERFORMANCE, week).to_dicts()
        f1 = {(row["role"], row[s.MODEL_VERSION]): row["f1"] for row in rows}
        if ("champion", champion) in f1 and ("shadow", shadow) in f1:
            both = f1["champion", champion], f1["shadow", shadow]
            found.append(Outcome(week, *both, holiday=week.index in holidays))
    return found


def _in_short(truth: pl.DataFrame, week: Week) -> str:
    """What was bought in a week, as its size and a hash."""
    told = truth.select(pl.lit(week.index).alias(s.WEEK), *s.PAIR).write_csv().encode()
    digest = f" ({hashlib.sha256(told).hexdigest()[:12]})" if truth.height else ""
    return f"{truth.height} purchases{digest}"


def _figures(
    purchases: Frame,
    scored: pl.DataFrame,
    truth: pl.DataFrame,
    *,
    week: Week,
    decay: float,
    experiments: Experiments,
) -> dict[str, float | str | None]:
    pairs = scored.select(*s.PAIR, s.PROBABILITY, s.RECOMMENDED)
    figures = realised(pairs, truth, purchases, week=week, decay=decay)
    experiment = experiments.running(week)
    if experiment is None:
        return {s.WEEK: str(week), **figures, _F1_HELD_OUT: None}
    out = (rows.filter(held_out(rows[s.CUSTOMER_ID], experiment)) for rows in (pairs, truth))
    return {s.WEEK: str(week), **figures, _F1_HELD_OUT: week_metrics(*out)["f1"]}
