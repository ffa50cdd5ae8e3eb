"""Columns of a delivered file: found by name, cast without losing anything, or refused with what to do."""

from __future__ import annotations

from difflib import get_close_matches

import polars as pl

from semana.data.sources import Source, Table
from semana.errors import ContractError

INTEGER = "integer"
TEXT = "text"
_EXACT = 2**53  # whole numbers beyond it are not exact in a float column


def select_columns(raw: pl.DataFrame, spec: Table, *, file: str, source: Source) -> pl.DataFrame:
    """The mapped columns under our names, the attributes and filtered columns under theirs."""

    def found(theirs: str, purpose: str) -> pl.Series:
        if theirs in raw.columns:
            return raw[theirs]
        near = get_close_matches(theirs, raw.columns, n=1, cutoff=0.5)
        hint = f" Did '{theirs}' become '{near[0]}'?" if near else ""
        raise ContractError(
            f"{file}: column '{theirs}' ({purpose}) is missing; the file has {', '.join(raw.columns) or 'no columns'}."
            f"{hint} Fix the export, or map another column in sources/{source.name}.yaml."
        )

    columns: dict[str, pl.Series] = {}
    for ours in spec.columns:
        parts = spec.theirs(ours)
        if ours in spec.optional and any(part not in raw.columns for part in parts):
            continue
        series = [found(part, ours) for part in parts]
        if len(series) > 1:
            where = f"{file}: column '{parts[0]}'"
            numbers = [as_number(one, where=where, source=source.name) for one in series]
            product = numbers[0]
            for number in numbers[1:]:
                product = product * number
            series = [product]
        columns[ours] = series[0]
    mapped = {part for ours in spec.columns for part in spec.theirs(ours)}
    named = (*spec.categorical, *spec.numeric, *(name for name in (spec.label, spec.owner) if name))
    attributes = tuple(dict.fromkeys(named))
    if spec.attributes == "auto":
        attributes = tuple(name for name in raw.columns if name not in mapped)
    for name in (*attributes, *(rule.column for rule in source.filters)):
        columns.setdefault(name, found(name, "an attribute or filter"))
    return pl.DataFrame([series.alias(name) for name, series in columns.items()])


def as_id(column: pl.Series, *, landed: str | None, where: str) -> pl.Series:
    """The ids as Int64 or text, whichever has `landed` (by default what loses nothing); "" is missing."""
    if column.dtype.is_float():
        known = column.drop_nulls().drop_nans()
        if not ((known == known.floor()) & (known.abs() < _EXACT)).all():
            odd = known.filter(known != known.floor()).head(1).to_list() or known.head(1).to_list()
            raise ContractError(
                f"{where} holds {odd[0]}: an id is a whole number or text. Export it as such, ids are never rounded."
            )
        column = column.fill_nan(None).cast(pl.Int64)
    elif not (column.dtype.is_integer() or column.dtype in (pl.String, pl.Categorical, pl.Null)):
        raise ContractError(f"{where} is {column.dtype}: an id is a whole number or text. Map another column.")
    text = as_text(column)
    numbers = text.cast(pl.Int64, strict=False)
    lossless = ((numbers.cast(pl.String) == text) | text.is_null()).fill_null(False).all()
    wanted = landed or (INTEGER if lossless and column.len() > column.null_count() else TEXT)
    if wanted == TEXT:
        return text
    if not lossless:
        odd = text.filter((numbers.cast(pl.String) != text).fill_null(True) & text.is_not_null()).head(1).to_list()
        raise ContractError(
            f"{where} holds {odd[0]!r}: the ids that have landed are whole numbers. "
            f"Fix the export, or start a home of its own for this data (--home)."
        )
    return numbers


def as_date(column: pl.Series, *, source: Source, where: str) -> pl.Series:
    """The local dates of dates, timestamps or their texts; null where a text cannot be read."""
    if column.dtype in (pl.String, pl.Null):
        text = column.cast(pl.String).str.strip_chars()
        zoned = text.str.contains(r"(Z|[+-]\d{2}:?\d{2})$").fill_null(False) & text.str.contains(":").fill_null(False)
        days = text.str.to_date("%Y-%m-%d", strict=False)
        plain = text.str.replace("T", " ").str.slice(0, 19)
        naive = plain.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
        naive = naive.fill_null(plain.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us"))
        aware = text.str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC")
        local = aware.dt.convert_time_zone(source.timezone).dt.date()
        moments = as_date(naive, source=source, where=where)
        frame = pl.DataFrame([zoned.alias("zoned"), local.alias("local"), days.alias("days"), moments.alias("moments")])
        chosen = pl.when("zoned").then("local").otherwise(pl.coalesce("days", "moments"))
        return frame.select(chosen.alias(column.name)).to_series()
    if column.dtype == pl.Date:
        return column
    if not isinstance(column.dtype, pl.Datetime):
        raise ContractError(
            f"{where} is {column.dtype}; a date or timestamp was expected. Fix the export, or map another column in "
            f"sources/{source.name}.yaml."
        )
    if column.dtype.time_zone is None and source.timestamps == "local":
        return column.dt.date()
    aware = column if column.dtype.time_zone else column.dt.replace_time_zone("UTC")
    return aware.dt.convert_time_zone(source.timezone).dt.date()


def as_number(column: pl.Series, *, where: str, source: str) -> pl.Series:
    """The column as Float64. Text is read where the whole file is text (CSV); else it refuses the file."""
    if column.dtype.is_numeric() or column.dtype == pl.Null:
        return column.cast(pl.Float64)
    if column.dtype != pl.String:
        raise ContractError(f"{where} is {column.dtype}; a number was expected. Map another column in sources/{source}.yaml.")
    numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
    if column.len() and column.is_not_null().any() and numbers.is_null().all():
        raise ContractError(
            f"{where} is text; a number was expected (it holds {column.drop_nulls()[0]!r}). "
            f"Fix the export, or map another column in sources/{source}.yaml."
        )
    return numbers


def as_text(column: pl.Series) -> pl.Series:
    """The column as text without surrounding space; "" is missing."""
    if column.dtype.is_float() and column.drop_nulls().is_finite().all() and (column.drop_nulls() % 1 == 0).all():
        column = column.cast(pl.Int64)
    text = column.cast(pl.String).str.strip_chars()
    return text.set(text == "", None)
