"""`semana backtest` as a person calls it: what it leaves, what it leaves alone, and what it refuses."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from semana.stores import files
from semana.stores.backtests import save_backtest
from tests.journey.command import in_process, semana
from tests.journey.conftest import KNOWN, TARGET
from tests.stores.home import ROOT

MODELS = ["decayed_frequency", "recent_repeat", "personal_frequency", "boosting"]


def outside(home: Path) -> dict[str, str]:
    """The hash of every file of the home that is no backtest."""
    every = (path for path in sorted(home.rglob("*")) if path.is_file())
    return {str(path): files.sha256(path) for path in every if path.relative_to(home).parts[0] != "backtests"}


def folders(home: Path) -> list[Path]:
    return sorted((home / "backtests").iterdir())


@pytest.fixture
def tested(home: Path) -> tuple[Path, dict[str, Any]]:
    """A home with a backtest of three weeks, and its record."""
    semana(home, "backtest", "--weeks", "3")
    (folder,) = folders(home)
    return home, json.loads((folder / "backtest.json").read_text())


def test_a_backtest_leaves_a_record_and_a_page_and_all_else_as_it_was(home: Path) -> None:
    before = outside(home)
    said = semana(home, "backtest", "--weeks", "3")
    assert outside(home) == before
    (folder,) = folders(home)
    assert sorted(path.name for path in folder.iterdir()) == ["backtest.html", "backtest.json"]
    assert str(folder / "backtest.html") in said.replace("\n", "")


def test_the_record_has_what_its_readers_rely_on(tested: tuple[Path, dict[str, Any]]) -> None:
    home, record = tested
    assert set(record) == {"id", "made_from", "weeks", "models", "best_baseline", "differences", "level"}
    assert record["weeks"] == [str(TARGET + -n) for n in (3, 2, 1)]
    assert folders(home)[0].name == record["id"]
    assert record["made_from"]["models"] == MODELS
    assert record["made_from"]["position"] == KNOWN + 2
    for model in record["models"].values():
        parts = {"mean", "pooled", "weeks", "kinds", "segments", "reliability", "gains", "lift", "importance"}
        assert set(model) == parts
        assert set(model["kinds"]) == {"repeat", "explore"}
        assert set(model["segments"]) == {"largest", "colour: black", "colour: white"}  # no customer is new
        assert model["mean"]["f1"] > 0.8
        assert set(model["pooled"]) == {"calibration", "ece", "covered"}


def test_the_same_backtest_is_the_same_bytes_in_the_same_place(tested: tuple[Path, dict[str, Any]]) -> None:
    home, _ = tested
    (folder,) = folders(home)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    in_process(home, "backtest", "--weeks", "3")
    assert folders(home) == [folder]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_other_params_are_tried_without_touching_what_serves(home: Path, tmp_path: Path) -> None:
    tried = tmp_path / "other.yaml"
    text = (ROOT / "params.yaml").read_text()
    tried.write_text(text.replace("policy: expected_f1", "policy: top_k").replace("top_k: 10", "top_k: 1"))
    before = outside(home)
    semana(home, "backtest", "--weeks", "1", "--params", str(tried))
    in_process(home, "backtest", "--weeks", "1")
    assert outside(home) == before
    records = [json.loads((folder / "backtest.json").read_text()) for folder in folders(home)]
    listed = {
        record["made_from"]["params"]["decision"]["policy"]: record["models"][MODELS[0]]["mean"]["recommended"]
        for record in records
    }
    assert listed["top_k"] == 40
    assert listed["expected_f1"] > 200


def test_one_line_of_json_and_a_folder_of_ones_own(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    said = semana(home, "backtest", "--weeks", "2", "--models", "recent_repeat", "--json", "--out", str(out))
    record = json.loads(said.splitlines()[-1])
    assert list(record["models"]) == ["recent_repeat"]
    assert json.loads((out / "backtest.json").read_text()) == record
    assert (out / "backtest.html").read_text().startswith("<!doctype html>")


def test_business_time_is_kept(home: Path) -> None:
    as_of = TARGET.start + timedelta(days=-8)
    record = json.loads(semana(home, "backtest", "--weeks", "1", "--as-of", str(as_of), "--json").splitlines()[-1])
    assert record["weeks"] == [str(TARGET + -2)]


def test_a_backtest_goes_on_beside_a_weekly_run(home: Path) -> None:
    lease = home / "leases" / "run"
    shutil.rmtree(lease)
    lease.mkdir()
    (lease / "00000001.json").write_text("{}")
    before = outside(home)
    semana(home, "backtest", "--weeks", "1")
    assert outside(home) == before


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--weeks", "40"], 65, f"{KNOWN - 3} can be had"),
        (["--models", "decayed_frequency,oracle"], 64, "'oracle' is unknown; there are: decayed_frequency"),
        (["--params", "gone.yaml"], 78, "gone.yaml: no file"),
        (["--as-of", "2024-09-01"], 65, "no complete week"),
        (["--weeks", "0"], 64, "--weeks"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(home: Path, words: list[str], code: int, says: str) -> None:
    assert says in semana(home, "backtest", *words, code=code)
    assert not (home / "backtests").exists()


def test_bad_params_are_named_with_the_key(home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text((ROOT / "params.yaml").read_text().replace("  decay: 0.9", "  decay: 2"))
    assert "models.decay" in semana(home, "backtest", "--params", str(bad), code=78)
    bad.write_text((ROOT / "params.yaml").read_text().replace("[decayed_frequency,", "[oracle,"))
    assert "params: models.race: model 'oracle'" in semana(home, "backtest", "--params", str(bad), code=78)


def test_an_interrupted_write_leaves_the_old_one_whole(
    tested: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, record = tested
    (folder,) = folders(home)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("replace_bytes", "switch_folder"):
        with monkeypatch.context() as patched:
            patched.setattr(files, step, interrupted)
            with pytest.raises(KeyboardInterrupt):
                save_backtest(home, record["id"] + step, record, "page")
    assert folders(home) == [folder]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
