"""The command line as a child: its log streamed, its last line read, and no orphan left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from semana_airflow.command import Command, tell_people

PARENT = """
import sys
sys.path[:0] = [{dags!r}]
from semana_airflow.command import Command
Command([sys.executable, "-c", "import time; print('there', flush=True); time.sleep(60)"]).run(print)
"""


def script(text: str) -> Command:
    return Command([sys.executable, "-c", text])


def test_its_log_is_told_line_by_line_and_its_last_line_read() -> None:
    told: list[str] = []
    command = script("import sys; print('x'); print('{\"rows\": 3}'); print('a', file=sys.stderr); sys.exit(65)")
    command.run(told.append)
    assert (command.code, command.summary, told, command.error) == (65, {"rows": 3}, ["a"], "a")


def test_a_last_line_that_is_no_object_is_no_summary() -> None:
    command = script("print('[1]')")
    command.run(print)
    assert (command.code, command.summary) == (0, {})


def test_secrets_and_paths_of_airflow_are_not_handed_on() -> None:
    given = {"AIRFLOW__CORE__FERNET_KEY": "x", "PYTHONPATH": "y", "SEMANA_HOME": "z", "PATH": os.defpath}
    command = Command([sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"], environment=given)
    command.run(print)
    assert {name for name in command.summary if name in given} == {"SEMANA_HOME", "PATH"}


def test_a_parent_that_is_killed_takes_its_command_along() -> None:
    program = PARENT.format(dags=str(Path(__file__).resolve().parents[2] / "dags"))
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while not (children := psutil.Process(parent.pid).children()):
        assert time.monotonic() < until
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_one_that_ignores_a_polite_end_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semana_airflow.command._PATIENCE", 0.5)
    command = script(
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', file=sys.stderr, flush=True); time.sleep(60)"
    )
    command.run(lambda _: threading.Thread(target=command.end).start())
    assert command.code == -signal.SIGKILL


def test_telling_people_never_fails(tmp_path: Path) -> None:
    tell_people(str(tmp_path / "not there"), "kind", "says", key="k")
    tell_people("false", "kind", "says", key="k")
