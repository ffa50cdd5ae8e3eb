"""The golden set in the weekly run: the weeks it takes from training, its freezing, how a challenger does on it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from semana.data.weeks import Week
from semana.errors import ContractError, UsageError
from semana.evaluation.cuts import Cuts, week_cuts
from semana.evaluation.gate import Check
from semana.evaluation.golden import golden_weeks, small_cases, tolerances
from semana.evaluation.race import Examples, Lessons, fit_scorers, sample_share
from semana.features.examples import ALL, Share
from semana.models.level import Totals
from semana.models.scorer import Scorer, model_class
from semana.params import Params
from semana.pipeline.cases import figures, figures_of, golden_week, tables_to_freeze, totals_in
from semana.pipeline.labels import LabelWeeks, attribute_of, totals_of
from semana.stores.home import Stores
from semana.stores.runs import Run

LOCKED, AGE, CASES = "golden set as locked", "golden set young enough", "critical cases"
_LIMIT = "every file by its hash"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """The golden weeks, which are no labels, and whether they are frozen already or will be with the next promotion."""

    weeks: frozenset[Week]
    frozen: bool


def plan_of(stores: Stores, totals: Totals) -> Plan:
    """The weeks of the golden set, or those that the next promotion will freeze; none while the history is short."""
    weeks = stores.golden.weeks()
    return Plan(weeks, frozen=True) if weeks else _new_plan(stores.params, totals)


def _new_plan(params: Params, totals: Totals) -> Plan:
    holidays = [week for week, days in totals.holidays.items() if days]
    return Plan(frozenset(golden_weeks(totals.weeks, holidays, params.cuts, params.golden)), frozen=False)


def measured(
    run: Run, stores: Stores, plan: Plan, *, examples: Examples, totals: Totals, cuts: Cuts, params: Params
) -> dict[str, Any] | None:
    """What a new set's lock will say of it: weeks, customers drawn, cases, and how far seeds alone spread in each.

    None where a set is frozen already, or none can be.
    """
    if plan.frozen or not plan.weeks:
        return None
    weeks = sorted(plan.weeks)
    frozen = tables_to_freeze(run, stores, weeks)
    pairs = examples.count(weeks[-1])
    about: dict[str, Any] = {
        "format": 1,
        "frozen": str(run.week),
        "weeks": [str(week) for week in weeks],
        "share": min(1.0, float(f"{params.golden.pairs / max(1, pairs):.0e}")),
        "attribute": attribute_of(run, stores, weeks[-1]),
    }
    engine = stores.lake.engine
    _log.info("the golden set: its %s weeks are worked out", len(weeks))
    whole = [golden_week(frozen, about, week, params, engine=engine) for week in weeks]
    flags = pl.concat([part.flags.sum() for part in whole], how="diagonal").sum()
    least = params.golden.case_pairs
    small = small_cases(flags.fill_null(0).row(0, named=True), least=least)
    parts = [part.merged(small) for part in whole]
    _log.info("the golden set: how far seeds alone spread")
    scorers = _seeds(examples, totals, cuts, params, golden=plan.weeks)
    sold = totals_in(frozen, about, engine=engine)
    found = [figures(scorer, parts, sold, params) for scorer in scorers]
    cases = {name: case for name, case in tolerances(found, params.golden).items() if case["pairs"] >= least}
    made_by = {"seeds": len(scorers), "seed_rows": params.golden.seed_rows}
    return {**about, "small": list(small), "cases": cases, **made_by}


def _seeds(examples: Examples, totals: Totals, cuts: Cuts, params: Params, *, golden: frozenset[Week]) -> list[Scorer]:
    """Small models that differ as a champion and an equal one on newer data do; a single one where only rules race.

    In their seed, in the rows that they drew, and in the weeks that they learned from: every third one ends with the
    latest, the next ones are older by one and two champions' lives. For golden weeks lie in the past: whoever learned
    closer to them knows them better, and is no better model for it.
    """
    share = sample_share(examples, totals, cuts, params)
    learned = [name for name in params.models.race if model_class(name).learns and cuts.fit]
    if not learned:
        return [_small(params.models.race[0], 0, 1, share, examples=examples, totals=totals, cuts=cuts, params=params)]
    rows = sum(len(examples(week, share=share)) for week in cuts.learned)
    every = max(1, -(-rows // params.golden.seed_rows))
    return [
        _small(
            learned[0],
            number,
            every,
            share,
            examples=examples,
            totals=totals,
            cuts=_older(cuts, number % 3, totals, params, golden=golden),
            params=params,
        )
        for number in range(params.golden.seeds)
    ]


def _older(cuts: Cuts, lives: int, totals: Totals, params: Params, *, golden: frozenset[Week]) -> Cuts:
    """The cuts so many lives of a champion earlier; the same ones where the history is too short for as many weeks."""
    latest = cuts.all[-1] + -lives * params.retrain.max_age_weeks
    weeks = [week for week in totals.weeks if week <= latest]
    older = week_cuts(weeks, params.cuts, exclude=golden) if len(weeks) > len(cuts.all) + len(golden) else cuts
    return older if len(older.fit) == len(cuts.fit) else cuts


def _small(
    name: str, number: int, every: int, share: Share, *, examples: Lessons, totals: Totals, cuts: Cuts, params: Params
) -> Scorer:
    """One of them: it takes each `every`-th row, beginning with row `number`."""

    def thinned(week: Week, *, share: Share = ALL) -> pl.DataFrame:
        rows = examples(week, share=share)
        return rows.gather_every(every, number % every) if week in cuts.learned else rows

    models = params.models.model_copy(update={"seed": params.models.seed + 1000 * (number + 1)})
    seeded = params.model_copy(update={"models": models})
    scorer = fit_scorers([name], thinned, totals, cuts, seeded, share=share, contracts={})[name]
    covered = min(1.0, scorer.calibration.covered * every)  # read from a part of what was bought
    return replace(scorer, calibration=replace(scorer.calibration, covered=covered))


def freeze(run: Run, stores: Stores, about: Mapping[str, Any], *, reason: str) -> dict[str, Any]:
    """Locks the set that was `measured`, with its own copy of the history up to its last week."""
    frozen = tables_to_freeze(run, stores, [Week.parse(week) for week in about["weeks"]])
    return stores.golden.freeze(frozen, about, when=run.now.isoformat(), reason=reason)


def create(run: Run, stores: Stores, *, reason: str) -> dict[str, Any]:
    """Makes and locks a set from the run's history, in place of an older one; raises ContractError where too short."""
    totals, params = totals_of(run, stores), stores.params
    plan = _new_plan(params, totals)
    cuts = week_cuts(totals.weeks, params.cuts, exclude=plan.weeks | stores.golden.weeks())
    about = measured(run, stores, plan, examples=LabelWeeks(run, stores), totals=totals, cuts=cuts, params=params)
    if about is None:
        raise ContractError(
            f"{len(totals.weeks)} complete weeks are too short a history for a golden set: fit, calibration and gate "
            f"keep theirs, {params.golden.least_weeks} more are needed. Ingest more history."
        )
    return freeze(run, stores, about, reason=reason)


def golden_checks(run: Run, stores: Stores, *, challenger: str, champion: Mapping[str, Any] | None) -> list[Check]:
    """What the golden set says of the challenger: the set as locked and not too old, and no critical case worse."""
    try:
        lock = stores.golden.lock()
    except ContractError as err:
        _log.error("the golden set is damaged, no challenger can pass: %s", err)
        return [Check(LOCKED, None, _LIMIT, passed=False, says=str(err))]
    if lock is None:
        says = "no set yet: the first promotion with a history long enough freezes one"
        return [Check(LOCKED, None, _LIMIT, passed=True, says=says, judged=False)]
    age, most = run.week - Week.parse(lock["frozen"]), stores.params.golden.max_age_weeks
    says = f"{len(lock['weeks'])} weeks, {len(lock['cases'])} cases, frozen for {lock['frozen']}"
    old = f"the golden set is {age} weeks old: make another with semana golden create --reason"
    checks = [
        Check(LOCKED, None, _LIMIT, passed=True, says=says),
        Check(AGE, float(age), f"{most} weeks", passed=True, says=old if age > most else "in weeks", warns=age > most),
    ]
    if champion is None or stores.bundles.fault(champion["to"]):
        return [*checks, _uncompared("there is no champion to compare with")]
    return checks + _compared(stores, lock, challenger, str(champion["to"]))


def _compared(stores: Stores, lock: Mapping[str, Any], challenger: str, champion: str) -> list[Check]:
    """A check a case, over the golden weeks that neither has learned from."""
    recipes = [stores.bundles.recipe(bundle) for bundle in (challenger, champion)]
    seen = {week for recipe in recipes for week in recipe.fit_weeks + recipe.calibrate_weeks}
    weeks = [week for week in lock["weeks"] if week not in seen]
    if not weeks:
        return [_uncompared("the champion, made before the set, has learned from every golden week")]
    _log.info("the golden set: challenger and champion score its %s weeks", len(weeks))
    mine, theirs = (figures_of(stores, lock, bundle, weeks) for bundle in (challenger, champion))
    checks = []
    for name, case in lock["cases"].items():
        if name not in mine or not mine[name]["pairs"]:
            continue  # no pair of it in the weeks that are left
        ours, other, limit = mine[name][case["metric"]], theirs[name][case["metric"]], case["tolerance"]
        metric = "F1" if case["metric"] == "f1" else "average precision"
        says = f"{metric} {ours:.3f}, champion {other:.3f}, {mine[name]['pairs']:.0f} pairs"
        holds = ours - other >= -limit
        checks.append(Check(f"case {name}", ours - other, f"{-limit:.4f} or more", passed=holds, says=says))
    return checks


def _uncompared(says: str) -> Check:
    return Check(CASES, None, "as the champion", passed=True, says=says, judged=False)


def shown(stores: Stores) -> dict[str, Any]:
    """The set that counts, for people; raises UsageError where there is none, ContractError where it is damaged."""
    lock, entries = stores.golden.lock(), stores.golden.entries()
    if lock is None:
        raise UsageError(
            "there is no golden set yet: the first promotion whose history is long enough freezes one, or: semana "
            "golden create"
        )
    return {**lock, "set": entries[-1]["set"], "changes": [{"when": e["when"], "reason": e["reason"]} for e in entries]}
