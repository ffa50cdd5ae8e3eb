"""The manifest: every delivery and retraction in the order of arrival. A position in it says what had arrived.

Where a customer was forgotten, the files that named them were written anew without: that holds for every position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from semana.errors import ContractError, UsageError
from semana.stores.journal import Journal

DELIVERY = "delivery"
RETRACTION = "retraction"
FORGETTING = "forgetting"


@dataclass(frozen=True)
class Delivery:
    """An accepted file: `position` is its entry in the manifest; `tables` has the counts of each table in it.

    `fingerprint` and `rules` say which definition of its source and which cleaning rules gave these counts. A `posted`
    one was told to the API line by line, and is no file of the source. `delivered` is the hash of the bytes as they
    came, `hash` that of the bytes as they lie now: others where a customer was forgotten.
    """

    position: int
    source: str
    file: str
    hash: str
    arrival: datetime
    accepted: str | None
    fingerprint: str
    rules: int
    ids: Mapping[str, str]
    tables: Mapping[str, Mapping[str, Any]]
    delivered: str
    posted: bool = False

    @property
    def landed_as(self) -> str:
        """Its path under landing/."""
        return f"{self.source}/{self.hash}{Path(self.file).suffix.lower()}"


class Manifest:
    """The entries under `folder`, looked at anew each time: another process may have added one."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder)

    @property
    def position(self) -> int:
        """The number of entries: what a run reads at when it begins now."""
        return len(self._journal)

    def history(self) -> list[dict[str, Any]]:
        """All entries, oldest first."""
        return self._journal.entries()

    def deliveries(self, position: int | None = None) -> list[Delivery]:
        """The deliveries that had arrived at `position` (default: now) and were not retracted by then."""
        entries, rewritten = self._until(position), self._rewritten()
        gone = _retractions(entries)
        return [
            _delivery(each, rewritten) for each in entries if each["kind"] == DELIVERY and each["number"] not in gone
        ]

    def ever(self) -> list[Delivery]:
        """Every delivery, those that were retracted too; bytes that came again after that are another one."""
        rewritten = self._rewritten()
        return [_delivery(each, rewritten) for each in self.history() if each["kind"] == DELIVERY]

    def retractions(self, position: int | None = None) -> dict[int, dict[str, Any]]:
        """By the position of each delivery that was retracted by `position` (default: now), the entry that did it."""
        return _retractions(self._until(position))

    def _rewritten(self) -> dict[str, dict[str, Any]]:
        """By the hash of a file that was written anew: the `hash` and the `tables` of what it became."""
        forgettings = (entry for entry in self.history() if entry["kind"] == FORGETTING)
        return {old: new for entry in forgettings for old, new in entry["files"].items()}

    def bound_to(self, position: int | None = None) -> str | None:
        """The name of the source that the home holds; None before its first delivery."""
        return next((delivery.source for delivery in self.deliveries(position)), None)

    def ids(self, position: int | None = None) -> dict[str, str]:
        """Which id columns are integers and which text, as the first delivery that has the column settled."""
        kinds: dict[str, str] = {}
        for delivery in self.deliveries(position):
            kinds = {**delivery.ids, **kinds}
        return kinds

    def trading_days(self, position: int | None = None) -> dict[date, int]:
        """Order lines per day with any, duplicates not yet taken out, sorted; posted ones make no day complete."""
        days: dict[date, int] = {}
        for delivery in (each for each in self.deliveries(position) if not each.posted):
            for day, lines in delivery.tables.get("transactions", {}).get("days", {}).items():
                days[date.fromisoformat(day)] = days.get(date.fromisoformat(day), 0) + lines
        return dict(sorted(days.items()))

    def files_until(self, last: date, position: int) -> set[str]:
        """The hashes of the live deliveries that have order lines of that day or an earlier one."""
        told = ((each.hash, each.tables.get("transactions", {})) for each in self.deliveries(position))
        return {hash_ for hash_, table in told if table.get("kept") and table["first"] <= str(last)}

    def arrival(self, position: int) -> datetime:
        """When the last of the entries up to that position arrived; raises UsageError where there is none."""
        entries = self._until(position)
        if not entries:
            raise UsageError("nothing has landed yet. Deliver first: semana ingest PATH --source NAME")
        return max(datetime.fromisoformat(entry["arrival"]) for entry in entries)

    def show(self, prefix: str, *, retracted: bool = False) -> Delivery:
        """The live delivery whose hash, now or as it came, begins so; raises UsageError where none or several do.

        With `retracted` also one that was taken back, where no live one is meant.
        """
        live = self.deliveries()
        found = _named(prefix, live)
        if not found and retracted:
            found = list({each.hash: each for each in _named(prefix, self.ever())}.values())
        if len(found) != 1:
            known = ", ".join(f"{each.hash[:8]} ({each.file})" for each in live[-5:]) or "none"
            raise UsageError(
                f"{len(found)} landed deliveries have a hash that begins with {prefix!r}; one was expected. "
                f"The latest are: {known}. See all with: semana deliveries list"
            )
        return found[0]

    def retract(self, prefix: str, *, reason: str, arrival: datetime) -> dict[str, Any]:
        """Takes a live delivery back from the next position on; its bytes stay. Raises UsageError without a reason."""
        after = self.position
        found = self.show(prefix)
        if not reason.strip():
            raise UsageError('a retraction needs a reason: semana deliveries retract HASH --reason "..."')
        entry = {"kind": RETRACTION, "hash": found.hash, "reason": reason, "arrival": utc_text(arrival)}
        position = self._append(entry, after=after)["number"]
        return {"outcome": "retracted", "file": found.file, "hash": found.hash, "position": position}

    def taken_back(self, position: int, *, by: int | None = None) -> list[str]:
        """The files that a run at `position` read and that were retracted after it, until position `by` (or now)."""
        read = {delivery.position: delivery.file for delivery in self.deliveries(position)}
        gone = _retractions(self._until(by))
        return [read[each] for each in sorted(gone.keys() & read, key=lambda each: int(gone[each]["number"]))]

    def _append(self, entry: dict[str, Any], *, after: int) -> dict[str, Any]:
        """Adds the entry as number `after` + 1; raises Busy where another process was faster."""
        return self._journal.append(entry, after=after)

    def _until(self, position: int | None) -> list[dict[str, Any]]:
        entries = self.history()
        if position is not None and not 0 <= position <= len(entries):
            raise UsageError(f"position {position} is not in the manifest; it has positions 0 to {len(entries)}.")
        return entries[:position]


def replaced(delivery: Delivery, live: Iterable[Delivery]) -> list[tuple[date, date]]:
    """The days of a posted delivery that files which came after it span: from the first to the last of each."""
    if not delivery.posted:
        return []
    later = [
        each.tables["transactions"]
        for each in live
        if not each.posted and each.position > delivery.position and each.tables.get("transactions", {}).get("kept")
    ]
    return [(date.fromisoformat(table["first"]), date.fromisoformat(table["last"])) for table in later]


def brief(counts: Mapping[str, Any]) -> dict[str, int]:
    """Only the counts of a table of a delivery; rows is the sum of the others."""
    return {name: counts[name] for name in ("rows", "kept", "quarantined", "filtered", "repeated")}


def utc_text(moment: datetime) -> str:
    """The moment in UTC as text; raises ValueError for one without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment}: a moment with its time zone was expected")
    return moment.astimezone(UTC).isoformat()


def _named(prefix: str, deliveries: Iterable[Delivery]) -> list[Delivery]:
    return [
        each for each in deliveries if prefix and (each.hash.startswith(prefix) or each.delivered.startswith(prefix))
    ]


def _retractions(entries: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """The retraction of each delivery that was taken back, by the delivery's position.

    A retraction names the hash that the file had then: what it was written anew as, where a customer was forgotten
    before, and not what it became when one was forgotten later.
    """
    hashes: dict[int, str] = {}  # of the live ones, as the entries up to here have them
    rewritten: dict[str, dict[str, Any]] = {}
    found: dict[int, dict[str, Any]] = {}
    for entry in entries:
        if entry["kind"] == FORGETTING:
            rewritten |= entry["files"]
            hashes = {position: _now(each, rewritten) for position, each in hashes.items()}
        elif entry["kind"] == DELIVERY:
            hashes[entry["number"]] = _now(entry["hash"], rewritten)
        elif entry["kind"] == RETRACTION:
            gone = [position for position, each in hashes.items() if each == entry["hash"]]
            found |= {position: dict(entry) for position in gone}
            hashes = {position: each for position, each in hashes.items() if position not in gone}
    return found


def _now(hash_: str, rewritten: Mapping[str, Mapping[str, Any]]) -> str:
    while hash_ in rewritten:
        hash_ = str(rewritten[hash_]["hash"])
    return hash_


def _delivery(entry: Mapping[str, Any], rewritten: Mapping[str, Mapping[str, Any]]) -> Delivery:
    try:
        names = ("source", "file", "hash", "accepted", "fingerprint", "rules", "ids", "tables")
        facts = {name: entry[name] for name in names}
        while facts["hash"] in rewritten:
            facts |= rewritten[facts["hash"]]
        return Delivery(
            position=entry["number"],
            arrival=datetime.fromisoformat(entry["arrival"]),
            delivered=entry["hash"],
            posted=bool(entry.get("posted", False)),
            **facts,
        )
    except KeyError as err:
        raise ContractError(f"manifest entry {entry['number']} has no {err}. Restore the home from a backup.") from err
