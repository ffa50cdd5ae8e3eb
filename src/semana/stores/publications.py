"""Published lists: one folder a revision, made beside and renamed; `current.json` is replaced last.

Readers see the old list or the new one, never a mix.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from semana.data import schemas as s
from semana.data.catalog import PREDICTIONS
from semana.data.frames import Frame, collected
from semana.data.weeks import Week
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.stores import datasets, files

PARQUET = "predictions.parquet"
ARROW = "predictions.arrow"
OFFSETS = "offsets.arrow"
MANIFEST = "manifest.json"
CURRENT = "current.json"


class Publications:
    """The publications under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> dict[str, Any] | None:
        """Week and revision of the newest list, or None before the first."""
        path = self.folder / CURRENT
        if not path.exists():
            return None
        try:
            current: dict[str, Any] = json.loads(path.read_bytes())
            return {"week": str(current["week"]), "rev": int(current["rev"])}
        except (ValueError, KeyError, TypeError) as err:
            raise ContractError(
                f"published/{path.name} is damaged. Remove it, then publish the newest list again: semana publish"
            ) from err

    def current_manifest(self) -> dict[str, Any] | None:
        """The manifest of the newest list, or None before the first."""
        current = self.current()
        return self.manifests(Week.parse(current["week"]))[current["rev"] - 1] if current else None

    def ledger_entries(self) -> int:
        """How many entries the ledger had when the newest list was published; 0 before the first."""
        return int((self.current_manifest() or {}).get("ledger", 0))

    def newest(self) -> Path | None:
        """The folder of the newest list, or None before the first."""
        current = self.current()
        return self._week(Week.parse(current["week"])) / f"rev={current['rev']}" if current else None

    def folders(self) -> list[Path]:
        """The folder of every revision of every week, the newest first; whether it is whole is not asked."""
        found = [path for path in self.folder.glob("week=*/rev=*") if path.name[4:].isdecimal()]
        return sorted(found, key=lambda path: (path.parent.name, int(path.name[4:])), reverse=True)

    def weeks(self) -> list[Week]:
        """Every week with a list, oldest first."""
        return sorted({Week.parse(path.parents[1].name[5:]) for path in self.folder.glob(f"week=*/rev=*/{MANIFEST}")})

    def manifests(self, week: Week) -> list[dict[str, Any]]:
        """The manifests of a week's revisions, oldest first; raises ContractError naming one that is damaged."""
        found = []
        for path in self._week(week).glob(f"rev=*/{MANIFEST}"):
            try:
                manifest: dict[str, Any] = json.loads(path.read_bytes())
                found.append((int(manifest["rev"]), manifest))
            except (ValueError, KeyError, TypeError, RecursionError) as err:
                raise ContractError(
                    f"published/{week}/{path.parent.name}/{MANIFEST} is damaged. Restore it from a backup, or remove "
                    f'its folder and publish the week again: semana run --week {week} --reason "..."'
                ) from err
        return [manifest for _, manifest in sorted(found, key=lambda each: each[0])]

    def served(self, week: Week) -> dict[str, Any]:
        """The manifest of the revision that served when the week began (the first, where all came later)."""
        manifests = self.manifests(week)
        if not manifests:
            raise UsageError(f"no list was published for {week}. Run: semana run --week {week}")
        return next((each for each in reversed(manifests) if not each["late"]), manifests[0])

    def predictions(self, week: Week, rev: int | None = None) -> Frame:
        """The rows of a week's list; by default of its latest revision.

        Raises ContractError where they are not those that were published.
        """
        manifests = self.manifests(week)
        if not manifests:
            raise UsageError(f"no list was published for {week}. Run: semana run --week {week}")
        manifest = next(each for each in reversed(manifests) if rev in (None, int(each["rev"])))
        path = self._week(week) / f"rev={manifest['rev']}" / PARQUET
        if not path.is_file() or files.sha256(path) != manifest["files"][PARQUET]:
            raise ContractError(
                f"the list of {week} (revision {manifest['rev']}) is not as it was published. Restore it from a "
                f"backup, or publish it again: semana publish --week {week}"
            )
        return datasets.scan(path, PREDICTIONS)

    def check_reason(self, week: Week, *, late: bool, reason: str | None) -> None:
        """Raises UsageError where `week` has a list already, has begun (`late`) and no reason is given."""
        if late and not reason and self.manifests(week):
            raise UsageError(
                f"{week} has begun, by the clock or by what has arrived, and has a list: say why it is replaced, with "
                f'--reason "..."'
            )

    def publish(
        self, rows: pl.DataFrame, manifest: dict[str, Any], week: Week, *, back: bool = False
    ) -> dict[str, Any]:
        """Makes `rows`, by customer and rank, the newest revision of `week`, and switches readers to it; its manifest.

        The same rows as the latest revision make no new one: what an interrupted run left undone is finished.
        Only a week that is not older than the current one becomes current, unless `back`.
        """
        if rows.is_empty():
            raise ContractError(f"the list of {week} has no rows: nothing is published, the last list keeps serving")
        manifests = self.manifests(week)
        scratch = files.temporary(self._week(week) / "rev")
        scratch.mkdir()
        try:
            hashes = _write(rows, scratch)
            if manifests and manifests[-1]["files"] == hashes:
                published = manifests[-1]
            else:
                if manifests:
                    self._switch(week, manifests[-1], back=False)  # what an interrupted run left undone
                self.check_reason(week, late=manifest["late"], reason=manifest["reason"])
                published = {**manifest, "rev": len(manifests) + 1, "files": hashes}
                (scratch / MANIFEST).write_bytes(files.to_json(published))
                files.switch_folder(scratch, self._week(week) / f"rev={published['rev']}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        self._switch(week, published, back=back)
        return published

    def forget(self, customer: str, *, reason: str, resumed: bool) -> int:
        """Writes every list anew without the customer (id as text); returns how many had them.

        The newest list becomes another revision, so that servers take it. Raises ContractError for a list that is not
        as it was published, where no forgetting was begun before (`resumed`).
        """
        current, found = self.current(), 0
        if current is not None:
            week = Week.parse(current["week"])
            manifest = self.manifests(week)[-1]
            rows = self._rows(week, manifest, resumed=resumed)
            if (without := _without(rows, customer)).height < rows.height:
                about = {**manifest, "reason": reason, "counts": {**manifest["counts"], **counts_of(without)}}
                self.publish(without, about, week, back=True)
        for week in self.weeks():
            for manifest in self.manifests(week):
                rows = self._rows(week, manifest, resumed=resumed)
                without = _without(rows, customer)
                if without.height < rows.height or not self._is_whole(week, manifest):
                    self._rewrite(week, manifest, without)
                    found += 1
            self._switch(week, self.manifests(week)[-1], back=False)
        return found

    def _rows(self, week: Week, manifest: dict[str, Any], *, resumed: bool) -> pl.DataFrame:
        if not resumed:
            return collected(self.predictions(week, int(manifest["rev"])))
        path = self._week(week) / f"rev={manifest['rev']}" / PARQUET
        return collected(datasets.scan(path, PREDICTIONS))

    def _is_whole(self, week: Week, manifest: dict[str, Any]) -> bool:
        folder = self._week(week) / f"rev={manifest['rev']}"
        return all(files.sha256(folder / name) == hash_ for name, hash_ in manifest["files"].items())

    def _rewrite(self, week: Week, manifest: dict[str, Any], rows: pl.DataFrame) -> None:
        """Replaces the files of a revision one by one, the manifest last."""
        folder = self._week(week) / f"rev={manifest['rev']}"
        scratch = files.temporary(folder)
        scratch.mkdir()
        try:
            hashes = _write(rows, scratch)
            for name in hashes:
                files.replace_bytes(folder / name, (scratch / name).read_bytes())
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        counts = {**manifest["counts"], **counts_of(rows)}
        files.replace_json(folder / MANIFEST, {**manifest, "files": hashes, "counts": counts})

    def excluded(self, pairs: pl.DataFrame) -> pl.Series:
        """Which of `pairs` (customer_id, product_id) the home's `exclude.csv` names now, by customer, product or both.

        Booleans in the order of `pairs`; ids are matched as text. Raises ConfigurationError as `exclusions`.
        """
        return named_by(self.exclusions(), pairs)

    def exclusions(self) -> pl.DataFrame:
        """The rules of `exclude.csv`: customer_id and product_id as text, one of them null where it names all.

        Commas, semicolons or tabs part them. Raises ConfigurationError for a file that is no such list.
        """
        path = self.folder.parent / "exclude.csv"
        if not path.exists():
            return pl.DataFrame(schema={s.CUSTOMER_ID: pl.String, s.PRODUCT_ID: pl.String})
        try:
            head = path.read_bytes().split(b"\n", 1)[0]
            separator = next((each for each in (";", "\t") if each.encode() in head), ",")
            rules = pl.read_csv(path, infer_schema=False, separator=separator)
        except (OSError, pl.exceptions.PolarsError) as err:
            raise ConfigurationError(f"{path.name}: not a CSV file with a header: {err}") from err
        absent = [name for name in s.PAIR if name not in rules.columns]
        if absent:
            raise ConfigurationError(
                f"{path.name}: has the columns {', '.join(rules.columns)}; customer_id and product_id were expected "
                f"(one of them may be empty in a row)."
            )
        return rules.select(pl.col(s.PAIR).str.strip_chars().replace("", None))

    def _switch(self, week: Week, manifest: dict[str, Any], *, back: bool) -> None:
        newest = self._week(week) / f"rev={manifest['rev']}" / PARQUET
        files.replace_bytes(self._week(week) / PARQUET, newest.read_bytes())
        current = self.current()
        if current is None or back or Week.parse(current["week"]) <= week:
            files.replace_json(self.folder / CURRENT, {"week": str(week), "rev": manifest["rev"]})

    def _week(self, week: Week) -> Path:
        return self.folder / f"week={week}"


def counts_of(rows: pl.DataFrame) -> dict[str, int]:
    """How many pairs and customers a list has."""
    return {
        "pairs": rows.height,
        "recommended": int(rows[s.RECOMMENDED].sum()),
        "customers": rows.filter(s.RECOMMENDED)[s.CUSTOMER_ID].n_unique(),
        "held_out": rows.filter(s.HELD_OUT)[s.CUSTOMER_ID].n_unique() if s.HELD_OUT in rows.columns else 0,
    }


def _without(rows: pl.DataFrame, customer: str) -> pl.DataFrame:
    return rows.filter(pl.col(s.CUSTOMER_ID).cast(pl.String) != customer)


def named_by(rules: pl.DataFrame, pairs: pl.DataFrame) -> pl.Series:
    """Which of `pairs` the rules of `exclude.csv` name, by customer, product or both; ids are matched as text."""
    hit = pl.Series([False] * pairs.height, dtype=pl.Boolean)
    for keys in ((s.CUSTOMER_ID,), (s.PRODUCT_ID,), (s.CUSTOMER_ID, s.PRODUCT_ID)):
        others = [name for name in s.PAIR if name not in keys]
        given = (pl.col(key).is_not_null() for key in keys)
        named = rules.filter(*given, *(pl.col(key).is_null() for key in others))
        if named.is_empty():
            continue
        wanted = named.select(keys).unique().with_columns(pl.lit(True).alias("hit"))
        text = pairs.select(pl.col(key).cast(pl.String) for key in keys)
        hit = hit | text.join(wanted, on=list(keys), how="left", maintain_order="left")["hit"].fill_null(False)
    return hit


def _write(rows: pl.DataFrame, folder: Path) -> dict[str, str]:
    """Writes the list as Parquet and as Arrow with the place of each customer; their hashes."""
    datasets.write(folder / PARQUET, PREDICTIONS, rows)
    rows.write_ipc(folder / ARROW, compression="uncompressed")
    places = rows.with_row_index("offset").group_by(s.CUSTOMER_ID, maintain_order=True)
    places.agg(pl.col("offset").first(), pl.len().alias("count")).write_ipc(
        folder / OFFSETS, compression="uncompressed"
    )
    return {path.name: files.sha256(path) for path in sorted(folder.iterdir())}
