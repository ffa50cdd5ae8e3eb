"""Landing: what was delivered, as it came, and what it says once cleaned. A file is accepted whole or refused whole.

Everything that can refuse happens first. Then the bytes go to landing/, the cleaned rows to staged/, the bad ones to
quarantine/, and last the entry to the manifest: it is the commit. A kill before it leaves files that nothing reads.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.checks import check_jumps, check_share, usual_of
from semana.data.cleaning import Cleaned
from semana.data.purchases import LINE
from semana.data.sources import KEYS, TABLES, Source, tables_of
from semana.data.values import INTEGER
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.params import DataParams
from semana.stores import files
from semana.stores.manifest import DELIVERY, Delivery, Manifest, utc_text
from semana.stores.reading import read_table
from semana.stores.staging import Staging, clean_all, id_kinds

TRANSACTIONS = TABLES[0]


class Landing(Manifest):
    """The deliveries of `home`, which holds one source: the one of its first delivery."""

    def __init__(self, home: Path, *, find_source: Callable[[str], Source], params: DataParams) -> None:
        super().__init__(home / "landing" / "manifest")
        self.home = home
        self._find_source = find_source
        self._params = params
        self._staging = Staging(home)

    @property
    def source(self) -> Source | None:
        """The source that the home holds; None before its first delivery."""
        name = self.bound_to()
        return self._find_source(name) if name else None

    def deliver(
        self, path: Path, *, source: str, table: str | None, arrival: datetime, accept: str | None = None
    ) -> dict[str, Any]:
        """Lands the file and says how many rows of each table were kept; the same bytes again change nothing.

        `accept` is the reason why a jump of unit or volume is real. Raises ContractError where the file is refused:
        it then lies under rejected/ with a report, and landing is as it was.
        """
        definition = self._find_source(source)
        if table is not None:
            definition.table(table)
        bound = self.bound_to()
        if bound not in (None, source):
            raise ConfigurationError(f"this home holds {bound}, not {source}; use another --home for {source}.")
        if not path.is_file():
            raise UsageError(f"{path}: no such file.")
        scratch = files.temporary(self.home / "incoming" / path.name)
        try:
            shutil.copyfile(path, scratch)
            return self._land(scratch, path.name, definition, table, arrival, accept)
        finally:
            scratch.unlink(missing_ok=True)

    def _land(
        self, scratch: Path, file: str, source: Source, table: str | None, arrival: datetime, accept: str | None
    ) -> dict[str, Any]:
        after, hash_ = self.position, files.sha256(scratch)
        known = next((each for each in self.deliveries(after) if each.hash == hash_), None)
        if known:
            return _already(known, table)
        try:
            tables = (table,) if table else tables_of(source, file)
            raw = read_table(scratch, name=file)
            cleaned = clean_all(raw, tables, source=source, file=file, ids=self.ids(after), arrival=arrival)
            self._check(cleaned, file, after, jumps=accept is None)
        except ContractError as err:
            self._refuse(scratch, file, hash_, source, arrival, err)
            raise
        overlap = self._overlap(cleaned[TRANSACTIONS].kept, after) if TRANSACTIONS in cleaned else 0
        entry = {
            "kind": DELIVERY, "source": source.name, "file": file, "hash": hash_, "arrival": utc_text(arrival),
            "accepted": accept, "fingerprint": source.fingerprint,
            "ids": {key: kind for name, each in cleaned.items() for key, kind in id_kinds(each, name).items()},
            "tables": {name: _counts(each, name) for name, each in cleaned.items()},
        }
        self._settle(scratch, self.home / "landing" / source.name / f"{hash_}{Path(file).suffix.lower()}")
        self._staging.write(hash_, cleaned, source)
        number = self._append(entry, after=after)["number"]
        counts = {name: _short(each) for name, each in entry["tables"].items()}
        return {
            "outcome": "landed", "file": file, "hash": hash_, "position": number, "tables": counts, "overlap": overlap,
        }

    def _check(self, cleaned: Mapping[str, Cleaned], file: str, position: int, *, jumps: bool) -> None:
        for table, result in cleaned.items():
            check_share(result, table=table, file=file, params=self._params)
        if jumps and TRANSACTIONS in cleaned and self.trading_days(position):
            usual = usual_of(self._lines(position))
            check_jumps(cleaned[TRANSACTIONS].kept, usual, file=file, params=self._params)

    def _overlap(self, kept: pl.DataFrame, position: int) -> int:
        """How many of the lines had already landed in another file."""
        first, last = kept[s.DATE].min(), kept[s.DATE].max()
        landed = self._lines(position).filter(pl.col(s.DATE).is_between(first, last)).select(LINE)
        return kept.lazy().join(landed, on=LINE, how="semi", nulls_equal=True).select(pl.len()).collect().item()  # type: ignore[no-any-return]

    def _refuse(
        self, scratch: Path, file: str, hash_: str, source: Source, arrival: datetime, err: ContractError
    ) -> None:
        folder = self.home / "rejected" / hash_
        report = {"file": file, "source": source.name, "arrival": utc_text(arrival), "error": str(err)}
        self._settle(scratch, folder / file)
        files.replace_json(folder / "report.json", report)

    def _settle(self, scratch: Path, path: Path) -> None:
        files.replace(path, lambda other: os.rename(scratch, other))

    def lines(self, position: int) -> nw.LazyFrame[Any]:
        """The order lines of the deliveries live at `position`, and which `delivery` each came in (its position)."""
        return nw.from_native(self._lines(position))

    def _lines(self, position: int) -> pl.LazyFrame:
        frames = [
            pl.scan_parquet(path).with_columns(pl.lit(delivery.position, dtype=pl.Int32).alias(s.DELIVERY))
            for delivery, path in self._staged(TRANSACTIONS, position)
        ]
        ids = self.ids(position)
        empty = {
            **{key: _id_type(ids, key) for key in KEYS[TRANSACTIONS]},
            s.DATE: pl.Date, s.ORDER_ID: pl.String, s.QUANTITY: pl.Float64, s.AMOUNT: pl.Float64,
            s.WEEK: pl.Int32, s.DELIVERY: pl.Int32,
        }
        return pl.concat(frames) if frames else pl.LazyFrame(schema=empty)

    def attributes(self, table: str, position: int) -> nw.LazyFrame[Any]:
        """The attribute rows of the deliveries live at `position`: id, `seen`, label, ..., and their `position`.

        An attribute that came as a number once and as text another time is text.
        """
        (key,) = KEYS[table]
        frames = [
            pl.scan_parquet(path).with_columns(pl.lit(delivery.position, dtype=pl.Int32).alias(s.POSITION))
            for delivery, path in self._staged(table, position)
        ]
        people = [s.LABEL, s.OWNER] if key == s.CUSTOMER_ID else [s.LABEL]
        empty = pl.LazyFrame(
            schema={
                key: _id_type(self.ids(position), key), s.SEEN: pl.Date, **dict.fromkeys(people, pl.String),
                s.POSITION: pl.Int32,
            }
        )
        kinds = [frame.collect_schema() for frame in frames]
        mixed = {name for one in kinds for other in kinds for name in one if other.get(name, one[name]) != one[name]}
        as_text = [frame.with_columns(pl.col(mixed & set(kind)).cast(pl.String)) for frame, kind in zip(frames, kinds, strict=True)]
        return nw.from_native(pl.concat([empty, *as_text], how="diagonal"))

    def _staged(self, table: str, position: int) -> list[tuple[Delivery, Path]]:
        live = [delivery for delivery in self.deliveries(position) if table in delivery.tables]
        sources = {name: self._find_source(name) for name in {delivery.source for delivery in live}}
        return [(each, self._staging.table(each, table, sources[each.source])) for each in live]

    def validate(self, position: int, table: str) -> dict[str, Any]:
        """The table's rows over all deliveries live at `position`, and in how many the bytes and counts hold.

        Raises ContractError where our own promise is broken: bytes changed or gone, rows lost.
        """
        report = {"deliveries": 0, "rows": 0, "kept": 0, "quarantined": 0, "filtered": 0, "repeated": 0}
        for delivery, staged in self._staged(table, position):
            landed = self.home / "landing" / delivery.landed_as
            if not landed.is_file() or files.sha256(landed) != delivery.hash:
                raise _broken(delivery, "its bytes under landing/ are gone or were changed")
            promised = delivery.tables[table]
            source = self._find_source(delivery.source)
            found = {
                "kept": pl.scan_parquet(staged).select(pl.len()).collect().item(),
                "quarantined": self._staging.quarantined(delivery.hash, table),
            }
            # A source defined anew since then may read the same bytes otherwise.
            same = delivery.fingerprint == source.fingerprint
            if same and any(found[name] != promised[name] for name in found):
                raise _broken(delivery, f"{table} has {found}, the manifest says {_short(promised)}")
            if promised["rows"] != sum(promised[name] for name in ("kept", "quarantined", "filtered", "repeated")):
                raise _broken(delivery, f"the manifest's counts of {table} do not add up: {_short(promised)}")
            report["deliveries"] += 1
            for name in _short(promised):
                report[name] += promised[name]
        return report

    def waiting(self) -> list[tuple[str, Path]]:
        """The files in the drop folder with their source: drop/SOURCE/FILE; unfinished ones and flags left out."""
        return [
            (path.parent.name, path)
            for path in sorted((self.home / "drop").glob("*/*"))
            if path.is_file() and not path.name.startswith(".") and path.suffix not in {".part", ".ready"}
        ]
