"""Ingest: landing what came. Nothing new is a normal outcome; a refused file does not keep the others out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from semana.errors import ConfigurationError, ContractError, UsageError
from semana.pipeline.events import INGEST, failures_told
from semana.pipeline.inbox import take_letters
from semana.stores.home import Stores
from semana.stores.inbox import REFUSED, TAKEN
from semana.stores.landing import LANDED

_NAMED = 3  # of files that were not taken, in a message


def land(
    stores: Stores,
    paths: Iterable[Path],
    *,
    source: str,
    table: str | None,
    arrival: datetime,
    accept: str | None = None,
) -> dict[str, Any]:
    """Delivers files and folders of files; the summary counts rows.

    Raises UsageError where there is none, and ContractError after the last one where any was refused.
    """
    waiting = [(source, path) for given in paths for path in files_of(given)]
    if not waiting:
        empty = ", ".join(map(str, paths))
        raise UsageError(f"{empty}: no file in it. Files of folders inside and hidden ones are not taken.")
    return _deliver(stores, waiting, table=table, arrival=arrival, accept=accept)


def take(stores: Stores, *, arrival: datetime) -> dict[str, Any]:
    """Delivers what waits in the drop folder; each file leaves it once it was landed or refused, and not before."""
    return _deliver(
        stores, stores.landing.waiting(), table=None, arrival=arrival, accept=None, settle=lambda path: path.unlink()
    )


def _deliver(
    stores: Stores,
    waiting: list[tuple[str, Path]],
    *,
    table: str | None,
    arrival: datetime,
    accept: str | None,
    settle: Callable[[Path], None] = lambda _: None,
) -> dict[str, Any]:
    with stores.telemetry.measure("ingest"), failures_told(stores, what=INGEST, now=arrival):
        return _delivered(stores, waiting, table=table, arrival=arrival, accept=accept, settle=settle)


def _delivered(
    stores: Stores,
    waiting: list[tuple[str, Path]],
    *,
    table: str | None,
    arrival: datetime,
    accept: str | None,
    settle: Callable[[Path], None],
) -> dict[str, Any]:
    letters = take_letters(stores, arrival=arrival)
    landed: list[dict[str, Any]] = [letters["delivery"]] if letters["delivery"] else []
    refused: list[ContractError] = []
    unknown: dict[str, list[str]] = {}  # files by what is wrong with where they are to go
    wrong: ConfigurationError | None = None
    for source, path in waiting:
        try:
            landed.append(stores.landing.deliver(path, source=source, table=table, arrival=arrival, accept=accept))
            settle(path)
        except ContractError as err:
            refused.append(err)
            settle(path)
        except ConfigurationError as err:
            unknown.setdefault(str(err), []).append(path.name)
            wrong = wrong or err
    new = sum(each["outcome"] == LANDED for each in landed if each is not letters["delivery"])
    untaken = [f"{why} Not taken: {_counted(names)}." for why, names in unknown.items()]
    others = [f"The other files landed ({new}): semana deliveries"] if new else []
    if refused:
        raise ContractError("\n".join((*map(str, refused), *untaken, *others))) from refused[0]
    if wrong:
        raise ConfigurationError("\n".join((*untaken, *others))) from wrong
    told = {name: letters[name] for name in (TAKEN, REFUSED)}
    summary = {"step": "ingest", "rows": _rows(landed), "deliveries": landed, "position": stores.landing.position}
    return {**summary, "letters": told}


def _counted(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _rows(deliveries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The rows of each table that are new and were kept."""
    rows: dict[str, int] = {}
    for table, counts in (each for new in deliveries if new["outcome"] == LANDED for each in new["tables"].items()):
        rows[table] = rows.get(table, 0) + counts["kept"]
    return rows


def files_of(path: Path) -> list[Path]:
    """The file, or the files of a folder, hidden ones left out."""
    if path.is_dir():
        return sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
    return [path]
