"""One delivered file to clean rows of one table: columns mapped, types checked, bad rows set aside with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from semana.data import schemas as s
from semana.data.columns import as_date, as_id, as_number, as_text, select_columns
from semana.data.sources import Filter, Source, Table
from semana.data.weeks import EPOCH

ROW = "row"
VALUES = "values"
LINE = (s.CUSTOMER_ID, s.PRODUCT_ID, s.DATE, s.ORDER_ID, s.QUANTITY, s.AMOUNT, s.WEEK)
_IDS = (s.CUSTOMER_ID, s.PRODUCT_ID)


@dataclass(frozen=True)
class Cleaned:
    """What a table of a file came to: `rows` = kept + quarantined + filtered + repeated, asserted."""

    rows: int
    kept: pl.DataFrame
    quarantined: pl.DataFrame
    filtered: int
    repeated: int

    def __post_init__(self) -> None:
        found = self.kept.height + self.quarantined.height + self.filtered + self.repeated
        if found != self.rows:
            raise RuntimeError(f"{self.rows} rows came in and {found} are accounted for: a bug of ours")


def clean(
    raw: pl.DataFrame, *, table: str, source: Source, file: str, ids: Mapping[str, str], arrival: datetime
) -> Cleaned:
    """The rows of `table` in `raw` as staged, and the ones set aside.

    `ids` are the id types ("integer" or "text") of what has landed, empty before the first delivery. Text in a column
    of numbers is a fault of its row when the file is CSV (every column is text) and refuses the file otherwise.
    Raises ContractError where the file as a whole cannot be read as that table.
    """
    spec = source.table(table)
    chosen = select_columns(raw, spec, file=file, source=source).with_row_index(ROW)
    inside = chosen.filter(*(_holds(rule) for rule in source.filters))
    typed = _typed(inside, spec, file=file, source=source, ids=ids)
    faults = _faults(inside, typed, spec, arrival=arrival, zone=source.timezone)
    flat = table != "transactions" and s.DATE in spec.columns
    if table != "transactions" and not flat:
        faults["the id again, with other attributes"] = _contradicts(typed, spec)
    reason = pl.coalesce(*(pl.when(bad).then(pl.lit(why)) for why, bad in faults.items()))
    judged = typed.with_columns(reason.alias(s.REASON))
    good = judged.filter(pl.col(s.REASON).is_null()).drop(s.REASON, ROW)
    bad = judged.filter(pl.col(s.REASON).is_not_null()).select(ROW, s.REASON)
    kept = _lines(good) if table == "transactions" else _attributes(good, spec)
    delivered = raw.with_row_index(ROW).select(ROW, pl.struct(raw.columns).alias(VALUES))
    quarantined = bad.join(delivered, on=ROW).with_columns(pl.col(VALUES).struct.json_encode())
    return Cleaned(raw.height, kept, quarantined, raw.height - inside.height, good.height - kept.height)


def _holds(rule: Filter) -> pl.Expr:
    text = pl.col(rule.column).cast(pl.String)
    if rule.present is not None:
        there = text.is_not_null() & (text.str.strip_chars() != "")
        return there if rule.present else ~there
    if rule.matches is not None:
        return text.str.contains(rule.matches).fill_null(False)
    return ~text.str.contains(rule.not_matches or "").fill_null(False)


def _typed(
    rows: pl.DataFrame, spec: Table, *, file: str, source: Source, ids: Mapping[str, str]
) -> pl.DataFrame:
    """Every column in its own type; what does not parse in a text file becomes null."""
    typed = [pl.col(ROW)]
    for name in rows.columns:
        where = f"{file}: column '{' × '.join(spec.theirs(name)) or name}'"
        column = rows[name]
        if name == ROW:
            continue
        if name in _IDS:
            typed.append(pl.lit(as_id(column, landed=ids.get(name), where=where)).alias(name))
        elif name == s.DATE and name in spec.columns:
            typed.append(pl.lit(as_date(column, source=source, where=where)).alias(name))
        elif name == s.ORDER_ID and name in spec.columns:
            typed.append(pl.lit(as_text(column)).alias(name))
        elif name in spec.numeric or (name in spec.columns and name in (s.QUANTITY, s.AMOUNT)):
            typed.append(pl.lit(as_number(column, where=where, source=source.name)).alias(name))
        elif spec.attributes == "auto" and column.dtype.is_numeric():
            typed.append(pl.col(name).cast(pl.Float64))
        else:
            typed.append(pl.lit(as_text(column)).alias(name))
    return rows.select(typed)


def _faults(
    raw: pl.DataFrame, typed: pl.DataFrame, spec: Table, *, arrival: datetime, zone: str
) -> dict[str, pl.Expr]:
    """The rules of a row: reason → who breaks it."""
    faults: dict[str, pl.Expr] = {}
    for name in _IDS:
        if name in spec.columns:
            faults[f"{name} is missing"] = pl.col(name).is_null()
    if s.DATE in spec.columns:
        latest = arrival.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
        faults["date is missing or cannot be read"] = pl.col(s.DATE).is_null()
        faults["date is later than the day after arrival"] = pl.col(s.DATE) > latest
        faults["date is before 1970"] = pl.col(s.DATE) < pl.date(1970, 1, 1)
    if s.QUANTITY in typed.columns and s.QUANTITY in spec.columns:
        faults["quantity is missing or not a number"] = ~pl.col(s.QUANTITY).is_finite().fill_null(False)
        faults["quantity is 0"] = pl.col(s.QUANTITY) == 0
    if s.AMOUNT in typed.columns and s.AMOUNT in spec.columns:
        lost = pl.lit(raw[s.AMOUNT].is_not_null()) & pl.col(s.AMOUNT).is_null()
        faults["amount is not a number"] = lost | ~pl.col(s.AMOUNT).is_finite().fill_null(True)
    return faults


def _contradicts(rows: pl.DataFrame, spec: Table) -> pl.Expr:
    """Rows whose id stood before in the file with other attributes."""
    key = next(name for name in _IDS if name in spec.columns)
    attributes = [name for name in rows.columns if name != ROW]
    first = rows.unique(key, keep="first", maintain_order=True).select(attributes)
    kept = rows.join(first, on=attributes, how="semi", nulls_equal=True)[ROW]
    return ~pl.col(ROW).is_in(kept.implode()) & pl.col(key).is_not_null()


def _lines(good: pl.DataFrame) -> pl.DataFrame:
    """Staged order lines: all columns of the contract, in an order that the file's order does not decide."""
    absent = {s.ORDER_ID: pl.lit(None, pl.String), s.QUANTITY: pl.lit(1.0), s.AMOUNT: pl.lit(None, pl.Float64)}
    week = ((pl.col(s.DATE) - pl.lit(EPOCH)).dt.total_days() // 7).cast(pl.Int32)
    return (
        good.with_columns(*(value.alias(name) for name, value in absent.items() if name not in good.columns))
        .with_columns(week.alias(s.WEEK))
        .select(LINE)
        .sort(LINE)
    )


def _attributes(good: pl.DataFrame, spec: Table) -> pl.DataFrame:
    """Staged attributes: one row per id, of a flat file the latest by date (ties: the largest values)."""
    key = next(name for name in _IDS if name in spec.columns)
    seen = pl.col(s.DATE) if s.DATE in spec.columns else pl.lit(None, pl.Date)
    others = sorted(name for name in good.columns if name not in (key, s.DATE) and name not in spec.columns)
    rows = good.select(pl.col(key), seen.alias(s.SEEN), *(pl.col(name) for name in others))
    return rows.sort(key, s.SEEN, *others, nulls_last=False).unique(key, keep="last", maintain_order=True)
