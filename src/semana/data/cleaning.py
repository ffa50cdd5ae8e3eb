"""A delivered file as a clean table: malformed rows go to quarantine with a reason, and every row is accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from semana.data import schemas as s
from semana.data.columns import check_columns, extra_columns, has
from semana.data.sources import KEYS, Source, Table
from semana.data.values import (
    is_number,
    is_text,
    looks_numeric,
    read_dates,
    read_ids,
    read_numbers,
    read_text,
)
from semana.data.weeks import EPOCH

# Raised when the rules below change: what was staged under other rules is made again.
RULES = 3
# Tools write an absent date as 1900 or 1970, and no shop's order lines are older than this.
FIRST_DATE = date(1980, 1, 1)
# Sums of a week are taken in whole hundred-millionths (purchases.py), which hold 92 of these.
LARGEST = 1e9
_ROW = "row"
_STAGED = (s.CUSTOMER_ID, s.PRODUCT_ID, s.DATE, s.ORDER_ID, s.QUANTITY, s.AMOUNT, s.WEEK)


@dataclass(frozen=True)
class Cleaned:
    """A table of a delivery. Each of its `rows` is kept, quarantined, filtered (no part of the source) or repeated.

    `quarantined` has row (its place in the file, from 0), reason and values (the row as delivered, JSON).
    """

    rows: int
    kept: pl.DataFrame
    quarantined: pl.DataFrame
    filtered: int
    repeated: int

    def __post_init__(self) -> None:
        counted = self.kept.height + self.quarantined.height + self.filtered + self.repeated
        if counted != self.rows:
            raise RuntimeError(f"{self.rows} rows came in, {counted} are accounted for: a bug of ours")


def clean(
    raw: pl.DataFrame,
    *,
    table: str,
    source: Source,
    file: str,
    ids: Mapping[str, str],
    arrival: datetime,
    csv: bool = False,
) -> Cleaned:
    """The rows of `raw` as our `table` (catalog.STAGED_*), sorted, and those that broke a rule.

    `ids` says which id columns are integers and which text, where that is settled; in a CSV every column is text.
    Raises ContractError where the file as a whole cannot be meant: columns, types, ids.
    """
    check_columns(raw, table=table, source=source, file=file, csv=csv)
    passed = _passed(raw, source)
    part = raw.filter(passed)
    spec = source.table(table)
    columns = [pl.arange(raw.height, eager=True).filter(passed).alias(_ROW)]
    for key in KEYS[table]:
        (column,) = spec.theirs(key)
        read = read_ids(part[column], kind=ids.get(key), csv=csv, where=f"{file}: column {column!r}")
        columns.append(read.alias(key))
    latest = arrival.astimezone(ZoneInfo(source.timezone)).date() + timedelta(days=1)
    if s.DATE in spec.columns:
        (column,) = spec.theirs(s.DATE)
        dates = read_dates(
            part[column], timezone=source.timezone, utc=source.timestamps == "utc", written=source.csv.dates
        )
        columns.append(dates.alias(s.DATE))
    if table == "transactions":
        work = pl.DataFrame([*columns, *_order_line(part, spec, decimal=source.csv.decimal)]).with_columns(
            _line_fault(latest, spec, part)
        )
        kept, repeated = work.filter(pl.col(s.REASON).is_null()), 0
        staged = kept.with_columns(_week()).select(_STAGED).sort(_STAGED)
    else:
        work = pl.DataFrame([*columns, *_attributes(part, spec, csv=csv, decimal=source.csv.decimal)])
        work = work.with_columns(_attribute_fault(KEYS[table][0], latest, work))
        work, repeated = _one_row_each(work, KEYS[table][0])
        kept = work.filter(pl.col(s.REASON).is_null())
        staged = _described(kept, KEYS[table][0])
    quarantined = _quarantined(raw, work.filter(pl.col(s.REASON).is_not_null()))
    return Cleaned(raw.height, staged, quarantined, raw.height - part.height, repeated)


def _passed(raw: pl.DataFrame, source: Source) -> pl.Series:
    """Which rows pass all filters of the source whose column the file has."""
    passed = pl.repeat(True, raw.height, eager=True)
    for rule in source.filters:
        if rule.column not in raw.columns:
            continue
        text = read_text(raw[rule.column])
        if rule.present is not None:
            passed &= text.is_not_null() if rule.present else text.is_null()
        elif rule.matches is not None:
            passed &= text.str.contains(rule.matches).fill_null(False)
        else:
            passed &= ~text.str.contains(str(rule.not_matches)).fill_null(False)
    return passed


def _order_line(part: pl.DataFrame, spec: Table, *, decimal: str) -> list[pl.Series]:
    """Order number, quantity and amount; what the source has not is null, the quantity then 1."""
    nothing = pl.repeat(None, part.height, dtype=pl.Float64, eager=True)
    order = read_text(part[spec.theirs(s.ORDER_ID)[0]]) if has(part, spec, s.ORDER_ID) else nothing.cast(pl.String)
    quantity = (
        _product(part, spec, s.QUANTITY, decimal=decimal) if has(part, spec, s.QUANTITY) else nothing.fill_null(1.0)
    )
    amount = _product(part, spec, s.AMOUNT, decimal=decimal) if has(part, spec, s.AMOUNT) else nothing
    return [order.alias(s.ORDER_ID), quantity.alias(s.QUANTITY), amount.alias(s.AMOUNT)]


def _product(part: pl.DataFrame, spec: Table, ours: str, *, decimal: str) -> pl.Series:
    first, *others = (read_numbers(part[column], decimal=decimal) for column in spec.theirs(ours))
    for other in others:
        first *= other
    return first


def _line_fault(latest: date, spec: Table, part: pl.DataFrame) -> pl.Expr:
    """The first rule that an order line breaks, else null."""
    quantity, amount = pl.col(s.QUANTITY), pl.col(s.AMOUNT)
    missing = quantity.is_null() if has(part, spec, s.QUANTITY) else pl.lit(False)
    return _first_fault(
        (pl.col(s.CUSTOMER_ID).is_null(), f"{s.CUSTOMER_ID} is missing"),
        (pl.col(s.PRODUCT_ID).is_null(), f"{s.PRODUCT_ID} is missing"),
        *_date_faults(latest),
        (missing, "quantity is missing"),
        (~quantity.is_finite(), "quantity is not a number"),
        (quantity == 0, "quantity is 0"),
        (quantity.abs() > LARGEST, f"quantity is beyond {LARGEST:.0e}"),
        (~amount.is_finite(), "amount is not a number"),
        (amount.abs() > LARGEST, f"amount is beyond {LARGEST:.0e}"),
    )


def _date_faults(latest: date) -> tuple[tuple[pl.Expr, str], ...]:
    return (
        (pl.col(s.DATE).is_null(), "date is missing or not understood"),
        (pl.col(s.DATE) < FIRST_DATE, f"date is before {FIRST_DATE}"),
        (pl.col(s.DATE) > latest, "date is later than the day after arrival"),
    )


def _first_fault(*rules: tuple[pl.Expr, str]) -> pl.Expr:
    return pl.coalesce(pl.when(broken).then(pl.lit(reason)) for broken, reason in rules).alias(s.REASON)


def _week() -> pl.Expr:
    return ((pl.col(s.DATE) - EPOCH).dt.total_days() // 7).cast(pl.Int32).alias(s.WEEK)


def _attributes(part: pl.DataFrame, spec: Table, *, csv: bool, decimal: str) -> list[pl.Series]:
    """Label and owner as text, categories as text, numbers as Float64 (NaN where text in a CSV is none)."""
    if spec.attributes:
        extra = [name for name in extra_columns(part, spec) if not part.schema[name].is_nested()]
        named = {name.lower(): name for name in extra if name.lower() in (s.LABEL, s.OWNER)}
        extra = [name for name in extra if name not in named.values()]
        numeric = [name for name in extra if _auto_number(part[name], csv=csv, decimal=decimal)]
        words = [name for name in extra if name not in numeric]
    else:
        named = {ours: theirs for ours, theirs in ((s.LABEL, spec.label), (s.OWNER, spec.owner)) if theirs}
        words, numeric = list(spec.categorical), list(spec.numeric)
    there = set(part.columns)
    absent = pl.repeat(None, part.height, dtype=pl.String, eager=True)
    people = [
        (read_text(part[named[ours]]) if named.get(ours) in there else absent).alias(ours)
        for ours in (s.LABEL, s.OWNER)
    ]
    texts = [(read_text(part[name]) if name in there else absent).alias(name) for name in words]
    numbers = [
        (read_numbers(part[name], decimal=decimal) if name in there else absent.cast(pl.Float64)).alias(name)
        for name in numeric
    ]
    # In a Parquet number column NaN is how some tools write "unknown"; in a CSV it is text that is no number.
    return [*people, *texts, *(numbers if csv else [column.set(~column.is_finite(), None) for column in numbers])]


def _auto_number(column: pl.Series, *, csv: bool, decimal: str) -> bool:
    return looks_numeric(column, decimal=decimal) if csv and is_text(column.dtype) else is_number(column.dtype)


def _attribute_fault(key: str, latest: date, work: pl.DataFrame) -> pl.Expr:
    numbers = [name for name, dtype in work.schema.items() if dtype == pl.Float64]
    dated = _date_faults(latest) if s.DATE in work.columns else ()
    return _first_fault(
        (pl.col(key).is_null(), f"{key} is missing"),
        *dated,
        *((~pl.col(name).is_finite(), f"{name} is not a number") for name in numbers),
    )


def _one_row_each(work: pl.DataFrame, key: str) -> tuple[pl.DataFrame, int]:
    """At most one row without a fault per id (and day, where rows are dated), and how many repeats went.

    From a flat file one row a day stays, of several on that day the largest values: what was known on a day can be told
    later. From an attribute file the first stays; one that says the same is a repeat, one that says otherwise is a
    fault.
    """
    good = work.filter(pl.col(s.REASON).is_null())
    bad = work.filter(pl.col(s.REASON).is_not_null())
    attributes = [name for name in work.columns if name not in (_ROW, key, s.DATE, s.REASON)]
    if s.DATE in work.columns:
        ordered = good.sort(key, s.DATE, *attributes, nulls_last=False)
        of_day = ordered.unique(subset=[key, s.DATE], keep="last", maintain_order=True)
        return pl.concat([of_day, bad]), good.height - of_day.height
    first = pl.col(_ROW) == pl.col(_ROW).first().over(key)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).first().over(key)) for name in attributes)
    judged = good.with_columns(first.alias("_first"), same.alias("_same"))
    different = pl.lit(f"{key} is repeated with other attributes").alias(s.REASON)
    kept = judged.filter(pl.col("_first") | ~pl.col("_same")).with_columns(
        pl.when("_first").then(pl.col(s.REASON)).otherwise(different).alias(s.REASON)
    )
    return pl.concat([kept.drop("_first", "_same"), bad]), good.height - kept.height


def _described(kept: pl.DataFrame, key: str) -> pl.DataFrame:
    """The staged attribute rows: id, the day seen (null but from a flat file), label, owner, attributes."""
    seen = pl.col(s.DATE) if s.DATE in kept.columns else pl.lit(None, dtype=pl.Date)
    people = [s.LABEL, s.OWNER] if key == s.CUSTOMER_ID else [s.LABEL]
    hidden = (_ROW, s.DATE, s.REASON, key, s.SEEN, s.LABEL, s.OWNER)
    attributes = [name for name in kept.columns if name not in hidden]
    return kept.with_columns(seen.alias(s.SEEN)).select(key, s.SEEN, *people, *attributes).sort(key, s.SEEN)


def _quarantined(raw: pl.DataFrame, broken: pl.DataFrame) -> pl.DataFrame:
    broken = broken.sort(_ROW)
    values = raw[broken[_ROW].to_list()].select(pl.struct(pl.all()).struct.json_encode().alias("values"))
    return pl.DataFrame([broken[_ROW].cast(pl.Int64), broken[s.REASON], values["values"]])
