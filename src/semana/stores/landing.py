"""Landing: deliveries by content hash, accepted whole or refused whole; the manifest is the record of what arrived.

The manifest entry is the commit: everything before it can be done again, and nothing counts without it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.catalog import Dataset
from semana.data.checks import check_jumps, check_share
from semana.data.cleaning import Cleaned, clean
from semana.data.sources import KEYS, TABLES, Source, tables_of
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.params import DataParams
from semana.stores import files
from semana.stores.journal import Journal
from semana.stores.reading import read_file

STAGED = {
    "transactions": catalog.STAGED_TRANSACTIONS,
    "customers": catalog.STAGED_CUSTOMERS,
    "products": catalog.STAGED_PRODUCTS,
}
_IGNORED = (".part", ".ready", ".tmp")
_FIRST_DAY = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Delivery:
    """An accepted delivery, as the manifest has it."""

    position: int
    source: str
    file: str
    hash: str
    arrival: datetime
    tables: dict[str, dict[str, Any]]


class Landing:
    """The deliveries of a home."""

    def __init__(self, home: Path, *, find_source: Callable[[str], Source], params: DataParams) -> None:
        self.home = home
        self.params = params
        self._find_source = find_source
        self._manifest = Journal(home / "landing" / "manifest")

    @property
    def position(self) -> int:
        """The number of the newest manifest entry; 0 before the first."""
        return len(self._manifest)

    @property
    def source(self) -> Source | None:
        """The source that this home is bound to by its first delivery."""
        first = next((entry for entry in self.history() if entry["kind"] == "delivery"), None)
        return self._find_source(first["source"]) if first else None

    def history(self) -> list[dict[str, Any]]:
        """All manifest entries: deliveries and retractions."""
        return self._manifest.entries()

    def deliveries(self, position: int | None = None) -> list[Delivery]:
        """The deliveries that count at the position (by default now): retracted ones left out."""
        live: dict[str, dict[str, Any]] = {}
        for entry in self.history()[: self.position if position is None else position]:
            live.pop(entry["hash"], None)
            if entry["kind"] == "delivery":
                live[entry["hash"]] = entry
        return [
            Delivery(
                entry["number"], entry["source"], entry["file"], entry["hash"],
                datetime.fromisoformat(entry["arrival"]), entry["tables"],
            )
            for entry in live.values()
        ]

    def deliver(
        self, path: Path, *, source: str, table: str | None, arrival: datetime, accept: str | None = None
    ) -> dict[str, Any]:
        """Lands one file, or says that the same bytes have landed; raises ContractError after keeping a refused one.

        `accept` is the reason why a jump in units or volume is taken as real.
        """
        definition = self._bound(source)
        content = files.sha256(path)
        if any(each.hash == content for each in self.deliveries()):
            return {"outcome": "already landed", "file": path.name, "hash": content}
        after = self.position
        try:
            cleaned, ids = self._clean(path, path.name, definition, table, arrival)
            if accept is None:
                self._check_jumps(cleaned, path.name)
        except ContractError as err:
            self._reject(path, content, source=source, arrival=arrival, error=str(err))
            raise
        overlap = self._overlap(cleaned)
        landed = self._landed(source, content, path.suffix)
        if not landed.exists():
            files.replace(landed, lambda scratch: shutil.copyfile(path, scratch))
        self._stage(content, definition, cleaned)
        entry = {
            "kind": "delivery", "source": source, "file": path.name, "suffix": path.suffix, "table": table,
            "hash": content, "arrival": arrival.isoformat(timespec="seconds"), "accepted": accept, "ids": ids,
            "tables": {name: _counts(each, name) for name, each in cleaned.items()},
        }
        number = self._manifest.append(entry, after=after)["number"]
        return {
            "outcome": "landed", "file": path.name, "hash": content, "position": number, "overlap": overlap,
            "tables": {name: _counts(each, name, days=False) for name, each in cleaned.items()},
        }

    def retract(self, prefix: str, *, reason: str, arrival: datetime) -> dict[str, Any]:
        """Takes a landed delivery back from the next run on; its bytes stay."""
        found = self.show(prefix)
        entry = {"kind": "retraction", "hash": found.hash, "reason": reason, "arrival": arrival.isoformat(timespec="seconds")}
        number = self._manifest.append(entry, after=self.position)["number"]
        return {"outcome": "retracted", "file": found.file, "hash": found.hash, "position": number}

    def show(self, prefix: str) -> Delivery:
        """The live delivery whose hash begins with `prefix`; raises UsageError where it is none or several."""
        found = [each for each in self.deliveries() if each.hash.startswith(prefix)]
        if len(found) != 1 or not prefix:
            raise UsageError(f"hash {prefix!r}: {len(found)} landed deliveries begin with it, one was expected. See: semana deliveries list")
        return found[0]

    def arrival(self, position: int) -> datetime:
        """When the newest delivery up to the position arrived."""
        entries = self.history()[:position]
        return max((datetime.fromisoformat(entry["arrival"]) for entry in entries), default=_FIRST_DAY)

    def trading_days(self, position: int) -> dict[date, int]:
        """Kept order lines of each day that has any, at the position."""
        days: dict[date, int] = {}
        for delivery in self.deliveries(position):
            for day, rows in delivery.tables.get("transactions", {}).get("days", {}).items():
                days[date.fromisoformat(day)] = days.get(date.fromisoformat(day), 0) + rows
        return dict(sorted(days.items()))

    def lines(self, position: int) -> nw.LazyFrame[Any]:
        """Every kept order line at the position, with its `delivery`; duplicates included."""
        frames = [
            pl.scan_parquet(self._staged(each, "transactions")).with_columns(pl.lit(each.hash).alias(s.DELIVERY))
            for each in self.deliveries(position)
            if "transactions" in each.tables
        ]
        if not frames:
            raise ContractError("no order line has landed. Deliver a transactions file: semana ingest PATH --source NAME")
        return nw.from_native(pl.concat(frames))

    def attributes(self, table: str, position: int) -> nw.LazyFrame[Any]:
        """Every attribute row of customers or products at the position, with `seen` and `position`."""
        key = KEYS[table][0]
        kind = next((each["ids"][key] for each in self.history() if key in each.get("ids", {})), "text")
        none = pl.LazyFrame(
            schema={key: pl.Int64 if kind == "integer" else pl.String, s.SEEN: pl.Date, s.POSITION: pl.Int64}
        )
        frames = [
            pl.scan_parquet(self._staged(each, table)).with_columns(pl.lit(each.position, pl.Int64).alias(s.POSITION))
            for each in self.deliveries(position)
            if table in each.tables
        ]
        return nw.from_native(pl.concat([none, *frames], how="diagonal"))

    def validate(self, position: int, table: str) -> dict[str, Any]:
        """The landed whole of one table: bytes as they were, staged rows as counted; raises ContractError where not."""
        report = {"deliveries": 0, "rows": 0, "kept": 0, "quarantined": 0, "filtered": 0, "repeated": 0}
        for delivery in self.deliveries(position):
            if table not in delivery.tables:
                continue
            counts = delivery.tables[table]
            path = self._landed(delivery.source, delivery.hash, self._suffix(delivery))
            if not path.exists() or files.sha256(path) != delivery.hash:
                raise ContractError(f"{path.name}: the landed bytes of {delivery.file} are missing or changed. Restore landing/ from a backup.")
            staged = pl.scan_parquet(self._staged(delivery, table)).select(pl.len()).collect().item()
            if staged != counts["kept"]:
                raise ContractError(f"{delivery.file}: {staged} staged rows, {counts['kept']} were kept. Remove staged/{delivery.hash}, it is made again.")
            report["deliveries"] += 1
            for name in ("rows", "kept", "quarantined", "filtered", "repeated"):
                report[name] += counts[name]
        return report

    def waiting(self) -> list[tuple[str, Path]]:
        """The files in the drop folder (`drop/SOURCE/`), as (source, path)."""
        paths = sorted(path for path in (self.home / "drop").glob("*/*") if path.is_file())
        return [
            (path.parent.name, path)
            for path in paths
            if not path.name.startswith(".") and not path.name.endswith(_IGNORED)
        ]

    def settled(self, path: Path) -> bool:
        """Whether a file of the drop folder was landed or refused, and may be taken out of it."""
        content = files.sha256(path)
        landed = any(entry["hash"] == content for entry in self.history() if entry["kind"] == "delivery")
        return landed or (self.home / "rejected" / content / "report.json").exists()

    def _bound(self, source: str) -> Source:
        definition = self._find_source(source)
        bound = self.source
        if bound and bound.name != source:
            raise ConfigurationError(
                f"this home holds {bound.name}, and {source} was named: a home holds one source. Use another --home."
            )
        return definition

    def _clean(
        self, path: Path, file: str, source: Source, table: str | None, arrival: datetime
    ) -> tuple[dict[str, Cleaned], dict[str, str]]:
        if table is not None and table not in TABLES:
            raise UsageError(f"--table {table!r}: one of {', '.join(TABLES)} was expected")
        landed: dict[str, str] = {}
        for entry in self.history():
            landed = {**entry.get("ids", {}), **landed}
        raw = read_file(path, name=file)
        cleaned: dict[str, Cleaned] = {}
        for name in (table,) if table else tables_of(source, file):
            cleaned[name] = clean(raw, table=name, source=source, file=file, ids=landed, arrival=arrival)
            check_share(cleaned[name], table=name, file=file, params=self.params)
            kept = cleaned[name].kept
            landed |= {
                key: "integer" if kept.schema[key].is_integer() else "text" for key in KEYS[name] if key in kept.columns
            }
        return cleaned, landed

    def _check_jumps(self, cleaned: dict[str, Cleaned], file: str) -> None:
        if "transactions" in cleaned and self.trading_days(self.position):
            landed = self.lines(self.position).collect("polars").to_native()
            check_jumps(cleaned["transactions"].kept, landed, file=file, params=self.params)

    def _overlap(self, cleaned: dict[str, Cleaned]) -> int:
        if "transactions" not in cleaned or not self.trading_days(self.position):
            return 0
        kept = cleaned["transactions"].kept
        known = self.lines(self.position).to_native().drop(s.DELIVERY)
        return int(kept.lazy().join(known, on=kept.columns, how="semi", nulls_equal=True).select(pl.len()).collect().item())

    def _reject(self, path: Path, content: str, *, source: str, arrival: datetime, error: str) -> None:
        folder = self.home / "rejected" / content
        files.replace(folder / path.name, lambda scratch: shutil.copyfile(path, scratch))
        report = {"file": path.name, "source": source, "arrival": arrival.isoformat(timespec="seconds"), "error": error}
        files.replace_json(folder / "report.json", report)

    def _stage(self, content: str, source: Source, cleaned: dict[str, Cleaned]) -> None:
        for name, each in cleaned.items():
            files.replace(self._path(STAGED[name], content), each.kept.write_parquet)
        bad = pl.concat(
            each.quarantined.with_columns(pl.lit(name).alias("table")) for name, each in cleaned.items()
        ).select(catalog.QUARANTINE.columns)
        files.replace(self._path(catalog.QUARANTINE, content), bad.write_parquet)
        about = {"source": source.fingerprint}
        files.replace_json(self.home / "staged" / content / "about.json", about)

    def _staged(self, delivery: Delivery, table: str) -> Path:
        """The staged rows of a delivery; made again from landing where they are missing or the source changed."""
        source = self._find_source(delivery.source)
        about = self.home / "staged" / delivery.hash / "about.json"
        if not about.exists() or json.loads(about.read_bytes())["source"] != source.fingerprint:
            landed = self._landed(delivery.source, delivery.hash, self._suffix(delivery))
            entry = self.history()[delivery.position - 1]
            cleaned, _ = self._clean(landed, delivery.file, source, entry["table"], delivery.arrival)
            self._stage(delivery.hash, source, cleaned)
        return self._path(STAGED[table], delivery.hash)

    def _landed(self, source: str, content: str, suffix: str) -> Path:
        return self.home / "landing" / source / f"{content}{suffix}"

    def _suffix(self, delivery: Delivery) -> str:
        return Path(delivery.file).suffix

    def _path(self, dataset: Dataset, content: str) -> Path:
        return self.home / dataset.path.format(delivery=content)


def _counts(cleaned: Cleaned, table: str, *, days: bool = True) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "rows": cleaned.rows, "kept": cleaned.kept.height, "quarantined": cleaned.quarantined.height,
        "filtered": cleaned.filtered, "repeated": cleaned.repeated,
    }
    if table == "transactions":
        by_day = cleaned.kept.group_by(s.DATE).len().sort(s.DATE).rows()
        counts |= {"first": str(by_day[0][0]), "last": str(by_day[-1][0])} if by_day else {}
        counts |= {"days": {str(day): rows for day, rows in by_day}} if days else {}
    return counts
