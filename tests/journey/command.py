"""The command line as a person or a scheduler calls it: a process of its own, its exit code, its last line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from semana.cli import app


def semana(
    home: Path, *words: str, code: int = 0, stdin: str = "", program: tuple[str, ...] = ("-m", "semana.cli")
) -> str:
    """Runs `semana --home HOME WORDS`, asserts its exit code, returns what it printed (stdout, else stderr)."""
    call = [sys.executable, *program, "--home", str(home), *words]
    env = {**os.environ, "COLUMNS": "120"}
    done = subprocess.run(call, input=stdin, capture_output=True, text=True, timeout=120, env=env, check=False)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr if code else done.stdout


def in_process(home: Path, *words: str) -> None:
    """Runs `semana --home HOME WORDS` in this process, which saves its start; what goes wrong is raised."""
    app(["--home", str(home), *words], standalone_mode=False)


def summary(home: Path, *words: str, stdin: str = "") -> dict[str, Any]:
    """The JSON object on the last line of a command."""
    found: dict[str, Any] = json.loads(semana(home, *words, stdin=stdin).splitlines()[-1])
    return found
