"""The golden set: frozen weeks with their own copy of the history they need, locked by hashes.

A set lies in `golden/sets/ID/`, named by the hash of its lock; the journal `golden/` says which set counts and why.
What is worked out from it (features, figures of models) is kept under `golden/cache/` and can be made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.resources import files as package
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.frames import Frame, counted
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.stores import files
from semana.stores.engine import POLARS, Engine
from semana.stores.journal import Journal

LOCK = "lock.json"
TABLES = ("purchases", "customers", "products", "weeks", "calendar")
_ROOMS = ("data", "features", "models", "evaluation")  # what is worked out depends on their code
_KEPT = 2  # rooms of the cache: that of the set, code and params that count now, and the one before


class Golden:
    """The golden sets under `folder`."""

    def __init__(self, folder: Path, engine: Engine = POLARS) -> None:
        self.folder = folder
        self._engine = engine
        self.journal = Journal(folder)

    def entries(self) -> list[dict[str, Any]]:
        """Every set that counted, oldest first; raises ContractError where the chain is broken."""
        return self.journal.entries()

    def weeks(self) -> frozenset[Week]:
        """Every week that was ever golden, so no label; read without a check, for damage must not make it a label."""
        found: set[Week] = set()
        for path in [*self.folder.glob("[0-9]*.json"), *self.folder.glob(f"sets/*/{LOCK}")]:
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                found |= {Week.parse(week) for week in json.loads(path.read_bytes())["weeks"]}
        return frozenset(found)

    def current(self) -> dict[str, Any] | None:
        """The entry of the set that counts; None before the first. Raises ContractError where the chain is broken."""
        entries = self.entries()
        return entries[-1] if entries else None

    def lock(self) -> dict[str, Any] | None:
        """The lock of the set that counts, checked; raises ContractError naming the file that is not as it was."""
        entry = self.current()
        if entry is None:
            return None
        folder = self.folder / "sets" / str(entry["set"])
        path = folder / LOCK
        if not path.is_file() or path.is_symlink() or _id(path.read_bytes()) != entry["set"]:
            raise _damaged(f"sets/{entry['set']}/{LOCK}")
        lock: dict[str, Any] = json.loads(path.read_bytes())
        wrong = files.unsealed(folder, lock["files"], beside=LOCK)
        if wrong:
            raise _damaged(f"sets/{entry['set']}/{', '.join(wrong)}")
        return lock

    def tables(self) -> dict[str, Frame]:
        """TABLES of the set that counts, by name; raises ContractError where one is not as it was locked.

        They are read when they are worked out: ask for the `lock` again before that is kept.
        """
        lock, entry = self.lock(), self.current()
        if lock is None or entry is None:
            raise ContractError("there is no golden set yet. Make one: semana golden create")
        folder = self.folder / "sets" / str(entry["set"])
        return {name: self._engine.scan(folder / f"{name}.parquet") for name in TABLES}

    def freeze(
        self, tables: Mapping[str, Frame], about: Mapping[str, Any], *, when: str, reason: str
    ) -> dict[str, Any]:
        """Locks TABLES with what is said `about` them (weeks, cases, tolerances) as the set that counts from now on."""

        def write(folder: Path) -> None:
            for name in TABLES:
                self._engine.write(tables[name], folder / f"{name}.parquet")

        return self._add(write, about, when=when, reason=reason)

    def accept(self, *, when: str, reason: str) -> dict[str, Any]:
        """Takes what lies in the set's folder now as the set that counts; weeks, cases and tolerances stay.

        Raises ContractError where it is no set, or nothing has changed.
        """
        entry = self.current()
        if entry is None:
            raise ContractError("there is no golden set to accept a change of. Make one: semana golden create")
        folder = self.folder / "sets" / str(entry["set"])
        try:
            paths = [folder / f"{name}.parquet" for name in TABLES]
            lock = json.loads((folder / LOCK).read_bytes())
            for path in paths:
                pl.scan_parquet(path, glob=False).select(pl.all().count()).collect(engine="streaming")
            about = {key: lock[key] for key in lock if key != "files"}
            hashes = {path.name: files.sha256(path) for path in paths}
            changed = hashes != lock["files"] or _id((folder / LOCK).read_bytes()) != entry["set"]
        except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as err:
            raise ContractError(
                f"golden/sets/{entry['set']}: no whole set is there ({err}). Restore it from a backup, or "
                f'make another: semana golden create --reason "..."'
            ) from err
        if not changed:
            raise ContractError("the golden set is as it was locked: there is no change to accept")

        def write(place: Path) -> None:
            for path in paths:
                shutil.copyfile(path, place / path.name)

        return self._add(write, about, when=when, reason=reason)

    def forget(self, customer: str, *, when: str, reason: str) -> bool:
        """Locks the set without the customer (id as text), with the cases and tolerances that it had; whether it held
        them. The rows of sets that count no more are removed, and what was worked out.
        """
        lock, held = self.lock(), False
        if lock is not None:
            tables = self.tables()
            mine = {name: frame for name, frame in tables.items() if s.CUSTOMER_ID in frame.collect_schema()}
            theirs = nw.col(s.CUSTOMER_ID).cast(nw.String) == customer
            without = {name: frame.filter(~theirs) for name, frame in mine.items()}
            held = any(counted(frame.filter(theirs)) for frame in mine.values())
            if held:
                about = {name: value for name, value in lock.items() if name != "files"}
                self.freeze({**tables, **without}, about, when=when, reason=reason)
        counts = str((self.current() or {}).get("set"))
        for path in self.folder.glob("sets/*/*.parquet"):
            if path.parent.name != counts:
                path.unlink()
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        return held

    def _add(
        self, write: Callable[[Path], None], about: Mapping[str, Any], *, when: str, reason: str
    ) -> dict[str, Any]:
        after = len(self.entries())
        scratch = files.temporary(self.folder / "sets" / "set")
        scratch.mkdir()
        try:
            write(scratch)
            hashes = {path.name: files.sha256(path) for path in sorted(scratch.iterdir())}
            lock = files.to_json({**about, "files": hashes})
            (scratch / LOCK).write_bytes(lock)
            folder = self.folder / "sets" / _id(lock)
            with contextlib.suppress(FileExistsError):
                files.switch_folder(scratch, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        entry = {"when": when, "reason": reason, "set": folder.name, "weeks": about["weeks"]}
        return self.journal.append(entry, after=after)

    def kept_frame(self, name: str, key: Mapping[str, Any], make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The frame that `make` gives, kept under a name for the same set, code and `key`."""
        return pl.read_parquet(self._kept(f"{name}.parquet", key, lambda: _parquet(make())), glob=False)

    def kept_value(self, name: str, key: Mapping[str, Any], make: Callable[[], Any]) -> Any:
        """The plain value that `make` gives, likewise."""
        return json.loads(self._kept(f"{name}.json", key, lambda: files.to_json(make())))

    def _kept(self, name: str, key: Mapping[str, Any], make: Callable[[], bytes]) -> bytes:
        """The bytes that `make` gave; made again where they are gone or damaged."""
        entry = self.current() or {}
        said = files.to_json({"set": entry.get("set"), "code": self._code, **key})
        room = self.folder / "cache" / _id(said)
        path = room / name
        sealed = path.with_name(f"{name}.sha256")
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == sealed.read_text():
                return content
        content = make()
        files.replace_bytes(path, content)
        files.replace_bytes(sealed, hashlib.sha256(content).hexdigest().encode())
        self._drop_old(room)
        return content

    def _drop_old(self, room: Path) -> None:
        others = [path for path in room.parent.iterdir() if path != room]
        for old in sorted(others, key=lambda path: path.stat().st_mtime)[: 1 - _KEPT]:
            scratch = files.temporary(old)
            old.rename(scratch)
            shutil.rmtree(scratch)

    @cached_property
    def _code(self) -> str:
        """The hash of the code that features and figures come from."""
        digest = hashlib.sha256()
        for room in _ROOMS:
            for path in sorted(package(f"semana.{room}").iterdir(), key=lambda each: each.name):
                if path.name.endswith(".py"):
                    digest.update(f"{room}/{path.name}\n".encode() + path.read_bytes())
        return digest.hexdigest()


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="lz4")
    return buffer.getvalue()


def _id(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _damaged(name: str) -> ContractError:
    return ContractError(
        f"golden/{name} is not what was locked. Restore it from a backup, or take the change: "
        f'semana golden accept --reason "..."'
    )
