"""Delivered files as frames: Parquet or CSV, known by what is in them; one that cannot be read is refused."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

import polars as pl

from semana.errors import ContractError

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt")
_MAGIC = b"PAR1"
_DELIMITERS = ",;\t"
_CHUNK = 2**20


def is_csv(name: str) -> bool:
    """Whether a file of this name is read as CSV: every column then is text."""
    return Path(name).suffix.lower() in CSV


def read_file(path: Path, *, name: str, encoding: str = "utf-8") -> pl.DataFrame:
    """The rows of the file at `path`, delivered under `name`; raises ContractError where it cannot be read whole."""
    if path.stat().st_size == 0:
        raise ContractError(f"{name}: is empty (0 bytes). Export it again.")
    suffix = Path(name).suffix.lower()
    if suffix in PARQUET:
        return _read_parquet(path, name)
    if suffix in CSV:
        return _read_csv(path, name, encoding)
    raise ContractError(f"{name}: not a Parquet or CSV file; names end in {', '.join((*PARQUET, *CSV))}.")


def as_delivered(rows: pl.DataFrame, *, name: str, encoding: str = "utf-8") -> bytes:
    """The rows as a file of that name: `read_file` reads the same from it."""
    if is_csv(name):
        return rows.write_csv().encode(encoding)
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def _read_parquet(path: Path, name: str) -> pl.DataFrame:
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(max(path.stat().st_size - 4, 0))
        tail = file.read()
    if not head.startswith(_MAGIC):
        what = "something else" if b"\0" in head else "text, a CSV perhaps"
        raise ContractError(f"{name}: is named Parquet but is {what}. Name it .csv if it is one, or export it again.")
    if tail != _MAGIC:
        raise ContractError(f"{name}: is Parquet but truncated: its end is missing. Copy or export it again.")
    try:
        return pl.read_parquet(path, hive_partitioning=False, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as err:
        raise ContractError(f"{name}: is damaged Parquet ({_first_line(err)}). Copy or export it again.") from err


def _read_csv(path: Path, name: str, encoding: str) -> pl.DataFrame:
    header = _check_text(path, name, encoding)
    separator = max(_DELIMITERS, key=header.count)
    names = [each.strip().strip('"') for each in header.split(separator)]
    if twice := next((each for each in names if each and names.count(each) > 1), None):
        raise ContractError(f"{name}: {twice!r} heads two columns. Rename one of them, or leave it out.")
    text = path if _is_utf8(encoding) else path.read_bytes().decode(encoding).encode()
    try:
        return pl.read_csv(text, separator=separator, infer_schema=False, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as err:
        raise ContractError(
            f"{name}: is not a table of values separated by {separator!r} ({_first_line(err)}). "
            f"Every line must have as many values as the first one has names; quote values that hold the separator."
        ) from err


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}


def _check_text(path: Path, name: str, encoding: str) -> str:
    """The first line of a text in `encoding`; raises ContractError where the file is anything else."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if _is_utf8(encoding) else encoding)()
    first, done = "", 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if b"\0" in chunk:
                what = "Parquet" if done == 0 and chunk.startswith(_MAGIC) else "binary, or text in another encoding"
                raise ContractError(f"{name}: is named as CSV but is {what}; UTF-8 text was expected. Export it again.")
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as err:
                raise ContractError(
                    f"{name}: is not {encoding.upper()}: byte 0x{err.object[err.start]:02x} after {done + err.start} "
                    f"bytes. Save it as UTF-8 (in Excel: 'CSV UTF-8'), or name its encoding in the source's file, "
                    f"like csv: {{encoding: cp1252}}."
                ) from err
            first = first or text.partition("\n")[0]
            done += len(chunk)
    return first


def _first_line(err: BaseException) -> str:
    return str(err).partition("\n")[0][:200]
