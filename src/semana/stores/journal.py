"""An append-only, hash-chained list of entries: one numbered JSON file each, created exclusively.

Each is sealed with the hash of its own content, which holds the seal of the entry before: a change to any is noticed.

Creating entry n + 1 is the compare-and-set: of two that try, exactly one succeeds. Beside the folder lies its head,
how many entries there were and the newest seal: a chain that lost its end, or was made anew, is noticed too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semana.errors import Busy, ContractError
from semana.stores import files

_FIRST = "0" * 64


class Journal:
    """The entries under `folder`, numbered from 1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Path, tuple[tuple[int, ...], dict[str, Any]]] = {}  # what was read, by the file's own marks

    def __len__(self) -> int:
        return len(self._paths())

    def entries(self) -> list[dict[str, Any]]:
        """All entries in order, each with its `number`; raises ContractError where the chain is broken.

        A file that is as it was when it was last read here is not read again: there is one a delivery, for years.
        """
        entries = []
        previous = _FIRST
        for number, path in enumerate(self._paths(), start=1):
            entry = self._entry(path)
            if path.name != _name(number) or entry.get("number") != number:
                raise self._broken(path, f"stands where entry {number} was expected")
            if entry.get("previous") != previous:
                raise self._broken(path, "does not follow from the entry before it")
            previous = entry["seal"]
            entries.append(entry)
        self._check_end(entries)
        return entries

    def append(self, entry: dict[str, Any], *, after: int) -> dict[str, Any]:
        """Adds `entry` as number `after` + 1 and returns it; raises Busy where another writer was faster."""
        paths = self._paths()
        taken = Busy(f"{self.folder.name}: another run wrote entry {after + 1} first. Try again: it is read then.")
        if len(paths) != after:
            raise taken
        previous = self._read(paths[-1]).get("seal") if paths else _FIRST
        full: dict[str, Any] = json.loads(files.to_json({**entry, "number": after + 1, "previous": previous}))
        full["seal"] = _seal(full)
        try:
            files.create_exclusive(self.folder / _name(after + 1), files.to_json(full))
        except FileExistsError as err:
            raise taken from err
        files.replace_json(self._head, {"entries": after + 1, "seal": full["seal"]})
        return full

    @property
    def _head(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.head")

    def _check_end(self, entries: list[dict[str, Any]]) -> None:
        """Raises ContractError where the chain is not the one whose head was written (or that one and more)."""
        if not self._head.exists():
            return
        head = self._read(self._head)
        known = head.get("entries")
        if not isinstance(known, int) or len(entries) < known:
            raise self._broken(self._head, f"tells of {known} entries, {len(entries)} are there")
        if known and entries[known - 1]["seal"] != head.get("seal"):
            raise self._broken(self._head, f"has another seal than entry {known}")

    def _entry(self, path: Path) -> dict[str, Any]:
        """The entry, whose own seal holds."""
        try:
            marks = files.marks(path)
        except OSError as err:
            raise self._broken(path, "is no entry that can be read") from err
        if self._known.get(path, ((), {}))[0] != marks:
            entry = self._read(path)
            if entry.get("seal") != _seal(entry):
                raise self._broken(path, "is not as it was written")
            self._known[path] = marks, entry
        return dict(self._known[path][1])

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.json"))

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            return dict(json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError) as err:
            raise self._broken(path, "is no entry that can be read") from err

    def _broken(self, path: Path, how: str) -> ContractError:
        return ContractError(
            f"{path.relative_to(self.folder.parent)} {how}: the chain is broken, a file was changed, added or removed "
            f"by hand. Restore a backup into a new home (semana --home NEW restore)."
        )


def _seal(entry: Mapping[str, Any]) -> str:
    """SHA-256 of an entry's content, its own seal left out."""
    content = {name: value for name, value in entry.items() if name != "seal"}
    return hashlib.sha256(files.to_json(content)).hexdigest()


def _name(number: int) -> str:
    return f"{number:08d}.json"
