"""Checks of a delivery as a whole: too many bad rows, and jumps of unit or volume against what has landed."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from semana.data import schemas as s
from semana.data.cleaning import Cleaned
from semana.errors import ContractError
from semana.params import DataParams


@dataclass(frozen=True)
class Usual:
    """What has landed so far: order lines, those per day with any, and each product's median quantity and amount."""

    lines: int
    lines_a_day: float
    medians: pl.DataFrame


def usual_of(lines: pl.LazyFrame) -> Usual:
    """What is usual in these order lines."""
    count, days = lines.select(pl.len(), pl.col(s.DATE).n_unique()).collect().row(0)
    return Usual(count, count / days if days else 0.0, _medians(lines))


def check_share(cleaned: Cleaned, *, table: str, file: str, params: DataParams) -> None:
    """Raises ContractError where nothing is left of a table, or more of its rows are bad than params allow."""
    if cleaned.rows == 0:
        raise ContractError(f"{file}: no rows, only column names; at least one was expected. Export it again.")
    bad, judged = cleaned.quarantined.height, cleaned.rows - cleaned.filtered
    if judged == 0:
        raise ContractError(
            f"{file}: none of its {cleaned.rows} rows passes the source's filters. Check them, and the file."
        )
    if bad <= params.quarantine_share * judged and cleaned.kept.height:
        return
    reasons = cleaned.quarantined[s.REASON].value_counts().sort("count", s.REASON, descending=[True, False]).head(3)
    told = "; ".join(f"{reason}: {count}" for reason, count in reasons.rows())
    row, _, values = cleaned.quarantined.row(0)
    raise ContractError(
        f"{file}: {bad} of {judged} rows of {table} are bad ({told}); at most {params.quarantine_share:.0%} may be. "
        f"The first is row {row + 1} below the heading: {values:.200}. {_remedy(reasons[s.REASON])}"
    )


def _remedy(reasons: pl.Series) -> str:
    """What to do; where dates or numbers were not understood, how a source says in which way they are written."""
    if not reasons.str.contains("not understood|not a number").any():
        return "Fix the export and deliver it again."
    return (
        "Fix the export, or say in the source's file how its CSV is written, like "
        'csv: {dates: "%d/%m/%Y", decimal: ","}; then deliver it again.'
    )


def check_jumps(kept: pl.DataFrame, usual: Usual, *, file: str, params: DataParams) -> None:
    """Raises ContractError where quantities, amounts or lines a day are a multiple of what has landed.

    Judged only on enough lines on both sides (`params.jump_lines`).
    """
    if min(kept.height, usual.lines) < params.jump_lines:
        return
    delivered = usual_of(kept.lazy())
    common = delivered.medians.join(usual.medians, on=s.PRODUCT_ID, suffix="_usual")
    for column in (s.QUANTITY, s.AMOUNT):
        factor = common.select((pl.col(column) / pl.col(f"{column}_usual")).median()).item()
        _judge(f"the median {column} of a product", factor, params.unit_jump, file)
    _judge("the number of order lines a day", delivered.lines_a_day / usual.lines_a_day, params.volume_jump, file)


def _medians(lines: pl.LazyFrame) -> pl.DataFrame:
    """Median size of what was ordered, per product; zeros say nothing about the unit."""
    sizes = (pl.col(column).abs() for column in (s.QUANTITY, s.AMOUNT))
    return lines.group_by(s.PRODUCT_ID).agg(size.filter(size > 0).median() for size in sizes).collect()


def _judge(what: str, factor: float | None, limit: float, file: str) -> None:
    if factor is None or 1 / limit < factor < limit:
        return
    raise ContractError(
        f"{file}: {what} is {factor:.4g} times what has landed; {1 / limit:.3g} to {limit:g} times was expected. "
        f"Has a unit changed, or was the file exported twice or in part? Fix the export; "
        f'if the jump is real: semana ingest PATH --source NAME --accept --reason "..."'
    )
