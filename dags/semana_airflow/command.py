"""The command line as a child of a task: its log streamed, its last line read, no orphan left whoever is killed."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import IO, Any

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2): PR_SET_PDEATHSIG
_PATIENCE = 10.0  # seconds between a polite end and a certain one
# Secrets and paths of Airflow's own, which are nothing to the command.
_OURS = ("AIRFLOW", "_AIRFLOW", "PYTHON", "VIRTUAL_ENV")
_log = logging.getLogger(__name__)


class Command:
    """One call of the command line, in a process group of its own that dies with this process."""

    def __init__(self, words: Iterable[str], *, environment: Mapping[str, str] = os.environ) -> None:
        self.words = list(words)
        self.code = 0
        self.said = ""
        self.error = ""
        self._environment = {name: value for name, value in environment.items() if not name.startswith(_OURS)}
        self._process: subprocess.Popen[str] | None = None

    def run(self, tell: Callable[[str], None]) -> None:
        """Runs it to its end; `tell` gets every line of its log. Then `code`, `said` and `error` are known."""
        with subprocess.Popen(
            self.words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            text=True,
            errors="replace",
            process_group=0,
            preexec_fn=dies_with(os.getpid()),
        ) as self._process:
            assert self._process.stdout
            assert self._process.stderr
            reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
            reader.start()
            try:
                for line in self._process.stderr:
                    self.error = line.strip() or self.error
                    tell(line.rstrip())
            except BaseException:
                self.end()
                raise
            finally:
                reader.join()
        self.code = self._process.returncode

    def end(self) -> None:
        """Ends the process and its group: politely, and after a while for certain."""
        if self._process is None or self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON object on its last line; empty where it is none."""
        try:
            found = json.loads(self.said)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.said = line.strip() or self.said


def dies_with(parent: int) -> Callable[[], None]:
    """A function that asks the kernel to kill this process when `parent`, its parent, dies, however that happens.

    Only Linux can; elsewhere it does nothing.
    """
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return lambda: None

    def ask() -> None:
        prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it died before it was asked
            os.kill(os.getpid(), signal.SIGKILL)

    return ask


def tell_people(bin_: str, kind: str, says: str, *, key: str) -> None:
    """Sends an alert over the home's own channels, once for a key; whatever happens, the caller goes on."""
    command = Command([bin_, "alert", kind, says, "--key", key])
    try:
        command.run(_log.info)
    except OSError as err:
        _log.warning("nobody was told of '%s': %s", kind, err)
        return
    if command.code:
        _log.warning("nobody was told of '%s': %s", kind, command.error)
