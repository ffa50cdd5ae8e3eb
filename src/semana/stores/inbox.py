"""The inbox: what the API is told to write, one file a request. The API writes here alone; runs and `watch` take it.

A letter is written in one step and named by its time and request, so that they are taken in the order they came. What
is told twice under the same mark (an order number, an Idempotency-Key) is one letter.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.stores import files

TRANSACTIONS, RESULT, ORDER, ALERT = "transactions", "result", "order", "alert"
TAKEN, REFUSED = "taken", "refused"
_MARK = re.compile(r"([0-9a-f]{64}) (\S+)")  # what it stands for, and its letter
KINDS = (TRANSACTIONS, RESULT, ORDER, ALERT)
_REMEMBERED = timedelta(days=90)  # marks and outcomes


class Inbox:
    """The letters under `folder`: `waiting/`, and what became of them under `taken/`; `asked/` counts questions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def post(
        self,
        kind: str,
        content: Mapping[str, Any],
        *,
        request: str,
        now: datetime,
        marks: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Leaves a letter and returns its name, or that of one which has one of its marks since `before`.

        `marks` say what each of them stands for; raises UsageError where one stands for something else already, and
        OSError where nothing can be left: then nothing is.
        """
        marks = marks or {}
        name = f"{now:%Y%m%dT%H%M%S.%f}-{hashlib.sha256(request.encode()).hexdigest()[:12]}"
        made = {self._mark(mark).name: _digest(stands_for) for mark, stands_for in marks.items()}
        letter = {"name": name, "when": now.isoformat(), "request": request, "kind": kind, **content, "marks": made}
        with self._alone():
            self._finish()
            if known := self._known(marks):
                return {"name": next(iter(known.values())), "before": True}
            path = files.create_exclusive(self.folder / "coming" / f"{name}.json", files.to_json(letter))
            try:
                self._deliver(path)
            except OSError:
                path.unlink(missing_ok=True)
                self._unmark(name)
                raise
        return {"name": name, "before": False}

    def finish(self) -> None:
        """Lays down the letters of those who were killed while they left them."""
        if _letters(self.folder / "coming"):
            with self._alone():
                self._finish()

    def _finish(self) -> None:
        for left in _letters(self.folder / "coming"):
            self._deliver(left)

    def _deliver(self, path: Path) -> None:
        """Makes the marks of a letter that is coming, and lays it among the waiting ones, also what is none."""
        made: dict[str, str] = {}
        with contextlib.suppress(ValueError, KeyError, TypeError):  # of a disk that is damaged; whoever takes it tells
            made = dict(self.read(path)["marks"])
        for mark, digest in made.items():
            with contextlib.suppress(FileExistsError, ValueError):  # a name that is none
                files.create_exclusive(self.folder / "marks" / mark, f"{digest} {path.stem}".encode())
        (self.folder / "waiting").mkdir(exist_ok=True)
        path.rename(self.folder / "waiting" / path.name)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps every other writer out, in this process and in others of this machine."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def known(self, marks: Mapping[str, Any]) -> dict[str, str]:
        """The letters, by their marks, that were told before; raises UsageError where one said something else."""
        self.finish()
        return self._known(marks)

    def _known(self, marks: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for mark, stands_for in marks.items():
            try:
                told = _MARK.fullmatch(self._mark(mark).read_text(errors="replace"))
            except FileNotFoundError:
                continue
            if told is None:  # damaged, and so no mark of anything
                self._mark(mark).unlink(missing_ok=True)
                continue
            digest, name = told.groups()
            if digest != _digest(stands_for):
                raise UsageError(f"{mark} was told before, with another content: the first one counts")
            found[mark] = name
        return found

    def waiting(self) -> list[Path]:
        """The letters that nobody has taken, in the order they came."""
        return _letters(self.folder / "waiting")

    def read(self, path: Path) -> dict[str, Any]:
        """The letter; raises ValueError where it is none."""
        letter = json.loads(path.read_bytes())
        if not isinstance(letter, dict) or letter.get("kind") not in KINDS or letter.get("name") != path.stem:
            raise ValueError(f"{path.name} is no letter of the API")
        return letter

    def results(self, week: Week) -> dict[str, str]:
        """What was told of calls of the week's list and nobody has taken yet, by the customer's id as text."""
        found: dict[str, str] = {}
        for path in self.waiting():
            with contextlib.suppress(OSError, ValueError, KeyError):
                letter = self.read(path)
                if letter["kind"] == RESULT and letter[s.WEEK] == str(week):
                    found[str(letter[s.CUSTOMER_ID])] = str(letter["result"])
        return found

    def settle(self, path: Path, letter: Mapping[str, Any], outcome: str, *, said: str, now: datetime) -> None:
        """Notes what became of the letter, and takes it out of the waiting ones; a refused one may be told again."""
        kept = ("kind", "name", "when", "request", "what", "version", "reason", "by")
        told = {name: letter.get(name) for name in kept}
        record = {**told, "outcome": outcome, "says": said, "taken": now.isoformat()}
        files.replace_json(self.folder / "taken" / f"{path.stem}.json", record)
        with self._alone():
            if outcome == REFUSED:
                self._unmark(path.stem)
            path.unlink(missing_ok=True)

    def _unmark(self, name: str) -> None:
        for mark in sorted((self.folder / "marks").glob("*")):
            if mark.read_text(errors="replace").endswith(f" {name}"):  # a damaged letter does not tell its own
                mark.unlink()

    def outcome(self, name: str) -> dict[str, Any] | None:
        """What became of the letter of that name: `outcome` is "waiting" until it is taken; None for an unknown one."""
        if not name.replace("T", "").replace(".", "").replace("-", "").isalnum():
            return None
        for folder in ("taken", "waiting"):
            with contextlib.suppress(FileNotFoundError, ValueError):
                found = dict(json.loads((self.folder / folder / f"{name}.json").read_bytes()))
                return {"outcome": "waiting", "says": "", **found}
        return None

    def orders(self) -> list[dict[str, Any]]:
        """The orders to change the model that are remembered, with what became of each; the newest first."""
        names = {path.stem for folder in ("waiting", "taken") for path in (self.folder / folder).glob("[0-9]*.json")}
        found = (self.outcome(name) for name in sorted(names, reverse=True))
        return [letter for letter in found if letter and letter.get("kind") == ORDER]

    def count(self, name: str, counts: Mapping[str, Any]) -> None:
        """Keeps what was asked in an hour by one process of the API; the last word counts."""
        files.replace_json(self.folder / "asked" / f"{name}.json", counts)

    def asked(self, since: datetime) -> list[dict[str, Any]]:
        """The counts of the hours from then on, of every process; damaged ones are left out."""
        found = []
        for path in sorted((self.folder / "asked").glob("[0-9]*.json")):
            if path.name[:11] >= f"{since:%Y%m%dT%H}":
                with contextlib.suppress(OSError, ValueError):
                    found.append(dict(json.loads(path.read_bytes())))
        return found

    def sweep(self, *, now: datetime) -> None:
        """Forgets marks, outcomes and counts of long ago."""
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                old = now.timestamp() - path.stat().st_mtime > _REMEMBERED.total_seconds()
                if old and path.parent.name in ("marks", "taken", "asked"):
                    path.unlink()

    def _mark(self, mark: str) -> Path:
        return self.folder / "marks" / hashlib.sha256(mark.encode()).hexdigest()


def _letters(folder: Path) -> list[Path]:
    """In the order they came."""
    return sorted(path for path in folder.glob("[0-9]*.json") if path.is_file())


def _digest(content: object) -> str:
    return hashlib.sha256(files.to_json(content)).hexdigest()
