"""What is loaded, and how it is swapped: a new publication is read and checked beside the old one, which serves on."""

from __future__ import annotations

import errno
import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from semana.errors import ConfigurationError, ContractError, UsageError
from semana.serving.loaded import Loaded, load
from semana.stores.home import Stores
from semana.stores.inbox import ALERT
from semana.stores.keys import Key
from semana.stores.mapped import map_list
from semana.stores.publications import CURRENT

_FAULTS = (ContractError, ConfigurationError, UsageError, OSError)
_OF_OURS = (errno.EMFILE, errno.ENFILE)  # too many open files: nothing is wrong with what was to be read
_EARLIER = 5  # revisions that are tried where the newest may not serve
_AGAIN = 60.0  # seconds until what was refused is looked at again, though nothing moved
_NO_LIST = f"{CURRENT} damaged"  # what is refused where nobody can read which list is the newest
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused:
    """A publication (or a champion) that may not serve: what it is, why, and since when."""

    what: str
    why: str
    since: str


class Hot:
    """The one publication that serves; `look` is called about once a second, by one thread at a time."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.loaded: Loaded | None = None
        self.keys: tuple[Key, ...] = ()
        self.keyless = False  # whether there is none, for certain
        self.refused: Refused | None = None
        self.unfit: Refused | None = None
        self.away_since: str | None = None
        self._seen: dict[str, Any] = {}
        self._tried = 0.0
        self._lock = threading.Lock()

    def look(self, *, now: datetime, seconds: float) -> None:
        """Takes in what moved in the home since the last look; `seconds` is a clock that only goes on."""
        with self._lock:
            if not self._is_there(now):
                return
            first = self.loaded is None
            if self._moved("keys", self.stores.keys.folder):
                self._read_keys()
            self._look_at_list(now, seconds)
            if self.loaded and self._moved("since", *self._since()):
                self._look_at_landing()
            if self.loaded and not first and self._moved("ledger", self.stores.home / "ledger"):
                self._look_at_champion(now)

    def reasons(self) -> list[str]:
        """What is wrong with a list, with the model that is to make the next, or with the home; empty for nothing."""
        away = f"the home is away since {self.away_since}: the last good list serves" if self.away_since else None
        faults = [
            f"{each.what} is refused since {each.since}: {each.why}" for each in (self.refused, self.unfit) if each
        ]
        return [*([away] if away else []), *faults]

    def newest(self) -> bool | None:
        """Whether the list that serves is the newest published one; None where that cannot be told."""
        if self.away_since or self.loaded is None or (self.refused and self.refused.what == _NO_LIST):
            return None
        return self.refused is None or self.refused.what == self.loaded.mapped.where

    def _is_there(self, now: datetime) -> bool:
        there = (self.stores.home / "format.json").exists()
        if there and self.away_since:
            _log.info("the home is back, after it was away since %s", self.away_since)
            self._seen.clear()
        if not there and not self.away_since:
            _log.warning("the home is away: the last good list serves")
        self.away_since = None if there else self.away_since or now.isoformat()
        return there

    def _moved(self, name: str, *paths: Path) -> bool:
        stamp = tuple(_stamp(path) for path in paths)
        moved = self._seen.get(name) != stamp
        self._seen[name] = stamp
        return moved

    def _read_keys(self) -> None:
        """Takes in the keys; where they cannot be read, or are gone, those of the last look hold, and nobody else."""
        try:
            found = tuple(self.stores.keys.all())
        except _FAULTS as err:
            self._seen.pop("keys")
            _log.warning("the keys are as they were at the last look: %s", err)
            return
        if self.keys and not found:  # a revoked key stays: none at all is no word of ours
            self._seen.pop("keys")
            _log.warning("the keys are as they were at the last look: there is none under keys/ any more")
            return
        self.keys, self.keyless = found, not found

    def _look_at_list(self, now: datetime, seconds: float) -> None:
        folder = self._newest()
        parts = sorted(folder.iterdir()) if folder and folder.is_dir() else []
        again = self.refused is not None and seconds - self._tried > _AGAIN
        if not self._moved("list", self.stores.publications.folder / CURRENT, *parts) and not again:
            return
        self._tried = seconds
        if folder is None:
            return
        try:
            self._swap(folder)
            self.refused = None
        except _FAULTS as err:
            if isinstance(err, OSError) and err.errno in _OF_OURS:
                self._seen.pop("list")
                _log.warning("the list is as it was at the last look: %s", err)
                return
            self._refuse(_name_of(folder), str(err), now)
            if self.loaded is None or (self.loaded.mapped.where == _name_of(folder) and _damaged(folder)):
                self._fall_back(folder)

    def _fall_back(self, refused: Path) -> None:
        """Serves the newest earlier list that is whole, in place of none or of one that was damaged while it served."""
        others = [folder for folder in self.stores.publications.folders() if folder != refused]
        for folder in others[:_EARLIER]:
            try:
                self._swap(folder)
            except _FAULTS as err:
                _log.warning("%s may not serve either: %s", _name_of(folder), err)
            else:
                return
        self.loaded = None

    def _newest(self) -> Path | None:
        try:
            return self.stores.publications.newest()
        except _FAULTS:
            return self.stores.publications.folder.joinpath(*_NO_LIST.split())  # mapping it says so

    def _swap(self, folder: Path) -> None:
        """Loads the revision beside the one that serves and puts it in its place; raises what is wrong with it."""
        mapped = map_list(folder)
        first = self.loaded is None
        if not first and (fault := self.stores.bundles.fault(mapped.manifest["bundle"])):
            raise ContractError(fault)
        loaded = load(self.stores, mapped)
        self._moved("since", *self._since())
        if not first:
            self._seen.pop("ledger", None)
        if self.loaded and self.loaded.live.warm:
            loaded.live.make_ready()
        self.loaded = loaded
        _log.info("serving %s revision %s by %s", *loaded.stamp.values())

    def _since(self) -> tuple[Path, Path]:
        return self.stores.home / "landing" / "manifest", self.stores.home / "exclude.csv"

    def _look_at_landing(self) -> None:
        try:
            self.loaded = self.loaded.with_since(self.stores) if self.loaded else None
        except _FAULTS as err:
            self._seen.pop("since")
            _log.warning("what was bought, or excluded, is as of the last look: %s", err)

    def _look_at_champion(self, now: datetime) -> None:
        """Checks the bundle of the list, and that of the model that is to make the next one."""
        self.unfit = None
        try:
            champion = self.stores.ledger.champion()
            bundles = {str(self.loaded.mapped.manifest["bundle"])} if self.loaded else set()
            bundles |= {str(champion["to"])} if champion else set()
            faults = {bundle: self.stores.bundles.fault(bundle) for bundle in sorted(bundles)}
        except _FAULTS as err:
            faults = {"ledger": str(err)}
        for bundle, fault in faults.items():
            if fault:
                self.unfit = Refused(f"model {bundle}" if bundle != "ledger" else bundle, fault, now.isoformat())
                self._tell(self.unfit, now)

    def _refuse(self, what: str, why: str, now: datetime) -> None:
        if self.refused and (self.refused.what, self.refused.why) == (what, why):
            return
        self.refused = Refused(what, why, now.isoformat())
        self._tell(self.refused, now)

    def _tell(self, refused: Refused, now: datetime) -> None:
        """Logs it, and leaves a letter from which `semana watch` makes an alert."""
        _log.error("%s is refused, the last good list serves on: %s", refused.what, refused.why)
        content = {"what": "serving refused", "key": f"{refused.what}: {refused.why}", "says": refused.why}
        try:
            marks = {f"alert {now.date()} {content['key']}": content}
            self.stores.inbox.post(ALERT, content, request=refused.what, now=now, marks=marks)
        except (OSError, UsageError) as err:
            _log.warning("no letter could be left of it: %s", err)


def _damaged(folder: Path) -> bool:
    """Whether the files of a list are not as they were published."""
    try:
        map_list(folder)
    except ContractError:
        return True
    return False


def _name_of(folder: Path) -> str:
    return f"{folder.parent.name} {folder.name}"


def _stamp(path: Path) -> tuple[str, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path.name, found.st_mtime_ns, found.st_ino, found.st_size
