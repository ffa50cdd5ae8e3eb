"""Which rows broke which rule, told without naming anybody: messages and pages go far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from semana.data import schemas as s
from semana.data.sources import Table


def value_at_fault(reason: str, values: str, spec: Table) -> str:
    """What of a bad row's values (as JSON) broke the rule, where it is a date's or a number's of our own; else "".

    Ids, names and attributes are told to nobody.
    """
    ours, row = reason.split(maxsplit=1)[0], json.loads(values)
    if ours not in (s.DATE, s.QUANTITY, s.AMOUNT):
        return ""
    values_of = ((name, row.get(name)) for name in spec.theirs(ours))
    return ", ".join(f"{name} empty" if value is None else f"{name} {value!r:.40}" for name, value in values_of)


@dataclass(frozen=True)
class PutAside:
    """The rows of a table that broke one rule: how many; of the first ones `row` (from 1) and the `value` at fault."""

    table: str
    reason: str
    rows: int
    first: tuple[dict[str, Any], ...]


def put_aside(quarantined: pl.DataFrame, specs: Mapping[str, Table], *, shown: int = 3) -> list[PutAside]:
    """What broke which rule (rows of catalog.QUARANTINE), the most frequent rule first."""

    def _first(rows: pl.DataFrame, table: str, reason: str) -> tuple[dict[str, Any], ...]:
        told = rows.select("row", "values").head(shown).rows()
        return tuple({"row": row + 1, "value": value_at_fault(reason, values, specs[table])} for row, values in told)

    found = [
        PutAside(str(table), str(reason), rows.height, _first(rows, str(table), str(reason)))
        for (table, reason), rows in quarantined.sort("row").group_by("table", s.REASON, maintain_order=True)
    ]
    return sorted(found, key=lambda each: -each.rows)
