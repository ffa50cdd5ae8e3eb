"""Does a delivered file have the columns that its table needs, and are they of the right kind?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

import polars as pl

from semana.data import schemas as s
from semana.data.sources import KEYS, RESERVED, Source, Table, taken_name
from semana.data.values import is_number, is_text
from semana.errors import ContractError

ID = "an id (whole numbers or text)"
DATE = "a date or a timestamp"
QUANTITY = "a quantity"
AMOUNT = "an amount of money"
NUMBER = "a number"
WORD = "text or a code"


def check_columns(raw: pl.DataFrame, *, table: str, source: Source, file: str, csv: bool) -> None:
    """Raises ContractError where a needed column is missing or of a kind that cannot be meant.

    The kinds are checked by pandera, all columns at once; in a CSV every column is text, and numbers that cannot be
    read are faults of their rows.
    """
    spec = source.table(table)
    wanted = dict(_wanted(spec, table))
    for column, (ours, needed, _) in wanted.items():
        if needed and column not in raw.columns:
            raise ContractError(_missing(column, ours, raw.columns, source=source, file=file))
    if spec.attributes:
        never = [name for name in RESERVED if name not in (s.LABEL, s.OWNER)]
        if taken := taken_name(extra_columns(raw, spec), never):
            raise ContractError(f"{file}: {taken}")
    if not csv:
        _check_kinds(raw, {column: kind for column, (_, _, kind) in wanted.items()}, source=source, file=file)


def has(raw: pl.DataFrame, spec: Table, ours: str) -> bool:
    """Whether our column is mapped and all of theirs are there."""
    theirs = spec.theirs(ours)
    return bool(theirs) and all(column in raw.columns for column in theirs)


def extra_columns(raw: pl.DataFrame, spec: Table) -> list[str]:
    """The columns of a file that are not mapped: its attributes where they are taken as they come."""
    mapped = {column for ours in spec.columns for column in spec.theirs(ours)}
    return [name for name in raw.columns if name not in mapped and not name.startswith("__index_level_")]


def _wanted(spec: Table, table: str) -> Iterator[tuple[str, tuple[str, bool, str]]]:
    """Their column, with our name for it, whether it must be there, and its kind; the strictest kind comes last."""
    for column in (spec.label, spec.owner, *spec.categorical):
        if column:
            yield column, ("an attribute", column not in spec.optional, WORD)
    for column in spec.numeric:
        yield column, ("an attribute", column not in spec.optional, NUMBER)
    for ours in spec.columns:
        kind = ID if ours in KEYS[table] else {s.DATE: DATE, s.QUANTITY: QUANTITY, s.AMOUNT: AMOUNT}.get(ours, WORD)
        for column in spec.theirs(ours):
            yield column, (ours, ours not in spec.optional, kind)


def _missing(column: str, ours: str, there: list[str], *, source: Source, file: str) -> str:
    near = get_close_matches(column, there, n=1)
    return (
        f"{file}: column {column!r} ({ours}) is missing; there are: {', '.join(there)}. "
        + (f"Was it renamed to {near[0]!r}? " if near else "")
        + f"Fix the export, or map another column in sources/{source.name}.yaml."
    )


def _check_kinds(raw: pl.DataFrame, kinds: dict[str, str], *, source: Source, file: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it looks for Spark, which warns of pandas 3
        import pandera.polars as pa  # two seconds to import: paid by deliveries only
        from pandera.errors import SchemaErrors

    schema = pa.DataFrameSchema(
        {
            column: pa.Column(required=False, nullable=True, checks=pa.Check(_suits(kind), error=kind))
            for column, kind in kinds.items()
        }
    )
    try:
        schema.validate(raw.head(0), lazy=True)
    except SchemaErrors as err:
        faults = [(fault.schema.name, str(fault.check.error)) for fault in err.schema_errors if fault.check]
        if not faults:
            raise
        told = "; ".join(f"column {name!r} is {_said(raw.schema[name])}; {kind} was expected" for name, kind in faults)
        raise ContractError(
            f"{file}: {told}. Fix the export, or map another column in sources/{source.name}.yaml."
        ) from err


def _suits(kind: str) -> Callable[[Any], bool]:
    """A check of the column's type against what may hold such values."""
    allowed: dict[str, Callable[[pl.DataType], bool]] = {
        ID: lambda dtype: is_text(dtype) or is_number(dtype),
        DATE: lambda dtype: is_text(dtype) or dtype == pl.Date or isinstance(dtype, pl.Datetime) or dtype == pl.Null,
        QUANTITY: is_number,
        AMOUNT: is_number,
        NUMBER: lambda dtype: is_number(dtype) or dtype == pl.Boolean,
        WORD: lambda dtype: not dtype.is_nested() and dtype not in (pl.Binary, pl.Object),
    }
    return lambda data: allowed[kind](data.lazyframe.collect_schema()[data.key])


def _said(dtype: pl.DataType) -> str:
    if is_text(dtype):
        return "text"
    if dtype.is_numeric():
        return "a number"
    if dtype.is_temporal():
        return "a date or time"
    return f"of type {dtype}"
