"""Landing: takes deliveries in. A file is accepted whole or refused whole.

Everything that can refuse happens first. Then the bytes go to landing/, the cleaned rows to staged/, the bad ones to
quarantine/, and last the entry to the manifest: it is the commit. A kill before it leaves files that nothing reads.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import Any

import polars as pl

from semana.data import schemas as s
from semana.data.checks import check_jumps, check_kinds, check_known, check_missing, check_share, usual_of
from semana.data.cleaning import RULES, Cleaned
from semana.data.purchases import LINE
from semana.data.sources import Source, posted_source, tables_of
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.params import DataParams
from semana.stores import files
from semana.stores.forgetting import Forgetting
from semana.stores.landed import TRANSACTIONS, spelled_alike
from semana.stores.manifest import DELIVERY, Delivery, brief, utc_text
from semana.stores.reading import as_delivered, read_file
from semana.stores.staging import clean_all, counts_of, id_kinds

LANDED = "landed"
_NOT_IN = {"rows": None, "quarantined": None, "retracted": False}  # of a file that was refused
_LATELY = timedelta(days=365)  # before the newest landed day: prices rise, shops grow, and older lines take time
_OF_ORDER = (s.CUSTOMER_ID, s.PRODUCT_ID, s.DATE, s.ORDER_ID)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Coming:
    """A file at the door, and what is said of it."""

    file: str
    source: Source
    table: str | None
    arrival: datetime
    accept: str | None
    posted: bool = False


class Landing(Forgetting):
    """The deliveries of `home`, which holds one source: the one of its first delivery."""

    def __init__(self, home: Path, *, find_source: Callable[[str], Source], params: DataParams) -> None:
        super().__init__(home, find_source=find_source)
        self._params = params

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
            return self._land(scratch, Coming(path.name, definition, table, arrival, accept))
        finally:
            scratch.unlink(missing_ok=True)

    def post(self, lines: pl.DataFrame, *, name: str, arrival: datetime) -> dict[str, Any]:
        """Lands order lines that were told one by one, under our own column names, as one posted delivery.

        They count until a file spans their days. Raises UsageError before the home's first file, and ContractError as
        `deliver` does.
        """
        source = self.source
        if source is None:
            raise UsageError("lines can be posted once a file has landed. Deliver first: semana ingest PATH")
        file = f"posted-{name}.parquet"
        scratch = files.temporary(self.home / "incoming" / file)
        try:
            scratch.write_bytes(as_delivered(lines, name=file))
            return self._land(
                scratch, Coming(file, posted_source(source), TRANSACTIONS, arrival, "posted", posted=True)
            )
        finally:
            scratch.unlink(missing_ok=True)

    def reject(self, path: Path, *, arrival: datetime, error: str) -> None:
        """Puts a letter that cannot be taken under rejected/, with its report."""
        folder = self.home / "rejected" / files.sha256(path)
        report = {"file": path.name, "source": "inbox", "arrival": utc_text(arrival), "error": error}
        files.replace_bytes(folder / path.name, path.read_bytes())
        files.replace_json(folder / "report.json", report)

    def _land(self, scratch: Path, coming: Coming) -> dict[str, Any]:
        after, hash_ = self.position, files.sha256(scratch)
        known = next((each for each in self.deliveries(after) if hash_ in (each.hash, each.delivered)), None)
        if known:
            return _already(known, coming.table)
        try:
            cleaned = self._read(scratch, coming, after)
        except ContractError as err:
            self._refuse(scratch, coming, hash_, str(err))
            raise
        overlap = self._overlap(cleaned[TRANSACTIONS].kept, coming, after) if TRANSACTIONS in cleaned else {}
        tables = {name: counts_of(each, name) for name, each in cleaned.items()}
        entry = {
            "kind": DELIVERY,
            "source": coming.source.name,
            "file": coming.file,
            "hash": hash_,
            "arrival": utc_text(coming.arrival),
            "accepted": coming.accept,
            "fingerprint": coming.source.fingerprint,
            "rules": RULES,
            "ids": {key: kind for name, each in cleaned.items() for key, kind in id_kinds(each, name).items()},
            "tables": tables,
            **({"posted": True} if coming.posted else {}),
        }
        landed = self.home / "landing" / coming.source.name / f"{hash_}{Path(coming.file).suffix.lower()}"
        self._settle(scratch, landed)
        self._staging.write(hash_, cleaned, coming.source)
        number = self._append(entry, after=after)["number"]
        return _summary(LANDED, coming.file, hash_, number, tables) | {"overlap": 0} | overlap

    def _read(self, scratch: Path, coming: Coming, position: int) -> dict[str, Cleaned]:
        """The tables of the file, cleaned; raises ContractError for every reason to refuse it."""
        file = coming.file
        tables = (coming.table,) if coming.table else tables_of(coming.source, file)
        raw = read_file(scratch, name=file, encoding=coming.source.csv.encoding)
        ids = self.ids(position)
        cleaned = clean_all(raw, tables, source=coming.source, file=file, ids=ids, arrival=coming.arrival)
        for table, result in cleaned.items():
            check_share(result, coming.source.table(table), table=table, file=file, params=self._params)
        if coming.accept is None:
            for table, result in cleaned.items():
                self._check_like_before(result.kept, table, file, position)
        return cleaned

    def _check_like_before(self, kept: pl.DataFrame, table: str, file: str, position: int) -> None:
        """Raises ContractError where the rows are unlike those of the table that have landed."""
        if not any(table in delivery.tables for delivery in self.deliveries(position)):
            return
        if table == TRANSACTIONS:
            lines = self.lines(position).to_native()
            traded = self.trading_days(position)
            days = (max(traded) - _LATELY, date.max) if traded else None
            usual = usual_of(self.lines(position, days=days).to_native())
            check_jumps(kept, usual, file=file, params=self._params)
            check_known(kept, lines, usual, file=file, params=self._params)
            check_missing(kept, lines, table=table, file=file, params=self._params)
        else:
            rows = self.attributes(table, position).to_native()
            kept = spelled_alike([rows, kept.lazy()])[1].collect()
            check_missing(kept, rows, table=table, file=file, params=self._params)
            check_kinds(kept, rows, table=table, file=file, params=self._params)

    def _overlap(self, kept: pl.DataFrame, coming: Coming, position: int) -> dict[str, int]:
        """How many of the lines had landed in another file as they are (`overlap`), and how many with other values.

        The latter (`differing`) are of an order, customer, product and day that is there: they count beside the old
        ones, and a warning says so. Posted lines are none of these where a file comes, for it replaces them.
        """
        if not self.trading_days(position):
            return {}
        days = kept.select(pl.col(s.DATE).min(), pl.col(s.DATE).max().alias("last")).row(0)
        landed = self.lines(position, days=days).to_native()
        again = kept.lazy().join(landed, on=LINE, how="semi", nulls_equal=True)
        stays = {each.position: each for each in self.deliveries(position) if coming.posted or not each.posted}
        others = landed.filter(pl.col(s.DELIVERY).is_in(list(stays))).join(
            kept.lazy(), on=LINE, how="anti", nulls_equal=True
        )
        differing = kept.lazy().join(landed, on=LINE, how="anti", nulls_equal=True).join(others, on=_OF_ORDER)
        found = differing.select(*LINE, s.DELIVERY).unique().collect()
        lines = found.select(LINE).unique().height
        if lines:
            hashes = ", ".join(stays[each].hash[:8] for each in found[s.DELIVERY].unique().sort())
            _log.warning(
                "%s: %s lines are of an order, customer, product and day that had landed with other values (%s): both "
                'count. If this file corrects that one: semana deliveries retract HASH --reason "..."',
                coming.file,
                f"{lines:,}",
                hashes,
            )
        return {"overlap": again.collect().height, **({"differing": lines} if lines else {})}

    def _refuse(self, scratch: Path, coming: Coming, hash_: str, error: str) -> None:
        folder = self.home / "rejected" / hash_
        arrival = utc_text(coming.arrival)
        report = {"file": coming.file, "source": coming.source.name, "arrival": arrival, "error": error}
        self._settle(scratch, folder / coming.file)
        files.replace_json(folder / "report.json", report)

    def refusals(self) -> list[dict[str, Any]]:
        """The reports of the files that were refused, oldest first; of a file refused again, the newest."""
        reports = [json.loads(path.read_bytes()) for path in self.home.glob("rejected/*/report.json")]
        return sorted(reports, key=lambda report: str(report["arrival"]))

    def judged(self, position: int | None = None, *, latest: int) -> list[dict[str, Any]]:
        """The latest deliveries as they were judged, oldest first, refused ones (at any time) included.

        Each has file, arrival, rows and quarantined (null where it was refused), whether it was `retracted` by
        `position` (default: now), and what is said of it.
        """
        gone = self.retractions(position)
        landed = [
            {
                "file": entry["file"],
                "arrival": entry["arrival"],
                "rows": sum(table["rows"] for table in entry["tables"].values()),
                "quarantined": sum(table["quarantined"] for table in entry["tables"].values()),
                "retracted": entry["number"] in gone,
                "says": _judged(entry, gone.get(entry["number"])),
            }
            for entry in self.history()[:position]
            if entry["kind"] == DELIVERY
        ]
        refused = [
            {"file": each["file"], "arrival": each["arrival"], "says": each["error"], **_NOT_IN}
            for each in self.refusals()
        ]
        # What landed stands in the order of the journal, whatever clock each delivery was taken in by.
        moments = accumulate((str(each["arrival"]) for each in landed), max)
        placed = [*zip(moments, landed, strict=True), *((str(each["arrival"]), each) for each in refused)]
        return [each for _, each in sorted(placed, key=itemgetter(0))][-latest:]

    def _settle(self, scratch: Path, path: Path) -> None:
        files.replace(path, lambda other: os.rename(scratch, other))

    def waiting(self) -> list[tuple[str, Path]]:
        """The files in the drop folder with their source: drop/SOURCE/FILE, and drop/FILE once the home has a source.

        Unfinished files and flags are left out. What lies anywhere else waits for a person, and a warning says so.
        """
        drop, bound = self.home / "drop", self.bound_to()
        found = []
        for path in sorted(each for each in drop.rglob("*") if each.is_file()):
            inside = path.relative_to(drop).parts
            if any(part.startswith(".") for part in inside) or path.suffix in {".part", ".ready"}:
                continue
            source = bound if len(inside) == 1 else inside[0]
            if source is None or len(inside) > 2:
                _log.warning("drop/%s stays: files are taken from drop/SOURCE/, not deeper", "/".join(inside))
            else:
                found.append((source, path))
        return found


def _judged(entry: Mapping[str, Any], retraction: Mapping[str, Any] | None) -> str:
    if retraction:
        return f"retracted: {retraction['reason']}"
    return f"accepted: {entry['accepted']}" if entry["accepted"] else "accepted"


def _already(known: Delivery, table: str | None) -> dict[str, Any]:
    if table is not None and table not in known.tables:
        raise UsageError(
            f"{known.file} ({known.hash[:8]}) has landed as {', '.join(known.tables)}, not as {table}. "
            f'If that was wrong: semana deliveries retract {known.hash[:8]} --reason "...", then deliver it again.'
        )
    lines = known.tables.get(TRANSACTIONS, {}).get("kept", 0)
    return _summary("already landed", known.file, known.hash, known.position, known.tables) | {"overlap": lines}


def _summary(
    outcome: str, file: str, hash_: str, position: int, tables: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    counts = {name: brief(each) for name, each in tables.items()}
    return {"outcome": outcome, "file": file, "hash": hash_, "position": position, "tables": counts}
