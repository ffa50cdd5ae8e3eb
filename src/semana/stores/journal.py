"""An append-only, hash-chained list of entries: one numbered JSON file each, created exclusively.

Creating entry n + 1 is the compare-and-set: of two that try, exactly one succeeds. The manifest of deliveries and the
ledger of what served are journals.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from semana.errors import Busy, ContractError
from semana.stores import files

_FIRST = "0" * 64


class Journal:
    """The entries under `folder`, numbered from 1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __len__(self) -> int:
        return len(self._paths())

    def entries(self) -> list[dict[str, Any]]:
        """All entries in order, each with its `number`; raises ContractError where the chain is broken."""
        entries = []
        previous = _FIRST
        for number, path in enumerate(self._paths(), start=1):
            content = path.read_bytes()
            try:
                entry = json.loads(content)
            except ValueError as err:
                raise self._broken(path, "is not JSON") from err
            if path.name != _name(number) or entry.get("number") != number:
                raise self._broken(path, f"stands where entry {number} was expected")
            if entry.get("previous") != previous:
                raise self._broken(path, "does not follow from the entry before it")
            previous = hashlib.sha256(content).hexdigest()
            entries.append(entry)
        return entries

    def append(self, entry: dict[str, Any], *, after: int) -> dict[str, Any]:
        """Adds `entry` as number `after` + 1 and returns it; raises Busy where another writer was faster."""
        paths = self._paths()
        taken = Busy(f"{self.folder.name}: another run wrote entry {after + 1} first. Try again: it is read then.")
        if len(paths) != after:
            raise taken
        previous = hashlib.sha256(paths[-1].read_bytes()).hexdigest() if paths else _FIRST
        full = {**entry, "number": after + 1, "previous": previous}
        try:
            files.create_exclusive(self.folder / _name(after + 1), files.to_json(full))
        except FileExistsError as err:
            raise taken from err
        return full

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.json"))

    def _broken(self, path: Path, how: str) -> ContractError:
        return ContractError(
            f"{self.folder.name}/{path.name} {how}: the chain is broken, a file was changed, added or removed by hand. "
            f"Restore the folder from a backup (semana restore)."
        )


def _name(number: int) -> str:
    return f"{number:08d}.json"
