"""A backup of the whole stack, and another stack made from it, in which everything is there."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.conftest import NOW
from tests.stack.stack import Stack
from tests.stack.test_2_lists import list_hash


@pytest.fixture
def restored(listed: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A stack of its own volumes, with the secrets of the other one."""
    engine = {
        name: value for name, value in listed.environment.items() if name.startswith(("DOCKER", "PATH", "COMPOSE_BAKE"))
    }
    found = Stack(engine, tmp_path, "semana-restored", env_file=listed.env_file)
    yield found
    found.compose("--profile", "*", "down", "--volumes", "--timeout", "1", check=False)


def test_a_backup_makes_the_whole_stack_again(listed: Stack, restored: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    under_way = listed.trigger(weak="it fails at once, but not before this")
    assert "a run is under way" in listed.make("backup", str(folder), code=75)
    assert listed.done(under_way) == "failed"
    listed.make("backup", str(folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert "never overwritten" in listed.make("backup", str(folder), code=64)
    before, runs = list_hash(listed), set(listed.runs())
    ledger = listed.api("/v1/ledger")["entries"]
    aliased = "/registered-models/alias?name=semana&alias=champion"
    champion = listed.mlflow(aliased)["model_version"]
    listed.make("down")

    restored.make("restore", str(folder))
    restored.make("up")
    assert restored.week() == str(NOW + 1)
    assert list_hash(restored) == before
    assert restored.api("/v1/ledger")["entries"] == ledger
    assert runs <= set(restored.runs())
    again = restored.mlflow(aliased)["model_version"]
    assert (again["version"], again["run_id"]) == (champion["version"], champion["run_id"])
    path = f"/artifacts/list?run_id={again['run_id']}"
    assert restored.mlflow(path)["files"]
    assert "wrong" not in restored.inside("scheduler", "/opt/semana/bin/semana", "doctor")
    assert "There is a home already" in restored.make("restore", str(folder), code=64)

    damaged = folder / "mlflow.dump"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert "mlflow.dump" in restored.make("restore", str(folder), code=64)
