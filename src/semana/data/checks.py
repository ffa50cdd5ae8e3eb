"""Checks of a delivery as a whole: too many bad rows; units, volume, gaps and kinds unlike what has landed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from semana.data import schemas as s
from semana.data.cleaning import Cleaned
from semana.data.faults import value_at_fault
from semana.data.sources import KEYS, TABLES, Table
from semana.errors import ContractError
from semana.params import DataParams

_REMEDY = 'Fix the export; if it is real: semana ingest PATH --source NAME --accept --reason "..."'
_ROWS_A_KIND = 5  # an attribute whose values are shared by fewer rows is a name or a code of each
_OURS = {s.DATE, s.WEEK, s.SEEN, s.POSITION, s.DELIVERY, *s.PAIR}


@dataclass(frozen=True)
class Usual:
    """What has landed so far: order lines, those per day with any, the newest of these days, the share of lines that
    were sent back, and each product's median quantity and amount.
    """

    lines: int
    lines_a_day: float
    last: date
    returned: float
    medians: pl.DataFrame


def usual_of(lines: pl.LazyFrame) -> Usual:
    """What is usual in these order lines, of which there are some."""
    back = (pl.col(s.QUANTITY) < 0).mean().fill_null(0.0)
    count, days, last, returned = (
        lines.select(pl.len(), pl.col(s.DATE).n_unique(), pl.col(s.DATE).max().alias("last"), back).collect().row(0)
    )
    return Usual(count, count / days, last, returned, _medians(lines))


def check_share(cleaned: Cleaned, spec: Table, *, table: str, file: str, params: DataParams) -> None:
    """Raises ContractError where nothing is left of a table, or more of its rows are bad than params allow.

    Of the first bad row only the value at fault is told: messages go far, and stay where nobody is forgotten.
    """
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
    row, reason, values = cleaned.quarantined.row(0)
    value = value_at_fault(reason, values, spec)
    fault = f"{reason} ({value})" if value else reason
    raise ContractError(
        f"{file}: {bad} of {judged} rows of {table} are bad ({told}); at most {params.quarantine_share:.0%} may be. "
        f"The first is row {row + 1} below the heading: {fault}. {_remedy(reasons[s.REASON])}"
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
    """Raises ContractError where quantities, amounts, returns or lines a day are far from what has landed.

    Judged only on enough lines on both sides (`params.jump_lines`). Lines a day count on later days alone: of a day
    that has landed already another part may come.
    """
    later = kept.filter(pl.col(s.DATE) > usual.last)
    days = later[s.DATE].n_unique()
    if min(usual.lines_a_day * days, usual.lines) >= params.jump_lines:
        share = later.height / days / usual.lines_a_day
        _judge("the number of order lines a day", share, params.volume_jump, file)
    if min(kept.height, usual.lines) < params.jump_lines:
        return
    delivered = usual_of(kept.lazy())
    common = delivered.medians.join(usual.medians, on=s.PRODUCT_ID, suffix="_usual")
    for column in (s.QUANTITY, s.AMOUNT):
        factor = common.select((pl.col(column) / pl.col(f"{column}_usual")).median()).item()
        _judge(f"the median {column} of a product", factor, params.unit_jump, file)
    if delivered.returned - usual.returned > params.share_jump:
        raise ContractError(
            f"{file}: {delivered.returned:.0%} of its lines were sent back (a quantity below zero); of those that have "
            f"landed, {usual.returned:.0%}. Has the sign changed? {_REMEDY}"
        )


def check_missing(kept: pl.DataFrame, landed: pl.LazyFrame, *, table: str, file: str, params: DataParams) -> None:
    """Raises ContractError where a column lacks many more values than it did in the rows of the table that landed.

    A column that the delivery does not have lacks all of them. Judged only on enough rows on both sides.
    """
    named = [name for name in landed.collect_schema() if name not in _OURS]
    counts = landed.select(pl.len().alias("rows"), *(pl.col(name).count() for name in named)).collect()
    rows = counts["rows"].item()
    if min(kept.height, rows) < _least(table, params):
        return
    for name in named:
        usual = 1 - counts[name].item() / rows
        lacking = kept[name].null_count() / kept.height if name in kept.columns else 1.0
        if lacking - usual > params.share_jump:
            raise ContractError(
                f"{file}: {lacking:.0%} of the rows of {table} have no {name}; of those that have landed, {usual:.0%}. "
                f"Has a column moved or been renamed? {_REMEDY}"
            )


def check_kinds(kept: pl.DataFrame, landed: pl.LazyFrame, *, table: str, file: str, params: DataParams) -> None:
    """Raises ContractError where many rows have kinds of an attribute that have never landed.

    An attribute told in text has kinds where each of them landed with some rows: names and codes have none. A file most
    of whose ids are new is not judged: it is another part of the shop.
    """
    (key,) = KEYS[table]
    if kept.join(landed.select(key).collect(), on=key, how="anti").height > kept.height / 2:
        return
    schema = landed.collect_schema()
    told = [name for name in kept.columns if kept.schema[name] == schema.get(name) == pl.String]
    for name in sorted({*told} - _OURS - {s.LABEL}):
        known = landed.select(pl.col(name).drop_nulls().value_counts()).unnest(name).collect()
        if min(kept.height, int(known["count"].sum())) < params.judged_rows:
            continue
        if not known.height or known["count"].sum() < _ROWS_A_KIND * known.height:
            continue
        values = kept[name].drop_nulls()
        new = values.filter(~values.is_in(known[name].implode()))
        if len(new) > params.new_kinds * len(values):
            counts = new.value_counts()
            shared = counts.filter(pl.col("count") >= _ROWS_A_KIND)[name].sort().head(3)  # no names of people
            raise ContractError(
                f"{file}: {name} of {len(new) / len(values):.0%} of the rows of {table} is of kinds that have never "
                f"landed ({', '.join(shared) or counts.height}). Were the codes changed? {_REMEDY}"
            )


def check_known(kept: pl.DataFrame, landed: pl.LazyFrame, usual: Usual, *, file: str, params: DataParams) -> None:
    """Raises ContractError where most lines of later days are of customers or of products that have never landed.

    Lines of days that have landed already are not judged: another part of the shop may be delivered on its own.
    """
    later = kept.filter(pl.col(s.DATE) > usual.last)
    if min(later.height, usual.lines) < params.jump_lines:
        return
    for key in s.PAIR:
        known = landed.select(pl.col(key).unique()).collect()
        unknown = later.join(known, on=key, how="anti").height / later.height
        if unknown > params.unknown_ids:
            raise ContractError(
                f"{file}: {unknown:.0%} of its lines of new days are of a {key} that has never landed. Are the ids "
                f"written in another way than before? {_REMEDY}"
            )


def _least(table: str, params: DataParams) -> int:
    return params.jump_lines if table == TABLES[0] else params.judged_rows


def _medians(lines: pl.LazyFrame) -> pl.DataFrame:
    """Median size of what was ordered, per product; zeros say nothing about the unit."""
    sizes = (pl.col(column).abs() for column in (s.QUANTITY, s.AMOUNT))
    return lines.group_by(s.PRODUCT_ID).agg(size.filter(size > 0).median() for size in sizes).collect()


def _judge(what: str, factor: float | None, limit: float, file: str) -> None:
    if factor is None or 1 / limit < factor < limit:
        return
    raise ContractError(
        f"{file}: {what} is {factor:.4g} times what has landed; {1 / limit:.3g} to {limit:g} times was expected. "
        f"Has a unit changed, or was the file exported twice or in part? {_REMEDY}"
    )
