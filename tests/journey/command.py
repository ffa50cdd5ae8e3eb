"""The command line as a person or a scheduler calls it: a process of its own, its exit code, its last line."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from semana.cli import app, main

_SECONDS = 120
# Processes of a server that has imported already what most commands import: a command starts in a moment.
_READY = get_context("forkserver")
_READY.set_forkserver_preload(["tests.journey.ready"])


def semana(home: Path, *words: str, code: int = 0, stdin: str = "") -> str:
    """Runs `semana --home HOME WORDS`, asserts its exit code, returns what it printed (stdout, else stderr)."""
    done = _done(["--home", str(home), *words], stdin)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr if code else done.stdout


def in_process(home: Path, *words: str) -> None:
    """Runs `semana --home HOME WORDS` in this process, which saves its start; what goes wrong is raised."""
    app(["--home", str(home), *words], standalone_mode=False)


def summary(home: Path, *words: str, stdin: str = "") -> dict[str, Any]:
    """The JSON object on the last line of a command."""
    found: dict[str, Any] = json.loads(semana(home, *words, stdin=stdin).splitlines()[-1])
    return found


def _done(line: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        given, told, failed = (Path(folder) / name for name in ("stdin", "stdout", "stderr"))
        given.write_text(stdin)
        environment = {**os.environ, "COLUMNS": "120"}
        process = _READY.Process(target=_called, args=(line, (given, told, failed), environment, Path.cwd()))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(line, _SECONDS, told.read_text(), failed.read_text())
        return subprocess.CompletedProcess(line, process.exitcode, told.read_text(), failed.read_text())


def _called(line: list[str], streams: tuple[Path, Path, Path], environment: dict[str, str], folder: Path) -> None:
    for number, (path, mode) in enumerate(zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        os.dup2(os.open(path, mode), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["semana", *line]
    try:
        main()
    finally:
        atexit._run_exitfuncs()
