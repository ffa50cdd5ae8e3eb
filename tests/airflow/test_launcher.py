"""What starts Airflow: what it refuses before it starts anything, and that nothing outlives it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.airflow.scheduler import LAUNCHER, PYTHON
from tests.stores.server import free_port

SEMANA = str(Path(sys.executable).parent / "semana")
# A process that sleeps in a session of its own, guarded by one that waits to be killed.
GUARDED = """
import subprocess, sys, time
sys.path.insert(0, sys.argv[1])
import standalone
guard = standalone.guarded()
sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
guard(sleeper.pid)
print(sleeper.pid, flush=True)
time.sleep(600)
"""


def refused(home: Path, **settings: str) -> str:
    """What the launcher says where it ends at once."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SEMANA", "AIRFLOW"))}
    given = {"AIRFLOW_HOME": str(home), "AIRFLOW__API__PORT": str(free_port()), "SEMANA_BIN": SEMANA, **settings}
    done = subprocess.run(
        [str(PYTHON), str(LAUNCHER)], env={**clean, **given}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    return done.stdout


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"AIRFLOW__API__PORT": "notaport"}, "AIRFLOW__API__PORT is 'notaport': a port was expected"),
        ({"AIRFLOW__API__PORT": "70000"}, "AIRFLOW__API__PORT is '70000': a port was expected"),
        ({"SEMANA_BIN": "/nowhere/semana"}, "SEMANA_BIN is '/nowhere/semana', which cannot be started"),
        ({"SEMANA_BIN": "/bin/true"}, "SEMANA_BIN is '/bin/true', which is not semana"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_starts(tmp_path: Path, settings: dict[str, str], says: str) -> None:
    assert says in refused(tmp_path / "airflow", **settings)
    assert not (tmp_path / "airflow").exists()


def test_two_do_not_work_in_one_folder_which_is_private(tmp_path: Path) -> None:
    home = tmp_path / "airflow"
    home.mkdir()
    with (home / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert f"Another Airflow works in {home}" in refused(home)
    assert home.stat().st_mode & 0o777 == 0o700
    assert not (home / "passwords.json").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_is_guarded_ends_with_who_began_it_however_that_ends(how: signal.Signals) -> None:
    call = [str(PYTHON), "-c", GUARDED, str(LAUNCHER.parent)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        sleeper = psutil.Process(int(process.stdout.readline()))
        left = psutil.Process(process.pid).children()
        process.send_signal(how)
    assert sleeper in left
    assert len(left) == 2
    assert psutil.wait_procs(left, timeout=5)[1] == []
