"""Cleaned rows of each delivery, kept beside the bytes they came from and made again from them whenever need be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import cleaning
from semana.data import schemas as s
from semana.data.catalog import QUARANTINE, STAGED
from semana.data.cleaning import Cleaned, clean
from semana.data.frames import collected
from semana.data.sources import KEYS, TABLES, Source
from semana.data.values import INTEGER, TEXT
from semana.errors import ContractError
from semana.stores import datasets, files
from semana.stores.manifest import Delivery
from semana.stores.reading import is_csv, read_file

_ABOUT = "about.json"
_QUARANTINE = {"table": pl.String, "row": pl.Int64, s.REASON: pl.String, "values": pl.String}


class Staging:
    """staged/HASH/TABLE.parquet and quarantine/HASH.parquet of the home, for deliveries that landed in landing/."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def table(self, delivery: Delivery, table: str, source: Source) -> Path:
        """The cleaned rows of the delivery's table; made again where missing, or where the source was redefined."""
        path = self.home / "staged" / delivery.hash / f"{table}.parquet"
        if not (self._is_current(delivery, source) and path.exists()):
            raw = read_file(
                self.home / "landing" / delivery.landed_as, name=delivery.file, encoding=source.csv.encoding
            )
            try:
                cleaned = clean_all(
                    raw, delivery.tables, source=source, file=delivery.file, ids=delivery.ids, arrival=delivery.arrival
                )
            except ContractError as err:
                raise ContractError(
                    f"{err} It landed under other rules: semana deliveries retract {delivery.hash[:8]} "
                    '--reason "...", then deliver it again, mended.'
                ) from err
            self.write(delivery.hash, cleaned, source)
        return path

    def write(self, hash_: str, cleaned: Mapping[str, Cleaned], source: Source) -> None:
        """Writes the tables of a delivery and its quarantined rows; the note of what they were made with comes last."""
        folder = self.home / "staged" / hash_
        for table, result in cleaned.items():
            datasets.write(folder / f"{table}.parquet", STAGED[table], result.kept)
        bad = [
            result.quarantined.select(pl.lit(table).alias("table"), "row", s.REASON, "values")
            for table, result in cleaned.items()
        ]
        quarantined = pl.concat([pl.DataFrame(schema=_QUARANTINE), *bad])
        datasets.write(self.home / "quarantine" / f"{hash_}.parquet", QUARANTINE, quarantined)
        files.replace_json(folder / _ABOUT, _made_with(source))

    def quarantined(self, hash_: str, table: str) -> int:
        """How many rows of the delivery's table are in quarantine."""
        path = self.home / "quarantine" / f"{hash_}.parquet"
        return collected(datasets.scan(path, QUARANTINE).filter(nw.col("table") == table)).height

    def put_aside(self, hash_: str) -> pl.DataFrame:
        """The delivery's rows in quarantine (catalog.QUARANTINE)."""
        return collected(datasets.scan(self.home / "quarantine" / f"{hash_}.parquet", QUARANTINE))

    def _is_current(self, delivery: Delivery, source: Source) -> bool:
        try:
            about = json.loads((self.home / "staged" / delivery.hash / _ABOUT).read_bytes())
        except (FileNotFoundError, ValueError):
            return False
        aside = self.home / "quarantine" / f"{delivery.hash}.parquet"
        return bool(about == _made_with(source)) and aside.exists()


def clean_all(
    raw: pl.DataFrame, tables: Iterable[str], *, source: Source, file: str, ids: Mapping[str, str], arrival: datetime
) -> dict[str, Cleaned]:
    """The tables of a file, cleaned; `ids` are the kinds of ids that are settled, the rest are as the file has them."""
    settled, cleaned = dict(ids), {}
    for table in tables:
        cleaned[table] = clean(
            raw, table=table, source=source, file=file, ids=settled, arrival=arrival, csv=is_csv(file)
        )
        settled = {**id_kinds(cleaned[table], table), **settled}
    return cleaned


def id_kinds(cleaned: Cleaned, table: str) -> dict[str, str]:
    """Which id columns of a cleaned table are integers and which text."""
    return {key: INTEGER if cleaned.kept.schema[key].is_integer() else TEXT for key in KEYS[table]}


def counts_of(cleaned: Cleaned, table: str) -> dict[str, Any]:
    """What the manifest says of a table: where its rows went and, of order lines, how many each day has."""
    counts: dict[str, Any] = {
        "rows": cleaned.rows,
        "kept": cleaned.kept.height,
        "quarantined": cleaned.quarantined.height,
        "filtered": cleaned.filtered,
        "repeated": cleaned.repeated,
    }
    if table == TABLES[0]:
        days = dict(cleaned.kept[s.DATE].value_counts().sort(s.DATE).rows())
        span = {"first": str(min(days)), "last": str(max(days))} if days else {}  # none of a customer who was forgotten
        counts |= {**span, "days": {str(day): lines for day, lines in days.items()}}
    return counts


def _made_with(source: Source) -> dict[str, object]:
    return {"source": source.fingerprint, "rules": cleaning.RULES}
