"""The golden set's life: frozen by a promotion, never a label, damaged, accepted, made anew, grown old."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from semana.data.frames import Frame, collected
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.pipeline import golden, train
from semana.pipeline.golden import create, golden_checks, shown
from semana.pipeline.labels import LabelWeeks
from semana.pipeline.order import Order
from semana.pipeline.weekly import run_step
from semana.stores.home import Stores
from semana.stores.runs import Run
from tests import shop
from tests.pipeline.living import NOW, RULES, deliver, made, reopened, run

KNOWN = 28
TARGET = shop.FIRST + KNOWN
LONG = RULES | {r"history_weeks: \d+": "history_weeks: 3", r"mode: enforce": "mode: enforce"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose first promotion froze a golden set."""
    stores = made(tmp_path_factory.mktemp("golden"), params=LONG, weeks=KNOWN)
    assert run(stores, TARGET)["model_version"] == "1.0.0"
    return stores.home


@pytest.fixture
def stores(folder: Path, tmp_path: Path) -> Stores:
    shutil.copytree(folder.parent / "files", tmp_path / "files")
    return reopened(Path(shutil.copytree(folder, tmp_path / "home")))


def the_set(stores: Stores) -> Path:
    return stores.home / "golden" / "sets" / str(stores.golden.entries()[-1]["set"])


def labels(run: Run) -> set[str]:
    return {week for weeks in run.recall("race")["weeks"].values() for week in weeks}


def next_run(stores: Stores) -> dict[str, object]:
    deliver(stores, TARGET)
    return run(stores, TARGET + 1, "always")


def test_the_first_promotion_freezes_a_set_whose_weeks_taught_nobody(stores: Stores) -> None:
    lock = stores.golden.lock()
    assert lock is not None
    assert len(lock["weeks"]) == 6
    assert not set(lock["weeks"]) & labels(stores.runs.all()[-1])
    assert stores.golden.entries()[0]["reason"] == "the promotion of 1.0.0"
    assert {"all pairs", "colour: black", "colour: white", "explore purchases", "largest"} <= set(lock["cases"])
    assert all(case["pairs"] >= 300 for case in lock["cases"].values())
    assert collected(stores.golden.tables()["purchases"])["week"].max() == Week.parse(lock["weeks"][-1]).index


def test_the_next_challenger_is_judged_on_every_case_and_learns_from_no_golden_week(stores: Stores) -> None:
    summary = next_run(stores)
    assert summary["model_version"] == "1.0.1"
    lock, later = stores.golden.lock(), stores.runs.all()[-1]
    assert lock is not None
    assert not set(lock["weeks"]) & labels(later)
    checks = {check["name"]: check for check in later.recall("gate")["checks"]}
    assert {f"case {name}" for name in lock["cases"]} <= set(checks)
    assert len(stores.golden.entries()) == 1


def test_scrambled_labels_of_golden_weeks_leave_the_models_id_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = {r"race: \[.*\]": "race: [boosting]", r" trees: \d+": " trees: 10", r"trials: \d+": "trials: 0"}
    found = []
    for name in ("true", "scrambled"):
        stores = made(tmp_path / name, params=LONG | learned, weeks=KNOWN)
        if name == "scrambled":
            _scramble(monkeypatch)
        run(stores, TARGET)
        race = stores.runs.all()[-1].recall("race")
        found.append((race["judged"], race["bundle"]))
    assert found[0] == found[1]


def _scramble(monkeypatch: pytest.MonkeyPatch) -> None:
    class Scrambled(LabelWeeks):
        def _pairs(self, week: Week, *args: Any) -> Frame:
            weeks = golden.plan_of(self._stores, train.totals_of(self._run, self._stores)).weeks
            assert weeks
            frame = super()._pairs(week, *args)
            return frame.with_columns(~nw.col("bought")) if week in weeks else frame

    monkeypatch.setattr(train, "LabelWeeks", Scrambled)


def change_a_table(place: Path) -> str:
    rows = pl.read_parquet(place / "purchases.parquet")
    rows.with_columns(pl.col("quantity") + 1).write_parquet(place / "purchases.parquet")
    return "purchases.parquet"


def cut_off(place: Path) -> str:
    (place / "weeks.parquet").write_bytes((place / "weeks.parquet").read_bytes()[:-9])
    return "weeks.parquet"


def remove(place: Path) -> str:
    (place / "customers.parquet").unlink()
    return "customers.parquet"


def widen_a_tolerance(place: Path) -> str:
    lock = json.loads((place / "lock.json").read_text())
    lock["cases"]["all pairs"]["tolerance"] = 1.0
    (place / "lock.json").write_text(json.dumps(lock))
    return "lock.json"


def plant(place: Path) -> str:
    (place / "more.parquet").write_bytes(b"")
    return "more.parquet"


def break_the_chain(place: Path) -> str:
    (place.parents[1] / "00000001.json").write_text("{}")
    return "00000001.json"


@pytest.mark.parametrize("damage", [change_a_table, cut_off, remove, widen_a_tolerance, plant, break_the_chain])
def test_a_damaged_set_refuses_the_challenger_and_the_champion_predicts(
    stores: Stores, damage: Callable[[Path], str], caplog: pytest.LogCaptureFixture
) -> None:
    lock = stores.golden.lock()
    assert lock is not None
    name = damage(the_set(stores))
    summary = next_run(stores)
    assert summary["model_version"] == "1.0.0"
    assert summary["published"] == f"{TARGET + 1} rev 1"
    assert name in str(summary["refused"])
    assert "the golden set is damaged" in caplog.text
    assert not set(lock["weeks"]) & labels(stores.runs.all()[-1])


@pytest.mark.parametrize("damage", [change_a_table, widen_a_tolerance])
def test_a_change_that_was_meant_is_accepted_with_its_reason(stores: Stores, damage: Callable[[Path], str]) -> None:
    damage(the_set(stores))
    with pytest.raises(ContractError, match="semana golden accept"):
        shown(stores)
    stores.golden.accept(when="2026-01-01", reason="one customer's lines were wrong")
    assert [change["reason"] for change in shown(stores)["changes"]][1:] == ["one customer's lines were wrong"]
    assert next_run(stores)["refused"] == []


def test_what_is_no_change_or_no_set_is_not_accepted(stores: Stores) -> None:
    with pytest.raises(ContractError, match="no change to accept"):
        stores.golden.accept(when="2026-01-01", reason="why")
    cut_off(the_set(stores))
    with pytest.raises(ContractError, match="no whole set is there"):
        stores.golden.accept(when="2026-01-01", reason="why")


def test_a_set_made_anew_counts_from_then_on_and_the_old_weeks_stay_no_labels(stores: Stores) -> None:
    before = stores.golden.weeks()
    deliver(stores, TARGET)
    run_step("prepare", stores, Order(NOW, as_of=(TARGET + 1).start))
    entry = create(stores.runs.all()[-1], stores, reason="a new shop")
    assert stores.golden.lock()["frozen"] == str(TARGET + 1)  # type: ignore[index]
    assert stores.golden.weeks() == before | {Week.parse(week) for week in entry["weeks"]}


def test_a_short_history_has_no_set_yet_and_the_gate_says_so_and_holds(living: Stores) -> None:
    assert living.golden.entries() == []
    last = living.runs.all()[-1]
    checks = {check["name"]: check for check in last.recall("gate")["checks"]}
    assert checks["golden set as locked"]["passed"]
    assert "no set yet" in checks["golden set as locked"]["says"]
    with pytest.raises(ContractError, match="too short a history"):
        create(last, living, reason="why not")


def test_an_old_set_warns_and_holds(stores: Stores) -> None:
    last, entry = stores.runs.all()[-1], stores.ledger.entries()[-1]
    later = Run(**{**vars(last), "week": TARGET + 53})
    checks = {check.name: check for check in golden_checks(later, stores, challenger=entry["to"], champion=entry)}
    young = checks["golden set young enough"]
    assert (young.passed, young.warns, young.value) == (True, True, 53.0)
    assert "semana golden create" in young.says


def test_weeks_that_the_champion_learned_from_do_not_count(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    last, entry, lock = stores.runs.all()[-1], stores.ledger.entries()[-1], stores.golden.lock()
    assert lock is not None
    recipe = stores.bundles.recipe(entry["to"])
    seen = Week.parse(lock["weeks"][0])
    monkeypatch.setattr(
        type(stores.bundles),
        "recipe",
        lambda *_: type(recipe)(**{**vars(recipe), "fit_weeks": tuple(map(str, [seen, *map(str, lock["weeks"])]))}),
    )
    checks = golden_checks(last, stores, challenger=entry["to"], champion=entry)
    assert checks[-1].says == "the champion, made before the set, has learned from every golden week"


def test_what_is_kept_is_made_again_where_it_was_damaged(stores: Stores) -> None:
    entry, lock = stores.ledger.entries()[-1], stores.golden.lock()
    assert lock is not None
    first = golden.figures_of(stores, lock, entry["to"], lock["weeks"])
    kept = list((stores.home / "golden" / "cache").glob("*/*.json"))
    assert len(kept) == 1
    kept[0].write_text("{}")
    for rows in (stores.home / "golden" / "cache").glob("*/rows-*.parquet"):
        rows.write_bytes(b"x")
    assert golden.figures_of(stores, lock, entry["to"], lock["weeks"]) == first
