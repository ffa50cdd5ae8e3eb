"""Planted candidates before the real gate: only the equal and the better one pass, and each refusal names its reason.

The champion knows the black (odd) customers perfectly and misses two thirds of what the white (even) ones buy. All
candidates are real boosted trees, taught what they shall know: `days_since` tells the pairs of a customer apart.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from semana.data.weeks import Week
from semana.evaluation.cuts import week_cuts
from semana.evaluation.race import judge_week
from semana.features.build import FEATURES
from semana.models.base import rows_from
from semana.models.boosting import Boosting
from semana.models.calibration import Calibration, Curve
from semana.models.scorer import Recipe, Scorer
from semana.pipeline import promote
from semana.pipeline.golden import freeze, measured, plan_of
from semana.pipeline.labels import LabelWeeks, totals_of
from semana.pipeline.order import Order
from semana.pipeline.succession import promoted
from semana.pipeline.weekly import run_step
from semana.stores.home import Stores
from semana.stores.runs import Run
from tests import shop
from tests.features.known import Examples
from tests.pipeline.living import NOW, made, reopened

KNOWN = 29
TARGET = shop.FIRST + KNOWN
PARAMS = {
    r"race: \[.*\]": "race: [boosting]",
    r" trees: \d+": " trees: 100",
    r"rows_per_leaf: \d+": "rows_per_leaf: 5",
    r"feature_share: [\d.]+": "feature_share: 1.0",
    r"trials: \d+": "trials: 0",
    # The champion's kind expects no more than the half that it knows; each is to be refused for its own reason.
    r"calibration_low: [\d.]+": "calibration_low: 0.5",
    r"least_tolerance: [\d.]+": "least_tolerance: 0.02",
    r"history_weeks: \d+": "history_weeks: 3",
}
WHITE = pl.col("customer_id") % 2 == 0
PLACE = (pl.col("customer_id") + pl.col("product_id")) % 6
STRAIGHT = Curve((0.0, 1.0), (0.0, 1.0))
LABELS: dict[str, pl.Expr] = {
    "champion": pl.col("bought") & ~(WHITE & PLACE.is_in([0, 2])),
    "better": pl.col("bought"),
    "worse": pl.col("bought") & ~WHITE,
    "less black": pl.col("bought") & (WHITE | ~PLACE.is_in([0, 2])),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a golden set, whose champion is planted, and whose next run has come to the gate."""
    stores = made(tmp_path_factory.mktemp("gate"), params=PARAMS, weeks=KNOWN)
    for step in ("prepare", "review", "detect_drift", "decide", "train"):
        run_step(step, stores, Order(NOW, as_of=TARGET.start, retrain="always"))
    run = stores.runs.all()[-1]
    totals, examples = totals_of(run, stores), LabelWeeks(run, stores)
    plan = plan_of(stores, totals)
    cuts = week_cuts(totals.weeks, stores.params.cuts, exclude=plan.weeks)
    about = measured(run, stores, plan, examples=examples, totals=totals, cuts=cuts, params=stores.params)
    assert about is not None
    freeze(run, stores, about, reason="a test")
    name = save(stores, run, taught(stores, run, "champion", weeks=slice(0, None, 2)))
    told = {"model": "boosting", "gate_f1": 0.7, "judged": None}
    entry = promoted(stores, name, week=TARGET + -1, now=NOW, by="a test", why=["planted"], evidence=told)
    stores.ledger.append(entry, after=0)
    return stores.home


@pytest.fixture
def stores(folder: Path, tmp_path: Path) -> Stores:
    return reopened(Path(shutil.copytree(folder, tmp_path / "home")))


def taught(stores: Stores, run: Run, name: str, *, weeks: slice = slice(1, None, 2)) -> Scorer:
    """Boosted trees that have learned these labels, of some of the fit weeks; scores count as probabilities."""
    models, fit = stores.params.models, label_weeks(run)[weeks]
    frames = [frame_of(stores.home, week).with_columns(LABELS[name].alias("bought")) for week in fit]
    model = Boosting(models.boosting.model_dump(), seed=models.seed).fit(rows_from(pl.concat(frames), FEATURES))
    recipe = Recipe("boosting", FEATURES, models.boosting.model_dump(), tuple(fit), (), models.seed, {})
    return Scorer(recipe, model, Calibration(STRAIGHT, STRAIGHT, 1.0), {})


def label_weeks(run: Run) -> list[str]:
    found: list[str] = run.recall("race")["weeks"]["fit"]
    return found


@cache
def frame_of(home: Path, week: str) -> pl.DataFrame:
    stores = reopened(home)
    return LabelWeeks(stores.runs.all()[-1], stores)(Week.parse(week))


def save(stores: Stores, run: Run, scorer: Scorer) -> str:
    rows = rows_from(frame_of(stores.home, label_weeks(run)[0]).head(400), FEATURES)
    return stores.bundles.save(scorer, rows)


def at_the_gate(
    stores: Stores, scorer: Scorer, *, judged: Scorer | None = None, baseline: float = 0.5
) -> dict[str, Any]:
    """What promote makes of a challenger, with the figures of `judged` (itself), beside a baseline of this F1."""
    run = stores.runs.all()[-1]
    race, totals = run.recall("race"), totals_of(run, stores)
    found = {}
    for week in race["weeks"]["gate"]:
        of_week = Week.parse(week)
        both = {"ours": judged or scorer, "theirs": stores.bundles.load(stores.ledger.entries()[-1]["to"])}
        examples = Examples(lambda each, **_: frame_of(stores.home, str(each)))
        judged_week = judge_week(both, examples, totals, week=of_week, params=stores.params)
        found[week] = [judged_week[name] for name in both]
    race["best"] = "boosting"
    race["evidence"] = {
        "boosting": {week: mine for week, (mine, _) in found.items()},
        "decayed_frequency": {week: mine | {"f1": baseline} for week, (mine, _) in found.items()},
    }
    race["champion"] = {week: theirs for week, (_, theirs) in found.items()}
    race["bundle"] = race["judged"] = save(stores, run, scorer)
    race["golden"] = None
    run.record("race", race)
    return promote.run(run, stores)


def of(name: str) -> Callable[[Stores], dict[str, Any]]:
    return lambda stores: at_the_gate(stores, taught(stores, stores.runs.all()[-1], name))


def changed(stores: Stores, curve: Curve) -> dict[str, Any]:
    """The better model behind another calibration; its own figures are those of the better model, but for the sums."""
    good = taught(stores, stores.runs.all()[-1], "better")
    return at_the_gate(stores, replace(good, calibration=Calibration(curve, curve, 1.0)), judged=good)


def miscalibrated(stores: Stores) -> dict[str, Any]:
    good = taught(stores, stores.runs.all()[-1], "better")
    low = Curve((0.0, 1.0), (0.0, 0.2))
    return at_the_gate(stores, replace(good, calibration=Calibration(low, low, 1.0)))


def beaten(stores: Stores) -> dict[str, Any]:
    return at_the_gate(stores, taught(stores, stores.runs.all()[-1], "better"), baseline=1.1)


def unloadable(stores: Stores) -> dict[str, Any]:
    good = taught(stores, stores.runs.all()[-1], "better")

    class Broken(Scorer):
        def contents(self) -> dict[str, bytes]:
            whole = super().contents()
            return {**whole, "model.txt": whole["model.txt"][:900]}

    return at_the_gate(stores, Broken(good.recipe, good.model, good.calibration, {}), judged=good)


def went_back(stores: Stores) -> dict[str, Any]:
    """The same bundle as one that was rolled back."""
    good = taught(stores, stores.runs.all()[-1], "better")
    run, champion = stores.runs.all()[-1], stores.ledger.entries()[-1]
    entry = {**champion, "from": save(stores, run, good), "kind": "rolled back"}
    stores.ledger.append({key: entry[key] for key in entry if key not in ("number", "previous")}, after=1)
    return at_the_gate(stores, good)


CASES: dict[str, tuple[Callable[[Stores], dict[str, Any]], str | None]] = {
    "equal, on newer data": (of("champion"), None),
    "better": (of("better"), None),
    "worse": (of("worse"), "not worse than the champion: -0."),
    "better, but not for the black customers": (of("less black"), "case colour: black: -0."),
    "constant": (lambda stores: changed(stores, Curve((0.0, 1.0), (0.3, 0.3 - 1e-6))), "not constant: "),
    "not a number": (lambda stores: changed(stores, Curve((0.0, 1.0), (0.1, np.nan))), "probabilities are numbers"),
    "miscalibrated": (miscalibrated, "calibrated: 0."),
    "beaten by a baseline": (beaten, "not worse than decayed_frequency: -0."),
    "cannot be loaded": (unloadable, "serves in a clean process: bundle"),
    "rolled back before": (went_back, "not rolled back before: it failed in service"),
}


@pytest.mark.parametrize("name", CASES)
def test_only_the_equal_and_the_better_candidate_pass_and_a_refusal_names_its_reason(stores: Stores, name: str) -> None:
    candidate, reason = CASES[name]
    found = candidate(stores)
    run = stores.runs.all()[-1]
    report, page = json.loads((run.folder / "gate.json").read_text()), (run.folder / "gate.html").read_text()
    assert found["promoted"] is report["passed"] is (reason is None), report
    if reason:
        assert any(said.startswith(reason) for said in found["refused"]), found["refused"]
        assert ">refused<" in page
        assert stores.ledger.entries()[-1]["by"] == "a test"


def test_who_is_worse_in_one_case_only_is_refused_for_it_alone(stores: Stores) -> None:
    found = of("less black")(stores)
    assert all(said.startswith("case ") for said in found["refused"]), found["refused"]
    report = stores.runs.all()[-1].recall("gate")
    margins = {check["name"]: check["value"] for check in report["checks"]}
    assert margins["not worse than the champion"] > 0.01
    assert margins["case all pairs"] > 0.01
