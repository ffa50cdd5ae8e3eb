"""What has landed, as read at a position: order lines, attributes, and whether all that was promised still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.catalog import STAGED
from semana.data.cleaning import RULES
from semana.data.faults import PutAside, put_aside
from semana.data.frames import Frame, counted
from semana.data.sources import KEYS, TABLES, Source, posted_source
from semana.data.values import INTEGER
from semana.errors import ContractError
from semana.stores import datasets, files
from semana.stores.engine import POLARS, Engine
from semana.stores.manifest import Delivery, Manifest, brief, replaced
from semana.stores.staging import Staging

TRANSACTIONS = TABLES[0]


class Landed(Manifest):
    """The deliveries of `home`, to be read."""

    def __init__(self, home: Path, *, find_source: Callable[[str], Source]) -> None:
        super().__init__(home / "landing" / "manifest")
        self.home = home
        self._find_source = find_source
        self._staging = Staging(home)
        self._described: dict[str, tuple[object, Frame]] = {}  # a table's attributes in an engine, and of which files

    @property
    def source(self) -> Source | None:
        """The source that the home holds; None before its first delivery."""
        name = self.bound_to()
        return self._find_source(name) if name else None

    def lines(self, position: int, engine: Engine = POLARS, *, days: tuple[date, date] | None = None) -> Frame:
        """The order lines of the deliveries live at `position`, and which `delivery` each came in (its position).

        Posted lines of the days that a file spans which came later are not among them: the file says it all. With
        `days`, the first and the last, those of these alone: files without any are not opened.
        """
        frames, staged = [], self._staged(TRANSACTIONS, position, days=days)
        live = [delivery for delivery, _ in staged]
        for delivery, path in staged:
            rows = datasets.scan(path, STAGED[TRANSACTIONS], engine)
            if days:
                rows = rows.filter(nw.col(s.DATE).is_between(*days))
            for first, last in replaced(delivery, live):
                rows = rows.filter(~nw.col(s.DATE).is_between(first, last))
            frames.append(rows.with_columns(nw.lit(delivery.position).cast(nw.Int32).alias(s.DELIVERY)))
        ids = self.ids(position)
        empty: dict[str, pl.DataType] = {
            **{key: _id_type(ids, key) for key in KEYS[TRANSACTIONS]},
            s.DATE: pl.Date(),
            s.ORDER_ID: pl.String(),
            s.QUANTITY: pl.Float64(),
            s.AMOUNT: pl.Float64(),
            s.WEEK: pl.Int32(),
            s.DELIVERY: pl.Int32(),
        }
        return nw.concat(frames) if frames else engine.frame(pl.LazyFrame(schema=empty))

    def attributes(self, table: str, position: int, engine: Engine = POLARS) -> Frame:
        """The attribute rows of the deliveries live at `position`: id, `seen`, label, ..., and their `position`.

        An attribute that came as a number once and as text another time is text, and one whose name came in another
        case is the same. A row without a day was always true where it is the first of its id; a later one is `seen` on
        the day that it arrived.
        """
        staged = self._staged(table, position)
        rows = self._attributes(table, staged, position)
        made_from = engine, self.ids(position), [(each.position, path, files.marks(path)) for each, path in staged]
        known = self._described.get(table)
        if known is None or known[0] != made_from:
            known = self._described[table] = made_from, engine.frame(rows)
        return known[1]

    def _attributes(self, table: str, staged: list[tuple[Delivery, Path]], position: int) -> pl.LazyFrame:
        (key,) = KEYS[table]
        frames = [
            datasets.scan(path, STAGED[table])
            .to_native()
            .with_columns(
                pl.lit(delivery.position, dtype=pl.Int32).alias(s.POSITION),
                pl.lit(delivery.arrival.date(), dtype=pl.Date).alias(s.ARRIVED),
            )
            for delivery, path in staged
        ]
        frames = spelled_alike(frames)
        people = [s.LABEL, s.OWNER] if key == s.CUSTOMER_ID else [s.LABEL]
        empty = pl.LazyFrame(
            schema={
                key: _id_type(self.ids(position), key),
                s.SEEN: pl.Date,
                **dict.fromkeys(people, pl.String),
                s.POSITION: pl.Int32,
                s.ARRIVED: pl.Date,
            }
        )
        kinds = [frame.collect_schema() for frame in frames]
        mixed = {name for one in kinds for other in kinds for name in one if other.get(name, one[name]) != one[name]}
        as_text = [
            frame.with_columns(pl.col(sorted(mixed & set(kind))).cast(pl.String))
            for frame, kind in zip(frames, kinds, strict=True)
        ]
        rows = pl.concat([empty, *as_text], how="diagonal")
        later = pl.col(s.SEEN).is_null() & (pl.col(s.POSITION) > pl.col(s.POSITION).min().over(key))
        seen = pl.when(later).then(s.ARRIVED).otherwise(s.SEEN).alias(s.SEEN)
        return rows.with_columns(seen).drop(s.ARRIVED)

    def _staged(
        self, table: str, position: int, *, days: tuple[date, date] | None = None
    ) -> list[tuple[Delivery, Path]]:
        live = [delivery for delivery in self.deliveries(position) if table in delivery.tables]
        kinds = {(delivery.source, delivery.posted) for delivery in live}
        sources = {kind: self._source_of(*kind) for kind in kinds}
        found = ((each, sources[each.source, each.posted]) for each in live)
        return [
            (each, self._staging.table(each, table, source))
            for each, source in found
            if days is None or not _is_as_told(each, source) or _has_any(each, *days)
        ]

    def put_aside(self, delivery: Delivery) -> list[PutAside]:
        """Which rows of the delivery broke which rule of its source, as that is defined now."""
        source = self._source_of(delivery.source, delivery.posted)
        for table in delivery.tables:
            self._staging.table(delivery, table, source)
        return put_aside(
            self._staging.put_aside(delivery.hash), {table: source.table(table) for table in delivery.tables}
        )

    def _source_of(self, name: str, posted: bool) -> Source:  # noqa: FBT001 - a delivery's own two facts
        source = self._find_source(name)
        return posted_source(source) if posted else source

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
            source = self._source_of(delivery.source, delivery.posted)
            found = {
                "kept": counted(datasets.scan(staged, STAGED[table])),
                "quarantined": self._staging.quarantined(delivery.hash, table),
            }
            if _is_as_told(delivery, source) and any(found[name] != promised[name] for name in found):
                raise _broken(delivery, f"{table} has {found}, the manifest says {brief(promised)}")
            if promised["rows"] != sum(promised[name] for name in ("kept", "quarantined", "filtered", "repeated")):
                raise _broken(delivery, f"the manifest's counts of {table} do not add up: {brief(promised)}")
            report["deliveries"] += 1
            for name in brief(promised):
                report[name] += promised[name]
        return report


def spelled_alike(frames: Iterable[pl.LazyFrame]) -> list[pl.LazyFrame]:
    """The frames with every column as it was first written: DuckDB and Spark know no case."""
    spelled: dict[str, str] = {}
    return [
        frame.rename({name: spelled.setdefault(name.lower(), name) for name in frame.collect_schema()})
        for frame in frames
    ]


def _is_as_told(delivery: Delivery, source: Source) -> bool:
    """A source defined anew since it landed, and other rules of ours, may read the same bytes otherwise."""
    return (delivery.fingerprint, delivery.rules) == (source.fingerprint, RULES)


def _has_any(delivery: Delivery, first: date, last: date) -> bool:
    table = delivery.tables[TRANSACTIONS]
    return bool(table["kept"]) and table["first"] <= str(last) and str(first) <= table["last"]


def _id_type(ids: Mapping[str, str], key: str) -> pl.DataType:
    return pl.Int64() if ids.get(key) == INTEGER else pl.String()


def _broken(delivery: Delivery, how: str) -> ContractError:
    return ContractError(
        f"{delivery.file} ({delivery.hash[:8]}): {how}. Restore a backup into a new home (semana --home NEW "
        f"restore), or retract the delivery and deliver the file again."
    )
