"""Long work shows a bar on a terminal, and lines in a log."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from semana.pipeline import STEPS
from tests.journey.conftest import TARGET


def said(home: Path, *words: str, terminal: bool) -> str:
    """What a run says on stderr."""
    reads, writes = pty.openpty() if terminal else os.pipe()
    call = [sys.executable, "-m", "semana.cli", "--home", str(home), "run", *words]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=writes, env=env) as process:
        os.close(writes)
        told = b""
        while part := read(reads):
            told += part
        os.close(reads)
    assert process.returncode == 0
    return told.decode()


def read(file: int) -> bytes:
    try:
        return os.read(file, 65536)
    except OSError:  # how a terminal ends
        return b""


def test_a_terminal_is_shown_a_bar_and_a_log_is_not(home: Path) -> None:
    past = ("--week", str(TARGET + -2))
    shown, logged = said(home, *past, terminal=True), said(home, *past, terminal=False)
    assert "━" in shown
    assert f"/{len(STEPS)}" in shown
    assert "INFO" not in shown
    assert "━" not in logged
    assert "\x1b" not in logged
    assert all(f" {step.name}\n" in logged for step in STEPS if step.name in ("prepare", "predict", "publish"))


def test_a_training_says_what_it_does_and_a_log_is_not_flooded(home: Path) -> None:
    logged = said(home, "--as-of", str(TARGET.start), "--retrain", "always", "--reason", "again", terminal=False)
    phases = ("label weeks: ", "learns from ", "the models are judged by ", "learns from all weeks", "its portrait")
    assert [phase for phase in phases if phase not in logged] == []
    assert logged.count("are worked out; weeks so far") < 4
