"""MLflow beside the weekly run: told of what was trained and what serves, and away without harm to the list."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import semana as semana_package
from semana.errors import ServiceUnavailable
from semana.pipeline import train
from semana.stores.registry import Change, Served
from semana.stores.tracking import Training
from tests.journey.command import semana, summary
from tests.journey.conftest import TARGET
from tests.stores.home import ROOT
from tests.stores.server import answering, free_port, mlflow_server
from tests.stores.told import runs_of, shown

AS_OF = ("--as-of", str(TARGET.start))
AGAIN = (*AS_OF, "--reason", "again")


@pytest.fixture
def quick(home: Path) -> Path:
    """A home in which nothing is tuned and two rules race."""
    text = (ROOT / "params.yaml").read_text()
    text = text.replace("personal_frequency, boosting]", "personal_frequency]").replace("trials: 10", "trials: 0")
    (home / "params.yaml").write_text(text)
    return home


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers where MLflow should be."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")


class Fake:
    """Whoever is told of trainings, in memory; away while `lost`."""

    def __init__(self) -> None:
        self.lost = False
        self.told: list[Mapping[str, Any]] = []

    def ready(self) -> None: ...

    @contextlib.contextmanager
    def training(self, title: str, tags: Mapping[str, str]) -> Iterator[Training]:
        yield self

    def log(self, facts: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
        if self.lost:
            raise ServiceUnavailable("gone in between")
        self.told.append(facts)

    def project(self, served: Sequence[Served], aliases: Mapping[str, str]) -> Change:
        return Change()

    def says(self) -> str:
        return "in memory"


def test_a_run_tells_mlflow_of_its_training_and_of_who_serves(home: Path) -> None:
    tracking = semana_package.open(home).tracking
    (run,) = runs_of(tracking)
    ledger = semana_package.open(home).ledger.entries()
    assert run.data.tags["semana.bundle"] == ledger[-1]["to"]
    assert run.data.tags["semana.run"] == ledger[-1]["by"]
    assert {"family", "seed", "fit_weeks", "position", "params"} <= set(run.data.params)
    assert {"semana.contract.features", "semana.contract.input", "semana.position"} <= set(run.data.tags)
    assert {"f1", "average_precision", "recent_repeat/f1", "gate/calibration", "gate/ece"} <= set(run.data.metrics)
    assert run.data.metrics["steps/prepare/wall_seconds"] > 0
    assert run.data.metrics["datasets/purchases/written by prepare/rows"] > 1000
    assert {each.dataset.name for each in run.inputs.dataset_inputs} == {"purchases", "customers", "products", "weeks"}
    assert shown(tracking) == {"champion": (ledger[-1]["version"], ledger[-1]["to"])}
    kept = Path(run.info.artifact_uri)
    page = (kept / "training.html").read_text()
    assert all(said in page for said in ("Are the probabilities right?", "Lift", "What moves the scores"))
    assert {path.name for path in (kept / "bundle").iterdir()} == {
        path.name for path in (home / "bundles" / ledger[-1]["to"]).iterdir()
    }


def test_a_lost_mlflow_is_made_again_by_the_next_run_and_serves_nothing(quick: Path) -> None:
    shutil.rmtree(quick / "mlflow")
    before = (quick / "published" / f"week={TARGET}" / "predictions.parquet").read_bytes()
    found = summary(quick, "run", *AGAIN, "--json")
    assert "registered as version 1; champion is version 1" in found["tracking"]
    assert summary(quick, "run", *AGAIN, "--json")["tracking"] == "up to date"
    assert (quick / "published" / f"week={TARGET}" / "predictions.parquet").read_bytes() == before


def test_away_train_and_promote_say_so_and_the_run_goes_on_with_the_champion(quick: Path, away: None) -> None:
    assert json.loads(semana(quick, "decide", *AS_OF, "--retrain", "always").splitlines()[-1])["retrain"]
    for step in ("train", "promote"):
        assert "does not answer" in semana(quick, step, *AS_OF, code=69)
    found = summary(quick, "run", *AGAIN, "--retrain", "always", "--json")
    assert found["tracking"].startswith("away: MLflow at http://127.0.0.1:")
    assert (found["retrained"], found["published"]) == (False, f"{TARGET} rev 1")
    for step in ("predict", "publish"):
        semana(quick, step, *AGAIN)
    said = json.loads((quick / "runs" / found["run"] / "tracking.json").read_text())
    assert (said["event"], said["step"]) == ("tracking away", "promote")


@pytest.mark.timeout(400)
def test_a_server_of_another_user_is_told_until_it_goes_away(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mlflow_server("--artifacts-destination", "{folder}/artifacts") as (uri, folder):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        found = summary(quick, "run", *AGAIN, "--retrain", "always", "--json")
        assert "champion is version" in found["tracking"]
        assert {"training.html", "card.md", "manifest.json"} <= {path.name for path in folder.glob("artifacts/**/*")}
        assert summary(quick, "promote", *AGAIN)["tracking"] == "up to date"
        assert uri in semana(quick, "doctor")
    found = summary(quick, "run", *AGAIN, "--retrain", "always", "--json")
    assert found["tracking"].startswith(f"away: MLflow at {uri}")
    assert "not well: tracking" in semana(quick, "doctor", code=65)


def test_a_server_of_another_version_is_refused_and_the_run_goes_on(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    semana(quick, "decide", *AS_OF, "--retrain", "always")
    with answering(200, "3.16.0") as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        assert "is 3.16.0, our client is" in semana(quick, "train", *AS_OF, code=78)
        found = summary(quick, "run", *AGAIN, "--retrain", "always", "--json")
    assert "is 3.16.0, our client is" in found["tracking"]
    assert found["published"] == f"{TARGET} rev 1"


def test_away_and_without_a_champion_the_run_says_so(quick: Path, away: None) -> None:
    for chain in ("ledger", "published"):
        shutil.rmtree(quick / chain)
        (quick / f"{chain}.head").unlink(missing_ok=True)
    assert "does not answer" in semana(quick, "run", *AGAIN, code=69)


def test_a_training_that_mlflow_did_not_hear_of_is_told_later_and_not_done_again(quick: Path) -> None:
    semana(quick, "decide", *AS_OF, "--retrain", "always")
    fake = Fake()
    stores = replace(semana_package.open(quick), tracking=fake)
    run = stores.runs.all()[-1]
    fake.lost = True
    with pytest.raises(ServiceUnavailable):
        train.run(run, stores)
    kept = (run.folder / "race.json").stat().st_mtime_ns
    fake.lost = False
    assert train.run(run, stores)["trained"]
    assert (run.folder / "race.json").stat().st_mtime_ns == kept
    assert [facts["tags"]["semana.bundle"] for facts in fake.told] == [run.recall("race")["bundle"]]
    train.run(run, stores)
    assert (run.folder / "race.json").stat().st_mtime_ns > kept


def test_a_training_under_other_params_is_done_again(quick: Path) -> None:
    semana(quick, "decide", *AS_OF, "--retrain", "always")
    fake = Fake()
    stores = replace(semana_package.open(quick), tracking=fake)
    run = stores.runs.all()[-1]
    fake.lost = True
    with pytest.raises(ServiceUnavailable):
        train.run(run, stores)
    fake.lost = False
    models = stores.params.models.model_copy(update={"decay": 0.8})
    train.run(run, replace(stores, params=stores.params.model_copy(update={"models": models})))
    assert fake.told[0]["params"]["decay"] == "0.8"


@pytest.mark.parametrize(
    "words", [("--help",), ("predict", *AS_OF), ("publish", *AGAIN), ("list", "--top", "1"), ("run", *AGAIN)]
)
def test_what_serves_never_imports_mlflow(home: Path, words: tuple[str, ...]) -> None:
    """Nor does a run that does not retrain, where nothing has changed since the last one."""
    program = (
        "import sys\n"
        "from semana.cli import app\n"
        f"try: app({['--home', str(home), *words]!r}, standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "sys.exit('mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
