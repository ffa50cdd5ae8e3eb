"""Landing without one customer: every file that names them is written anew, and the manifest says so without the id."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from semana.data import schemas as s
from semana.data.cleaning import RULES
from semana.data.sources import KEYS
from semana.data.values import read_ids
from semana.stores import files
from semana.stores.landed import Landed
from semana.stores.manifest import FORGETTING, Delivery, utc_text
from semana.stores.reading import as_delivered, is_csv, read_file
from semana.stores.staging import clean_all, counts_of

BEGUN = "forgetting.json"  # in the home while one is under way: whom
_UNSAID = "it named somebody who is forgotten since"


class Forgetting(Landed):
    """The deliveries of `home`, from which a customer can be taken."""

    def names(self, customer: str) -> bool:
        """Whether any file that ever landed has a row of the customer (id as text)."""
        return any(self._rows_of(customer, delivery)[1].any() for delivery in self.ever())

    def forget(self, customer: str, *, reason: str, arrival: datetime) -> int:
        """Writes the files that name the customer anew without their rows, for every position; returns how many did.

        Of a file that is delivered again as it was then, we know that it has landed. Files that were refused are
        removed whole. What was written before is removed last, so that a kill loses nothing.
        """
        after, became = self.position, {}
        for delivery in {each.hash: each for each in self.ever()}.values():
            rows, hit = self._rows_of(customer, delivery)
            if hit.any():
                became[delivery.hash] = self._rewrite(delivery, rows.filter(~hit))
        if became:
            entry = {"kind": FORGETTING, "reason": reason, "arrival": utc_text(arrival), "files": became}
            self._append(entry, after=after)
        for old in self._rewritten():
            for landed in self.home.glob(f"landing/*/{old}.*"):
                landed.unlink()
            shutil.rmtree(self.home / "staged" / old, ignore_errors=True)
            (self.home / "quarantine" / f"{old}.parquet").unlink(missing_ok=True)
        shutil.rmtree(self.home / "rejected", ignore_errors=True)
        return len(became)

    def _rows_of(self, customer: str, delivery: Delivery) -> tuple[pl.DataFrame, pl.Series]:
        """The rows of a landed file, and which of them are the customer's, those with a fault too."""
        source = self._source_of(delivery.source, delivery.posted)
        rows = read_file(self._landed(delivery), name=delivery.file, encoding=source.csv.encoding)
        hit = pl.Series([False]).new_from_index(0, rows.height)
        for table in (each for each in delivery.tables if s.CUSTOMER_ID in KEYS[each]):
            (column,) = source.table(table).theirs(s.CUSTOMER_ID)
            kind = delivery.ids.get(s.CUSTOMER_ID)
            read = read_ids(rows[column], kind=kind, csv=is_csv(delivery.file), where=f"{delivery.file}: {column!r}")
            written = rows[column].cast(pl.String).str.strip_chars()
            hit |= (read.cast(pl.String) == customer).fill_null(False) | (written == customer).fill_null(False)
        return rows, hit

    def _rewrite(self, delivery: Delivery, rows: pl.DataFrame) -> dict[str, object]:
        """Writes the rows as the file was, and what is staged from it; what the manifest is to say of the new one."""
        source = self._source_of(delivery.source, delivery.posted)
        content = as_delivered(rows, name=delivery.file, encoding=source.csv.encoding)
        hash_ = hashlib.sha256(content).hexdigest()
        path = files.replace_bytes(self._landed(delivery).with_stem(hash_), content)
        read = read_file(path, name=delivery.file, encoding=source.csv.encoding)
        cleaned = clean_all(
            read, delivery.tables, source=source, file=delivery.file, ids=delivery.ids, arrival=delivery.arrival
        )
        self._staging.write(hash_, cleaned, source)
        tables = {name: counts_of(each, name) for name, each in cleaned.items()}
        return {"hash": hash_, "fingerprint": source.fingerprint, "rules": RULES, "tables": tables}

    def _landed(self, delivery: Delivery) -> Path:
        return self.home / "landing" / delivery.landed_as


def unsaid(paths: Iterable[Path], customer: str) -> int:
    """Takes the words (`says`) that name the customer (id as text) out of JSON files; returns how many it changed.

    A damaged one that names them is removed.
    """
    named, found = re.compile(rf"(?<!\w)0*{re.escape(customer)}(?!\w)"), 0

    def kept(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: kept(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [kept(each) for each in value]
        return _UNSAID if key == "says" and named.search(str(value)) else value

    for path in paths:
        text = path.read_text(errors="replace")
        if not named.search(text):
            continue
        try:
            whole = json.loads(text)
        except ValueError:
            path.unlink()
            found += 1
            continue
        if (rest := kept(whole)) != whole:
            files.replace_json(path, rest)
            found += 1
    return found
