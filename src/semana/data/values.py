"""Columns as delivered, read as ids, dates, numbers and text. Nothing is coerced in a way that could lose something."""

from __future__ import annotations

import polars as pl

from semana.errors import ContractError

INTEGER = "integer"
TEXT = "text"
_EXACT = 2**53  # beyond it a float no longer tells neighbouring whole numbers apart
_DECIMAL = r"^-?\d+(\.\d+)?$"
_PLAIN_NUMBER = r"^-?(0|[1-9]\d*)(\.\d+)?$"  # "007" is a code
_DECIMAL_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$"
_WHEN = r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,]\d+)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$"


def is_text(dtype: pl.DataType) -> bool:
    """Whether a column holds text, a category being text too."""
    return dtype in {pl.String, pl.Categorical, pl.Enum}


def is_number(dtype: pl.DataType) -> bool:
    """Whether a column holds numbers; an empty one holds anything."""
    return dtype.is_numeric() or dtype == pl.Null


def blank_is_null(column: pl.Series) -> pl.Series:
    """The column as text; what is empty or only spaces is null."""
    text = column.cast(pl.String)
    return text.set(text.str.strip_chars() == "", None)


def read_text(column: pl.Series) -> pl.Series:
    """The column as text, blank is null; a whole number reads the same whether it came as 80, 80.0 or "80.0"."""
    return blank_is_null(column).str.replace(r"^(-?\d+)\.0$", "$1")


def read_numbers(column: pl.Series, *, decimal: str = ".") -> pl.Series:
    """The column as Float64: blank is null, text that is no number is NaN.

    With a `decimal` comma 1.234,50 and 1234,50 are read, and 2.5 is no number: it could be meant either way.
    """
    if not is_text(column.dtype):
        return column.cast(pl.Float64)
    text = blank_is_null(column).str.strip_chars()
    if decimal == ",":
        plain = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        text = plain.set(~text.str.contains(_DECIMAL_COMMA), "?")
    numbers = text.cast(pl.Float64, strict=False)
    return numbers.set(numbers.is_null() & text.is_not_null(), float("nan"))


def looks_numeric(column: pl.Series, *, decimal: str = ".") -> bool:
    """Whether every value of a text column is a plain number, and there is one."""
    text = blank_is_null(column).drop_nulls()
    plain = _PLAIN_NUMBER if decimal == "." else _PLAIN_NUMBER.replace(r"\.", ",")
    return len(text) > 0 and bool(text.str.contains(plain).all())


def read_ids(ids: pl.Series, *, kind: str | None, csv: bool, where: str) -> pl.Series:
    """The ids as Int64 or text, as `kind` says; blank is null. Without a kind, the one that keeps every id as it is.

    Raises ContractError where an id would be changed: a fraction, text among integers.
    """
    if ids.dtype.is_float():
        ids = _whole(ids.fill_nan(None), where)
    if ids.dtype.is_integer() and kind != TEXT and ids.dtype != pl.UInt64:
        return ids.cast(pl.Int64)
    text = blank_is_null(ids)
    if kind == TEXT:
        return text
    numbers = _integers(text, csv=csv, where=where)
    changed = text.filter(numbers.is_null() & text.is_not_null())
    if kind == INTEGER and len(changed):
        raise ContractError(
            f"{where} holds {changed[0]!r}; whole numbers were expected, as in what has landed. "
            f"Fix the export, or start another --home for ids that are text."
        )
    keeps_text = len(changed) or (kind is None and not csv and is_text(ids.dtype)) or not len(text.drop_nulls())
    return text if kind is None and keeps_text else numbers


def read_dates(column: pl.Series, *, timezone: str, utc: bool, written: str | None = None) -> pl.Series:
    """The local dates in `timezone`; null where nothing was understood.

    A timestamp with a zone is converted; one without is local, or UTC where `utc` says so.
    Text is read as it is `written` (like %d/%m/%Y), else as ISO 8601: 2025-01-06, 2025-01-06T09:30,
    2025-01-06 09:30:00+01:00.
    """
    if is_text(column.dtype) and written:
        text = column.cast(pl.String).str.strip_chars()
        timed = any(part in written for part in ("%H", "%I", "%T", "%R"))
        column = text.str.to_datetime(written, strict=False) if timed else text.str.to_date(written, strict=False)
    if is_text(column.dtype):
        return _written_dates(column, timezone=timezone, utc=utc)
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is None and utc:
            column = column.dt.replace_time_zone("UTC")
        if column.dtype.time_zone is not None:  # type: ignore[attr-defined]
            column = column.dt.convert_time_zone(timezone)
        return column.dt.date()
    return column.cast(pl.Date)


def _whole(floats: pl.Series, where: str) -> pl.Series:
    odd = floats.filter((floats != floats.round(0)) | (floats.abs() >= _EXACT) | floats.is_infinite())
    if len(odd.drop_nulls()):
        raise ContractError(
            f"{where} holds {odd.drop_nulls()[0]!r}; ids are whole numbers or text. "
            f"Fix the export: write the column as integers or as text."
        )
    return floats.cast(pl.Int64)


def _integers(text: pl.Series, *, csv: bool, where: str) -> pl.Series:
    """The ids as integers, null where that would change one; 17850.0 in a CSV is what some tools make of 17850."""
    numbers = text.cast(pl.Int64, strict=False)
    changed = text.filter(text.is_not_null() & (numbers.cast(pl.String) != text).fill_null(True))
    if not len(changed):
        return numbers
    if csv and changed.str.contains(r"\.").all() and text.drop_nulls().str.contains(_DECIMAL).all():
        return _whole(text.cast(pl.Float64), where)
    return numbers.set((numbers.cast(pl.String) != text).fill_null(True), None)


def _written_dates(column: pl.Series, *, timezone: str, utc: bool) -> pl.Series:
    text = pl.col("text").str.strip_chars()
    clock = pl.concat_str(text.str.extract(_WHEN, 2), text.str.extract(_WHEN, 3).fill_null(":00"))
    offset = text.str.extract(_WHEN, 4).str.replace("Z", "+00").str.replace(":", "")
    parts = pl.DataFrame({"text": column.cast(pl.String)}).select(
        day=text.str.extract(_WHEN, 1).str.to_date("%Y-%m-%d", strict=False),
        moment=pl.concat_str(text.str.extract(_WHEN, 1), clock, separator=" ").str.to_datetime(
            "%Y-%m-%d %H:%M:%S", time_unit="us", strict=False
        ),
        zoned=offset.is_not_null(),
        timed=text.str.extract(_WHEN, 2).is_not_null(),
        ahead=pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
        * pl.duration(
            hours=offset.str.slice(1, 2).cast(pl.Int64),
            minutes=offset.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0),
        ),
    )
    moment = pl.col("moment")
    from_utc = pl.when("zoned").then(moment - pl.col("ahead")).otherwise(moment)
    local = from_utc.dt.replace_time_zone("UTC").dt.convert_time_zone(timezone).dt.date()
    converted = pl.col("zoned") | pl.lit(utc)
    read = pl.when(pl.col("timed") & converted).then(local).when("timed").then(moment.dt.date()).otherwise("day")
    return parts.select(read.alias("date")).to_series()
