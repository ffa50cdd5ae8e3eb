"""Reading a delivered file, by its content: Parquet with its types, CSV as text."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from semana.errors import ContractError

_PARQUET = b"PAR1"
_SNIFF = 64 * 1024


def read_file(path: Path, *, name: str) -> pl.DataFrame:
    """The rows of a Parquet or CSV file; every column of a CSV is text. Raises ContractError where it is neither."""
    head = path.open("rb").read(_SNIFF)
    if not head:
        raise ContractError(f"{name}: is empty (0 bytes). Export it again.")
    if head[:4] == _PARQUET:
        return _read_parquet(path, name)
    if name.lower().endswith((".parquet", ".pq")):
        kind = "text, probably CSV" if _text(head) else "something else"
        raise ContractError(f"{name}: named Parquet, but its content is {kind}. Rename it, or export it as Parquet.")
    return _read_csv(path, head, name)


def _read_parquet(path: Path, name: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as err:
        raise ContractError(
            f"{name}: the Parquet file cannot be read ({str(err).splitlines()[0]:.120}); it is cut off or damaged. "
            f"Copy or export it again."
        ) from err


def _read_csv(path: Path, head: bytes, name: str) -> pl.DataFrame:
    if not _text(head):
        raise ContractError(f"{name}: neither Parquet nor UTF-8 text. Export it as CSV in UTF-8, or as Parquet.")
    first = head.decode("utf-8-sig", errors="ignore").splitlines()[0]
    try:
        separator = csv.Sniffer().sniff(first, delimiters=",;\t|").delimiter
    except csv.Error:
        separator = ","
    try:
        return pl.read_csv(path, separator=separator, infer_schema=False, missing_utf8_is_empty_string=False)
    except (pl.exceptions.PolarsError, OSError) as err:
        raise ContractError(
            f"{name}: the CSV file cannot be read ({str(err).splitlines()[0]:.160}). Export it again, in UTF-8, with a "
            f"header line."
        ) from err


def _text(head: bytes) -> bool:
    """Whether the bytes are UTF-8 text; a character cut off at the end is no fault."""
    for end in range(4):
        try:
            return b"\0" not in head and bool(head[: len(head) - end].decode("utf-8") or True)
        except UnicodeDecodeError:
            continue
    return False
