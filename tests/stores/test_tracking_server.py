"""MLflow as a server of another user: told over HTTP alone, looked at before it is trusted, and away without harm."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from semana.errors import ServiceUnavailable
from semana.stores.mlflow_server import TrackingRefused, client_version
from semana.stores.tracking import Mlflow
from tests.stores import told
from tests.stores.server import NOBODY, answering, free_port, mlflow_server

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Path]]:
    with mlflow_server("--artifacts-destination", "{folder}/artifacts") as started:
        yield started


@pytest.fixture
def tracking(server: tuple[str, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Mlflow:
    """Each test has an experiment and a registered model of its own."""
    return Mlflow(tmp_path / "mlflow", uri=server[0], name=request.node.name[:60].replace("[", " ").replace("]", ""))


def test_a_training_is_told_over_http_and_its_files_belong_to_the_server(
    tracking: Mlflow, server: tuple[str, Path], tmp_path: Path
) -> None:
    told.train(tracking, tmp_path)
    (run,) = told.runs_of(tracking)
    assert (run.info.status, run.data.metrics["f1"]) == ("FINISHED", 0.6)
    assert "system/cpu_utilization_percentage" in run.data.metrics
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    files = [path for path in (server[1] / "artifacts").rglob(f"{run.info.run_id}/**/*") if path.is_file()]
    assert {path.name for path in files} == {"training.html", *told.FILES}
    assert {path.stat().st_uid for path in files} == {NOBODY}
    assert os.geteuid() != NOBODY
    assert not (tmp_path / "mlflow").exists()


def test_versions_and_aliases_are_those_of_the_ledger_and_are_mended(tracking: Mlflow, tmp_path: Path) -> None:
    told.train(tracking, tmp_path)
    served = told.served(tmp_path, "b1", "b2")
    aliases = {"champion": "b2", "previous": "b1"}
    tracking.project(served, aliases)
    right = {"champion": ("1.0.1", "b2"), "previous": ("1.0.0", "b1")}
    assert told.shown(tracking) == right
    assert told.artifacts(tracking, "champion") == told.artifacts(tracking, "previous") == sorted(told.FILES)
    client = told.client_of(tracking)
    client.delete_model_version(tracking.name, client.get_model_version_by_alias(tracking.name, "champion").version)
    client.set_registered_model_alias(tracking.name, "challenger", "1")
    assert "no version is challenger" in str(tracking.project(served, aliases))
    assert told.shown(tracking) == right
    assert str(tracking.project(served, aliases)) == "up to date"


def test_a_server_that_would_have_artifacts_written_to_its_own_path_is_refused_until_it_is_mended(
    tmp_path: Path,
) -> None:
    with mlflow_server("--default-artifact-root", "{folder}/artifacts") as (uri, folder):
        for _ in range(2):
            with pytest.raises(TrackingRefused, match="--artifacts-destination DIR instead of"):
                Mlflow(tmp_path, uri=uri, name="semana").ready()
        left = told.client_of(Mlflow(tmp_path, uri=uri, name="semana"))
        assert left.get_experiment_by_name("semana") is None
        assert not (folder / "artifacts").exists()


def test_another_version_is_refused_with_the_way_out() -> None:
    with answering(200, "3.16.0") as uri, pytest.raises(TrackingRefused) as refused:
        Mlflow(Path("nowhere"), uri=uri, name="semana").ready()
    assert f"is 3.16.0, our client is {client_version()}" in str(refused.value)
    assert f"Install mlflow=={client_version()} at the server" in str(refused.value)


def test_a_server_with_log_in_tells_its_version_to_the_user_of_the_address() -> None:
    login = "Basic " + base64.b64encode(b"semana:a/b@c").decode()
    with answering(200, client_version(), login=login) as uri:
        place = uri.removeprefix("http://")
        assert "MLflow" in Mlflow(Path("nowhere"), uri=f"http://semana:a%2Fb%40c@{place}", name="semana").says()
        with pytest.raises(TrackingRefused, match="401"):
            Mlflow(Path("nowhere"), uri=uri, name="semana").says()


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (200, "<html>a shop</html>", TrackingRefused, "of no known version"),
        (403, "Invalid Host header", TrackingRefused, "MLFLOW_SERVER_ALLOWED_HOSTS"),
        (401, "who are you", TrackingRefused, "user and password"),
        (502, "bad gateway", ServiceUnavailable, "Try again later"),
    ],
)
def test_what_is_no_server_to_talk_to_is_told_apart(status: int, body: str, error: type[Exception], says: str) -> None:
    with answering(status, body) as uri, pytest.raises(error, match=says):
        Mlflow(Path("nowhere"), uri=uri, name="semana").ready()


def test_a_server_that_is_down_is_found_out_in_seconds_and_once() -> None:
    tracking = Mlflow(Path("nowhere"), uri=f"http://127.0.0.1:{free_port()}", name="semana")
    began = time.perf_counter()
    with pytest.raises(ServiceUnavailable, match=r"does not answer .*refused"):
        tracking.ready()
    assert time.perf_counter() - began < 5
    began = time.perf_counter()
    with pytest.raises(ServiceUnavailable):
        tracking.project([], {})
    assert time.perf_counter() - began < 0.5


def test_a_server_that_takes_the_call_and_says_nothing_is_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semana.stores.mlflow_server._SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(ServiceUnavailable, match="does not answer"):
            Mlflow(Path("nowhere"), uri=f"http://127.0.0.1:{silent.getsockname()[1]}", name="semana").ready()


@pytest.mark.timeout(20)
def test_a_server_that_trickles_is_away_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semana.stores.mlflow_server._SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_trickle, args=(server,), daemon=True).start()
        began = time.monotonic()
        with pytest.raises(ServiceUnavailable, match=r"does not answer within 0\.5 s"):
            Mlflow(Path("nowhere"), uri=f"http://127.0.0.1:{server.getsockname()[1]}", name="semana").ready()
    assert time.monotonic() - began < 5


def _trickle(server: socket.socket) -> None:
    """An answer of which a letter comes every tenth of a second, to each of the two tries."""
    for _ in range(2):
        with contextlib.suppress(OSError), server.accept()[0] as call:
            for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 20:
                call.sendall(bytes([letter]))
                time.sleep(0.1)


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:///mlflow.db",
        "databricks",
        "/some/where",
        "bob:hushhush@mlflow:5000",
        "http://bob:hush/hush@mlflow:5000",
        "http://bob:1/hush@mlflow:5000",
        "http://mlflow:99999",
        "http://mlflow:abc",
        "http://bob:hushhush@[::1/",
        "http://",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_and_tells_no_secret(uri: str) -> None:
    with pytest.raises(TrackingRefused, match="MLFLOW_TRACKING_URI is no address of a server") as refused:
        Mlflow(Path("nowhere"), uri=uri, name="semana").ready()
    assert "hush" not in str(refused.value)
    assert "bob" not in str(refused.value)


def test_no_message_tells_the_password(server: tuple[str, Path]) -> None:
    inside = Mlflow(Path("nowhere"), uri=server[0].replace("//", "//ana:secret@"), name="semana")
    assert inside.says() == f"{server[0]}, MLflow {client_version()}"
    with pytest.raises(TrackingRefused) as refused:
        raise inside._refusal(400, RuntimeError(f"{inside.server}/api said no to //ana:secret@"))
    assert "secret" not in str(refused.value)
    tracking = Mlflow(Path("nowhere"), uri=f"http://ana:secret@127.0.0.1:{free_port()}", name="semana")
    with pytest.raises(ServiceUnavailable) as away:
        tracking.ready()
    assert "secret" not in str(away.value)
    assert "ana" not in str(away.value)
