"""What a source's files look like: sources/NAME.yaml as typed, frozen values. Unknown keys are refused."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ConfigurationError, ContractError
from semana.params import Section, refusal

TABLES = ("transactions", "customers", "products")
KEYS = {"transactions": (s.CUSTOMER_ID, s.PRODUCT_ID), "customers": (s.CUSTOMER_ID,), "products": (s.PRODUCT_ID,)}
_NAMES = {
    "transactions": ((s.CUSTOMER_ID, s.PRODUCT_ID, s.DATE), (s.ORDER_ID, s.QUANTITY, s.AMOUNT)),
    "customers": ((s.CUSTOMER_ID,), (s.DATE,)),
    "products": ((s.PRODUCT_ID,), (s.DATE,)),
}
RESERVED = (s.CUSTOMER_ID, s.PRODUCT_ID, s.LABEL, s.OWNER, s.SEEN, s.ARRIVED, s.POSITION, s.DELIVERY, s.DRAW)


def taken_name(attributes: Iterable[str], ours: Iterable[str] = RESERVED) -> str | None:
    """Which of the attributes has a name that we or another one have, and how; None where none has.

    Names that differ in case alone are one name to DuckDB and Spark.
    """
    seen = dict.fromkeys(ours, "")
    for name in attributes:
        other = seen.setdefault(name.lower(), name)
        if not other:
            return (
                f"attribute {name} has a name that we use; not allowed, whatever their case: {', '.join(ours)}. "
                "Rename the column."
            )
        if other != name:
            return f"the attributes {other} and {name} have one name but for its case. Rename a column."
    return None


class HolidayCalendar(Section):
    """Whose public holidays count: a country of the `holidays` package, and days of the shop's own."""

    country: str | None = None
    subdivision: str | None = None
    extra: tuple[date, ...] = ()


class CsvFormat(Section):
    """How the source's CSV files are written: their encoding, dates (like %d/%m/%Y; else ISO 8601) and decimal sign."""

    encoding: str = "utf-8"
    dates: str | None = None
    decimal: Literal[".", ","] = "."

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except LookupError as err:
            raise ValueError(f"no such encoding: {encoding}; write one like utf-8 or cp1252") from err
        return encoding

    @field_validator("dates")
    @classmethod
    def _whole_date(cls, written: str | None) -> str | None:
        day = datetime(2025, 12, 31)  # noqa: DTZ001 - a day to try the format on
        try:
            told = written is None or datetime.strptime(day.strftime(written), written) == day  # noqa: DTZ007
        except ValueError:
            told = False
        if not told:
            raise ValueError(f"{written} does not tell day, month and year; write one like %d/%m/%Y or %d/%m/%Y %H:%M")
        return written


class Filter(Section):
    """A condition on one of their columns; rows that fail it are no part of the delivery, and are counted."""

    column: str
    present: bool | None = None
    matches: str | None = None
    not_matches: str | None = None

    @field_validator("matches", "not_matches")
    @classmethod
    def _readable(cls, pattern: str | None) -> str | None:
        import polars as pl  # the pattern must suit the engine that applies it

        try:
            pl.Series([""]).str.contains(pattern or "")
        except pl.exceptions.ComputeError as err:
            raise ValueError(f"not a regular expression: {pattern}") from err
        return pattern

    @model_validator(mode="after")
    def _one_condition(self) -> Filter:
        if sum(value is not None for value in (self.present, self.matches, self.not_matches)) != 1:
            raise ValueError("give exactly one of present, matches, not_matches")
        return self


class Table(Section):
    """Which files hold a table, and which of their columns are ours.

    `columns` maps our name to theirs, or to several that are multiplied (amount: quantity and price).
    """

    files: Annotated[tuple[str, ...], Field(min_length=1)]
    columns: dict[str, str | tuple[str, ...]]
    optional: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    attributes: Literal["auto"] | None = None
    label: str | None = None
    owner: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Table:
        if self.attributes and (self.categorical or self.numeric):
            raise ValueError("give either attributes: auto, or categorical and numeric")
        doubled = set(self.categorical) & set(self.numeric)
        if doubled:
            raise ValueError(f"{min(doubled)} is both categorical and numeric")
        if taken := taken_name((*self.categorical, *self.numeric)):
            raise ValueError(taken)
        return self

    def theirs(self, ours: str) -> tuple[str, ...]:
        """Their column of our name; several where they are multiplied, none where it is not mapped."""
        column = self.columns.get(ours, ())
        return (column,) if isinstance(column, str) else column


class Tables(Section):
    """The three tables; only transactions must be there."""

    transactions: Table
    customers: Table | None = None
    products: Table | None = None

    @model_validator(mode="after")
    def _known_columns(self) -> Tables:
        for name in TABLES:
            table: Table | None = getattr(self, name)
            required, allowed = _NAMES[name]
            if table is None:
                continue
            unknown = sorted(set(table.columns) - {*required, *allowed})
            if unknown:
                beside = (
                    f"; {unknown[0]} stands beside `columns`, not in it" if unknown[0] in Table.model_fields else ""
                )
                raise ValueError(
                    f"{name}: unknown column {unknown[0]}; allowed: {', '.join((*required, *allowed))}{beside}"
                )
            absent = [column for column in required if column not in table.columns or column in table.optional]
            if absent:
                raise ValueError(f"{name}: {absent[0]} must be mapped, and cannot be optional")
        return self


class Source(Section):
    """One shop's way of exporting its data."""

    name: str
    timezone: str = "UTC"
    timestamps: Literal["local", "utc"] = "local"
    csv: CsvFormat = CsvFormat()
    calendar: HolidayCalendar = HolidayCalendar()
    closed_weeks: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    tables: Tables

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise ValueError(f"no such time zone: {zone}; write one like America/Asuncion or UTC") from err
        return zone

    @field_validator("closed_weeks")
    @classmethod
    def _written_weeks(cls, weeks: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(Week.parse(week)) for week in weeks)

    @property
    def closed(self) -> tuple[Week, ...]:
        """The weeks in which the shop was shut."""
        return tuple(Week.parse(week) for week in self.closed_weeks)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what the definition says, whatever its layout and comments."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def table(self, name: str) -> Table:
        """The definition of one table; raises ConfigurationError listing those there are."""
        table: Table | None = getattr(self.tables, name) if name in TABLES else None
        if table is None:
            there = [each for each in TABLES if getattr(self.tables, each)]
            raise ConfigurationError(f"source {self.name} has no table {name!r}; it has: {', '.join(there)}")
        return table


@lru_cache(maxsize=64)  # a run asks for the same few of each delivery many times
def parse_source(name: str, text: str) -> Source:
    """The source written in `text` (YAML); raises ConfigurationError naming every fault and the allowed keys."""
    where = f"sources/{name}.yaml"
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as err:
        raise ConfigurationError(f"{where}: not YAML: {err}") from err
    if not isinstance(content, dict):
        raise ConfigurationError(f"{where}: keys were expected, like `tables:`; see sources/canonical.yaml")
    try:
        return Source.model_validate({**content, "name": name})
    except ValidationError as err:
        raise refusal(where, err, Source) from err


def posted_source(source: Source) -> Source:
    """The source as its posted order lines are written: under our own names, nothing filtered."""
    required, optional = _NAMES["transactions"]
    table = Table(files=("posted-*",), columns={name: name for name in (*required, *optional)}, optional=optional)
    plain = {"csv": CsvFormat(), "timestamps": "local", "filters": (), "tables": Tables(transactions=table)}
    return source.model_copy(update=plain)


def tables_of(source: Source, file_name: str) -> tuple[str, ...]:
    """The tables that a file of this name holds, several for a flat file; raises ContractError naming the patterns."""
    patterns = {name: getattr(source.tables, name).files for name in TABLES if getattr(source.tables, name)}
    found = tuple(
        name for name, globs in patterns.items() if any(fnmatchcase(file_name.lower(), glob.lower()) for glob in globs)
    )
    if not found:
        known = "; ".join(f"{name}: {', '.join(globs)}" for name, globs in patterns.items())
        raise ContractError(
            f"{file_name}: source {source.name} has no table for a file of this name ({known}). "
            f"Rename the file, or say which table it is with --table."
        )
    return found


def holidays_of(source: Source, first: date, last: date) -> dict[date, str]:
    """The holidays from `first` to `last` with their names; raises ConfigurationError for an unknown country."""
    found = dict.fromkeys(source.calendar.extra, "own holiday")
    country = source.calendar.country
    if country:
        import holidays  # only the steps that need a calendar pay for it

        try:
            public = holidays.country_holidays(
                country, subdiv=source.calendar.subdivision, years=range(first.year, last.year + 1)
            )
        except NotImplementedError as err:
            raise ConfigurationError(
                f"sources/{source.name}.yaml: calendar: {err}. Write a country code of the holidays package, like PY."
            ) from err
        found |= dict(public)
    return {day: found[day] for day in sorted(found) if first <= day <= last}
