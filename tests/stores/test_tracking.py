"""MLflow in the home: trainings are told, the registry shows the ledger, and what is lost is mended."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from semana.errors import ServiceUnavailable
from semana.stores.mlflow_server import TrackingRefused
from semana.stores.tracking import AWAY, Mlflow
from tests.stores import told

ALIASES = {"champion": "b2", "previous": "b1", "challenger": "b3"}


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's files with one training, made once: its thirty migrations take a second."""
    folder = tmp_path_factory.mktemp("made")
    told.train(Mlflow(folder / "mlflow", uri=None, name="semana"), folder)
    return folder


@pytest.fixture
def home(_made_once: Path, tmp_path: Path) -> Path:
    """The same files elsewhere."""
    return Path(shutil.copytree(_made_once, tmp_path / "home"))


def opened(home: Path) -> Mlflow:
    return Mlflow(home / "mlflow", uri=None, name="semana")


def project(home: Path) -> str:
    first, second = told.served(home, "b1", "b2")
    (third,) = told.served(home, "b3")
    return str(opened(home).project([first, second, third], ALIASES))


def test_a_training_is_a_finished_run_with_all_that_was_told(home: Path) -> None:
    (run,) = told.runs_of(opened(home))
    assert run.info.status == "FINISHED"
    assert run.data.params == told.FACTS["params"]
    assert run.data.tags.items() >= {**told.FACTS["tags"], "semana.run": "2025-W03-0001"}.items()
    assert [(each.dataset.name, each.dataset.digest) for each in run.inputs.dataset_inputs] == [
        ("purchases", "0123456789abcdef")
    ]
    client = told.client_of(opened(home))
    history = client.get_metric_history(run.info.run_id, "f1")
    assert sorted((each.step, each.value) for each in history) == [(202501, 0.5), (202502, 0.6)]
    assert {each.path for each in client.list_artifacts(run.info.run_id)} == {"bundle", "training.html"}


def test_a_training_tells_what_it_took_of_the_machine(home: Path) -> None:
    (run,) = told.runs_of(opened(home))
    metrics = run.data.metrics
    assert {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"} <= set(metrics)
    assert metrics["process/peak_memory_mib"] >= metrics["process/memory_mib"] > 10
    assert metrics["process/wall_seconds"] > 0
    assert metrics["process/cpu_seconds"] >= 0


def test_a_training_that_fails_is_told_as_failed_and_raises_its_own_error(home: Path) -> None:
    with pytest.raises(ZeroDivisionError), opened(home).training("fails", {}):
        _ = 1 / 0
    assert told.runs_of(opened(home))[0].info.status == "FAILED"


def test_a_training_that_was_killed_is_closed_by_the_next(home: Path) -> None:
    tracking = opened(home)
    killed = tracking.training("killed", {})
    killed.__enter__()
    tracking = opened(home)
    told.train(tracking, home)
    assert [run.info.status for run in told.runs_of(tracking)] == ["FINISHED", "KILLED", "FINISHED"]
    killed.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


def test_the_registry_shows_who_served_and_who_serves(home: Path) -> None:
    said = project(home)
    assert "1.0.0 (b1) registered as version 1" in said
    assert told.shown(opened(home)) == {
        "champion": ("1.0.1", "b2"),
        "previous": ("1.0.0", "b1"),
        "challenger": ("1.0.0", "b3"),
    }


def test_the_version_of_a_training_is_that_trainings_artifacts(home: Path) -> None:
    project(home)
    client = told.client_of(opened(home))
    version = client.get_model_version_by_alias("semana", "previous")
    trained = told.runs_of(opened(home))[-1]
    assert version.run_id == trained.info.run_id
    assert version.source == f"{trained.info.artifact_uri}/bundle"


def test_a_version_holds_the_bundles_plain_files_and_no_code_to_load(home: Path) -> None:
    project(home)
    assert {alias: told.artifacts(opened(home), alias) for alias in ALIASES} == dict.fromkeys(
        ALIASES, sorted(told.FILES)
    )


def test_an_alias_that_nobody_has_any_more_goes(home: Path) -> None:
    project(home)
    opened(home).project(told.served(home, "b1", "b2"), {"champion": "b2", "previous": "b1"})
    assert set(told.shown(opened(home))) == {"champion", "previous"}


def test_the_same_again_changes_nothing(home: Path) -> None:
    project(home)
    assert project(home) == "up to date"
    assert len(told.client_of(opened(home)).search_model_versions("name = 'semana'")) == 3


def _delete_champion(home: Path) -> None:
    client = told.client_of(opened(home))
    client.delete_model_version("semana", client.get_model_version_by_alias("semana", "champion").version)


def _move_alias(home: Path) -> None:
    client = told.client_of(opened(home))
    wrong = client.get_model_version_by_alias("semana", "previous").version
    client.set_registered_model_alias("semana", "champion", wrong)


def _delete_aliases(home: Path) -> None:
    for alias in ALIASES:
        told.client_of(opened(home)).delete_registered_model_alias("semana", alias)


def _delete_model(home: Path) -> None:
    told.client_of(opened(home)).delete_registered_model("semana")


def _delete_experiment(home: Path) -> None:
    client = told.client_of(opened(home))
    client.delete_experiment(client.get_experiment_by_name("semana").experiment_id)


def _delete_runs(home: Path) -> None:
    for run in told.runs_of(opened(home)):
        told.client_of(opened(home)).delete_run(run.info.run_id)


def _retag(home: Path) -> None:
    client = told.client_of(opened(home))
    version = client.get_model_version_by_alias("semana", "champion").version
    client.set_model_version_tag("semana", version, "semana.version", "9.9.9")


def _lose_artifacts(home: Path) -> None:
    shutil.rmtree(home / "mlflow" / "artifacts")


def _lose_everything(home: Path) -> None:
    shutil.rmtree(home / "mlflow")


def _restore_an_old_one(home: Path) -> None:
    shutil.rmtree(home / "mlflow")
    opened(home).project(told.served(home, "b1"), {"champion": "b1"})


@pytest.mark.parametrize(
    "tamper",
    [
        _delete_champion,
        _move_alias,
        _delete_aliases,
        _delete_model,
        _delete_experiment,
        _delete_runs,
        _retag,
        _lose_artifacts,
        _lose_everything,
        _restore_an_old_one,
    ],
)
def test_whatever_is_done_to_the_registry_the_next_run_mends(home: Path, tamper: Callable[[Path], None]) -> None:
    project(home)
    right = told.shown(opened(home))
    tamper(home)
    project(home)
    assert told.shown(opened(home)) == right
    assert {alias: told.artifacts(opened(home), alias) for alias in ALIASES} == dict.fromkeys(
        ALIASES, sorted(told.FILES)
    )
    assert project(home) == "up to date"


def test_what_cannot_be_mended_is_said_and_the_rest_is_mended(home: Path) -> None:
    first, second = told.served(home, "b1", "b2")
    gone = type(second)(second.bundle, None, second.tags, second.says)
    change = opened(home).project([first, gone], {"champion": "b2", "previous": "b1"})
    assert change.cannot == ["1.0.1 (b2) is registered no more, and its files left the home"]
    assert told.shown(opened(home)) == {"previous": ("1.0.0", "b1")}


def test_an_unchanged_home_is_up_to_date_without_asking_mlflow(home: Path) -> None:
    project(home)
    tracking = opened(home)
    tracking._away = ServiceUnavailable("nobody is to be asked")
    first, second = told.served(home, "b1", "b2")
    (third,) = told.served(home, "b3")
    assert str(tracking.project([first, second, third], ALIASES)) == "up to date"
    with pytest.raises(ServiceUnavailable, match="nobody is to be asked"):
        tracking.project([first, second], {"champion": "b1"})


def test_a_home_that_was_moved_takes_its_artifacts_along(home: Path, tmp_path: Path) -> None:
    project(home)
    moved = Path(shutil.move(home, tmp_path / "moved"))
    told.train(opened(moved), moved)
    assert not home.exists()
    assert told.artifacts(opened(moved), "champion") == sorted(told.FILES)
    version = told.client_of(opened(moved)).get_model_version_by_alias("semana", "champion")
    assert version.source.startswith(str(moved))


def test_a_damaged_database_is_refused_with_the_way_out(home: Path) -> None:
    (home / "mlflow" / "mlflow.db").write_bytes(b"no database at all, " * 500)
    with pytest.raises(TrackingRefused, match=r"mlflow\.db is damaged .* move the folder mlflow/ away"):
        opened(home).ready()
    with pytest.raises(TrackingRefused, match="damaged"):
        opened(home).says()
    _lose_everything(home)
    project(home)


@pytest.mark.parametrize("kept", [100, 4096, 40_000])
def test_however_a_database_is_damaged_only_mlflow_is_away(home: Path, kept: int) -> None:
    project(home)
    database = home / "mlflow" / "mlflow.db"
    whole = database.read_bytes()
    database.write_bytes(whole[:kept] + np.random.default_rng(kept).bytes(len(whole) - kept))
    with pytest.raises(AWAY):
        project(home)
    with pytest.raises(AWAY):
        opened(home).says()


def test_without_a_server_nothing_goes_over_the_network(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    told.train(opened(home), home)
    project(home)


def test_doctor_is_told_where_it_is(home: Path, tmp_path: Path) -> None:
    assert opened(home).says().startswith("in the home, ")
    assert opened(tmp_path / "empty").says() == "in the home, nothing yet"
