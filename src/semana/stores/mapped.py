"""A published list as the API reads it: its Arrow file mapped into memory, shared by every process that maps it."""

from __future__ import annotations

import errno
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.data.catalog import PREDICTIONS
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.stores import files
from semana.stores.publications import ARROW, CURRENT, MANIFEST, OFFSETS

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
_LARGEST = 2**63
_NEEDED = set(PREDICTIONS.columns) - {s.HELD_OUT}


@dataclass(frozen=True)
class Mapped:
    """The rows of one revision, sorted by customer and rank, and where each customer's begin; both lie in the file."""

    manifest: dict[str, Any]
    frame: pl.DataFrame
    customers: pl.Series
    starts: NDArray[np.integer[Any]]
    counts: NDArray[np.integer[Any]]

    @property
    def week(self) -> Week:
        """The week that is predicted."""
        return Week.parse(self.manifest["week"])

    @property
    def where(self) -> str:
        """The folders that it lies in."""
        return f"week={self.week} rev={self.manifest['rev']}"

    @property
    def held_out(self) -> pl.Series:
        """Which rows an experiment keeps from being shown."""
        if s.HELD_OUT in self.frame.columns:
            return self.frame[s.HELD_OUT]
        return pl.Series(s.HELD_OUT, [False] * self.frame.height, dtype=pl.Boolean)

    def rows_of(self, customer: str) -> pl.DataFrame:
        """The customer's rows, best first; the id is matched as text. Nothing is scanned or copied."""
        place = place_of(self.customers, customer)
        if place is None:
            return self.frame.clear()
        return self.frame.slice(int(self.starts[place]), int(self.counts[place]))


def key_of(text: str, kind: pl.DataType) -> int | str | None:
    """The id that is written so in a column of this kind; None where no id of it is."""
    if kind == pl.String:
        return text
    whole = int(text) if _WHOLE.fullmatch(text) else _LARGEST
    return whole if -_LARGEST <= whole < _LARGEST else None


def place_of(ids: pl.Series, text: str) -> int | None:
    """Where the id stands among sorted ones, matched as text; None where it does not."""
    key = key_of(text, ids.dtype)
    if key is None or not len(ids):
        return None
    place = int(ids.search_sorted(key))
    return place if place < len(ids) and ids[place] == key else None


def map_list(folder: Path) -> Mapped:
    """The revision in `folder`, its bytes compared with its manifest; raises ContractError naming what is wrong."""
    where = f"{folder.parent.name}/{folder.name}"
    if folder.parent.name == CURRENT:
        raise ContractError(f"published/{CURRENT} is damaged. Publish again: semana publish")
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        wrong = [name for name in (ARROW, OFFSETS) if files.sha256(folder / name) != manifest["files"][name]]
        week, pairs = Week.parse(manifest["week"]), int(manifest["counts"]["pairs"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        _reraise_ours(err)
        raise ContractError(f"published/{where}: {_said(err)}. Publish it again: semana publish") from err
    if wrong:
        raise ContractError(f"published/{where}: {', '.join(wrong)} is not what was published. Run: semana publish")
    try:
        frame, offsets = _mapped(folder / ARROW), _mapped(folder / OFFSETS)
        starts, counts = offsets["offset"].to_numpy(), offsets["count"].to_numpy()
        whole = frame.height == pairs == int(counts.sum()) and folder.parent.name == f"week={week}"
    except (OSError, ValueError, pl.exceptions.PolarsError) as err:
        _reraise_ours(err)
        raise ContractError(f"published/{where}: cannot be read: {_said(err)}. Run: semana publish") from err
    if not whole or not set(frame.columns) >= _NEEDED:
        raise ContractError(f"published/{where}: its files do not belong together. Publish it again: semana publish")
    return Mapped(manifest, frame, offsets[s.CUSTOMER_ID], starts, counts)


def _mapped(path: Path) -> pl.DataFrame:
    import pyarrow as pa  # Polars itself no longer maps Arrow files

    frame = pl.from_arrow(pa.ipc.open_file(pa.memory_map(str(path))).read_all(), rechunk=False)
    if not isinstance(frame, pl.DataFrame):
        raise ValueError(f"{path.name} holds no table")
    return frame


def _reraise_ours(err: Exception) -> None:
    """Raises the error again where it says nothing of the file: too many are open."""
    if isinstance(err, OSError) and err.errno in (errno.EMFILE, errno.ENFILE):
        raise err


def _said(err: Exception) -> str:
    """What is wrong, without the path: whoever asks is told."""
    if isinstance(err, FileNotFoundError):
        return f"{Path(str(err.filename)).name} is missing"
    if isinstance(err, OSError):
        return f"{Path(str(err.filename)).name}: {err.strerror}"
    return f"{type(err).__name__}: {err}"
