"""Checks of a delivery as a whole: too many bad rows, and jumps in units or volume against what has landed."""

from __future__ import annotations

import polars as pl

from semana.data import schemas as s
from semana.data.cleaning import Cleaned
from semana.errors import ContractError
from semana.params import DataParams


def check_share(cleaned: Cleaned, *, table: str, file: str, params: DataParams) -> None:
    """Raises ContractError where the table has no row, or too large a share of them is bad."""
    if not cleaned.rows:
        raise ContractError(f"{file}: has no rows. Export it again; an empty week needs no file.")
    bad = cleaned.quarantined.height
    if bad > params.quarantine_share * cleaned.rows:
        reasons = cleaned.quarantined[s.REASON].value_counts(sort=True).head(3).rows()
        named = "; ".join(f"{reason} ({count})" for reason, count in reasons)
        raise ContractError(
            f"{file}: {bad} of {cleaned.rows} rows of {table} are bad, at most {params.quarantine_share:.0%} may be: "
            f"{named}. Fix the export; the rows are listed in the report under rejected/."
        )


def check_jumps(kept: pl.DataFrame, landed: pl.DataFrame, *, file: str, params: DataParams) -> None:
    """Raises ContractError where units or volume jump against the landed lines; too few lines are not judged."""
    if min(kept.height, landed.height) < params.jump_lines:
        return
    for column, what in ((s.QUANTITY, "units"), (s.AMOUNT, "amounts")):
        factor = _factor(kept, landed, column)
        if factor is not None and not 1 / params.unit_jump < factor < params.unit_jump:
            raise _jump(file, f"the {what} of its products are {factor:.3g} times", params.unit_jump)
    volume = _per_day(kept) / _per_day(landed)
    if not 1 / params.volume_jump < volume < params.volume_jump:
        raise _jump(file, f"its rows a day are {volume:.3g} times", params.volume_jump)


def _factor(kept: pl.DataFrame, landed: pl.DataFrame, column: str) -> float | None:
    """The median over common products of the ratio of their median sizes; None without a common product."""
    size = pl.col(column).abs().median()
    ours = landed.group_by(s.PRODUCT_ID).agg(size.alias("landed"))
    both = kept.group_by(s.PRODUCT_ID).agg(size).join(ours, on=s.PRODUCT_ID).filter(pl.col("landed") > 0)
    ratio = (both[column] / both["landed"]).median()
    return float(ratio) if isinstance(ratio, float) else None


def _per_day(lines: pl.DataFrame) -> float:
    return lines.height / lines[s.DATE].n_unique()


def _jump(file: str, what: str, limit: float) -> ContractError:
    return ContractError(
        f"{file}: {what} those that have landed (limit {limit:g} or 1/{limit:g}). Were units changed, or is the file "
        f'incomplete? Fix the export; if the jump is real: semana ingest FILE --accept --reason "..."'
    )
