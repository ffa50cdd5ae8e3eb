"""What customers did in each week, as figures and kinds whose distributions drift is read from.

Customers are the sampling unit, not order lines: in every column each customer of a week counts once, with a figure of
its own, or with shares of its purchases that add up to one. What comes out are small tables by week.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.data.frames import Frame, collected
from semana.data.purchases import bought
from semana.features.sums import DECAY_BITS, ratio, steady, steady_sum

CATEGORY, NUMBER = "category", "number"
OTHER, UNTOLD = "(other)", "(not told)"
# Figures of a customer in a week. Logarithms where sizes span decades; quantity and price are over the product's usual.
FIGURES = {
    "basket": "products bought in the week (log)",
    "repeat_share": "share of them that the customer had bought in the quarter before",
    "quantity": "quantity over the product's usual one (log)",
    "price": "price of a unit over the product's usual one (log)",
    "spend": "amount of the week (log)",
    "rhythm": "weeks since the customer's order week before",
    "returns": "share of the products of which something came back",
}
ORDERED, PRODUCTS, WEEKDAY = "ordered", "products", "weekday"
KNOWN_WEEKS = 13  # who ordered in the quarter before is expected to order
_MOST_KINDS = 100
_STEPS, _REACH = 10, 4  # bins of a figure: tenths of its sd, up to four of them either way
_KEY = (s.CUSTOMER_ID, s.WEEK)
_KIND, _SHARE, _BIN, _TOTAL, _USUAL = "kind", "share", "bin", "total", "usual"
_LOG_QUANTITY, _LOG_PRICE, _BOUGHT, _REPEATED, _RETURNED, _PRICED = (
    "log_quantity",
    "log_price",
    "bought",
    "repeated",
    "came_back",
    "priced",
)


@dataclass(frozen=True)
class Column:
    """One column by week: `weights` is (weeks, bins), each customer of the week adds 1 to its row in all.

    `kind` is CATEGORY, whose bins have names, or NUMBER, whose bins are a tenth of its standard deviation wide.
    """

    name: str
    kind: str
    bins: tuple[str, ...]
    weeks: tuple[int, ...]
    weights: NDArray[np.float64]


def behaviour(purchases: Frame, *, known_since: int) -> Frame:
    """One row per customer and week in which it bought: the columns of FIGURES, null where there is nothing to tell.

    `purchases` are those of the catalogue, all weeks that count. What looks back (repeat share, rhythm) is told from
    the week `known_since` on: in a history's first weeks everything is new.
    """
    told = nw.col(s.WEEK) >= known_since
    unit = ratio(nw.col(s.AMOUNT), nw.col(s.QUANTITY))
    kept = nw.col(s.QUANTITY) > 0
    rows = purchases.select(
        *_KEY,
        s.PRODUCT_ID,
        s.AMOUNT,
        kept.cast(nw.Int64).alias(_BOUGHT),
        (kept & (nw.col(s.GAP).fill_null(KNOWN_WEEKS + 1) <= KNOWN_WEEKS)).cast(nw.Int64).alias(_REPEATED),
        (nw.col(s.RETURNED) > 0).cast(nw.Int64).alias(_RETURNED),
        _log(nw.when(kept).then(nw.col(s.QUANTITY))).alias(_LOG_QUANTITY),
        _log(nw.when(kept).then(nw.when(unit > 0).then(unit))).alias(_LOG_PRICE),
    )
    usual = rows.group_by(s.PRODUCT_ID).agg(
        *(_mean(name).alias(f"{_USUAL}_{name}") for name in (_LOG_QUANTITY, _LOG_PRICE))
    )
    beside = rows.join(usual, on=s.PRODUCT_ID, how="left").with_columns(
        *((nw.col(name) - nw.col(f"{_USUAL}_{name}")).alias(name) for name in (_LOG_QUANTITY, _LOG_PRICE))
    )
    weeks = beside.group_by(*_KEY).agg(
        nw.len().alias(_TOTAL),
        nw.col(_BOUGHT, _REPEATED, _RETURNED).sum(),
        _mean(_LOG_QUANTITY).alias("quantity"),
        _mean(_LOG_PRICE).alias("price"),
        steady_sum(nw.when(nw.col(_BOUGHT) > 0).then(nw.col(s.AMOUNT).cast(nw.Float64)), bits=20).alias(s.AMOUNT),
    )
    with_purchase = weeks.filter(nw.col(_BOUGHT) > 0)
    week = nw.col(s.WEEK).cast(nw.Int64)
    gap = week - week.shift(1).over(s.CUSTOMER_ID, order_by=s.WEEK)
    return with_purchase.select(
        *_KEY,
        _log(nw.col(_BOUGHT).cast(nw.Float64)).alias("basket"),
        nw.when(told).then(nw.col(_REPEATED) / nw.col(_BOUGHT)).alias("repeat_share"),
        "quantity",
        "price",
        _log(nw.when(nw.col(s.AMOUNT) > 0).then(nw.col(s.AMOUNT))).alias("spend"),
        nw.when(told).then(nw.min_horizontal(gap, nw.lit(KNOWN_WEEKS)).cast(nw.Float64)).alias("rhythm"),
        (nw.col(_RETURNED) / nw.col(_TOTAL)).alias("returns"),
    )


def _moments(frame: Frame, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation (1 where all are equal) of each number that has a value.

    Values are brought between 0 and 1 first: whole numbers, as which they are added up, would not hold their squares.
    """
    ends = collected(
        frame.select(
            *(nw.col(name).cast(nw.Float64).min().alias(f"least_{name}") for name in names),
            *(nw.col(name).cast(nw.Float64).max().alias(f"most_{name}") for name in names),
            *(nw.col(name).count().alias(f"count_{name}") for name in names),
        )
    )
    told = {
        name: (float(ends[f"least_{name}"][0]), float(ends[f"most_{name}"][0]))
        for name in names
        if ends[f"count_{name}"][0]
    }
    if not told:
        return {}
    share = {
        name: (nw.col(name).cast(nw.Float64) - least) * (1.0 / (most - least or 1.0))
        for name, (least, most) in told.items()
    }
    sums = collected(
        frame.select(
            *(steady_sum(each, bits=32).alias(f"sum_{name}") for name, each in share.items()),
            *(steady_sum(each * each, bits=32).alias(f"squares_{name}") for name, each in share.items()),
        )
    )
    found = {}
    for name, (least, most) in told.items():
        count = int(ends[f"count_{name}"][0])
        mean = float(sums[f"sum_{name}"][0]) / count
        spread = max(0.0, float(sums[f"squares_{name}"][0]) / count - mean * mean) ** 0.5
        found[name] = least + mean * (most - least), spread * (most - least) or 1.0
    return found


def figures(frame: Frame, names: Iterable[str]) -> list[Column]:
    """The numbers `names` of a frame with a row per customer and week, in bins; those without a value are left out.

    A bin is a tenth of the standard deviation over all weeks wide; the outermost hold what lies beyond.
    """
    wanted = list(names)
    if not wanted:
        return []
    found = []
    for name, (mean, sd) in _moments(frame, wanted).items():
        steps = (nw.col(name).cast(nw.Float64) - mean) * (_STEPS / sd)
        place = steps.floor().clip(-_REACH * _STEPS, _REACH * _STEPS)
        told = frame.filter(~nw.col(name).is_null()).select(s.WEEK, place.cast(nw.Int64).alias(_BIN))
        counts = collected(told.group_by(s.WEEK, _BIN).agg(nw.len().alias(_TOTAL)))
        places = range(-_REACH * _STEPS, _REACH * _STEPS + 1)
        names_ = tuple(f"{mean + place / _STEPS * sd:.3g}" for place in places)
        index = {place: n for n, place in enumerate(places)}
        entries = ((week, index[place], total) for week, place, total in counts.select(s.WEEK, _BIN, _TOTAL).rows())
        found.append(_column(name, NUMBER, names_, entries))
    return found


def kinds(name: str, rows: Frame) -> Column | None:
    """A category by week, from rows of (customer, week, kind): each customer's purchases share its one vote.

    At most so many kinds, those with most votes; the rest are one. None where no row is there.
    """
    told = rows.with_columns(nw.col(_KIND).cast(nw.String).fill_null(UNTOLD))
    share = (1.0 / nw.len().over(*_KEY)).alias(_SHARE)
    votes = (
        told.with_columns(share).group_by(s.WEEK, _KIND).agg(steady_sum(nw.col(_SHARE), bits=DECAY_BITS).alias(_SHARE))
    )
    sums = votes.group_by(_KIND).agg(steady_sum(nw.col(_SHARE), bits=DECAY_BITS).alias(_TOTAL))
    most = sums.sort(_TOTAL, _KIND, descending=[True, False]).head(_MOST_KINDS)
    kept = votes.join(most.select(_KIND, nw.lit(1).alias(_TOTAL)), on=_KIND, how="left")
    grouped = kept.with_columns(
        nw.when(nw.col(_TOTAL).is_null()).then(nw.lit(OTHER)).otherwise(nw.col(_KIND)).alias(_KIND)
    )
    summed = grouped.group_by(s.WEEK, _KIND).agg(steady_sum(nw.col(_SHARE), bits=DECAY_BITS).alias(_SHARE))
    found = collected(summed.sort(s.WEEK, _KIND))
    if not len(found):
        return None
    names = tuple(sorted(set(found[_KIND].to_list())))
    index = {kind: n for n, kind in enumerate(names)}
    entries = ((week, index[kind], share) for week, kind, share in found.select(s.WEEK, _KIND, _SHARE).rows())
    return _column(name, CATEGORY, names, entries)


def of_purchases(purchases: Frame, kind: nw.Expr) -> Frame:
    """Rows for `kinds`: a row per purchase, with the value of an expression."""
    return bought(purchases).select(*_KEY, kind.alias(_KIND))


def of_attribute(frame: Frame, attributes: Frame, *, key: str, name: str) -> Frame:
    """Rows for `kinds`: those of a frame with a week, the attribute of their customer or product as kind."""
    told = attributes.select(key, nw.col(name).alias(_KIND))
    return frame.join(told, on=key, how="left").select(*_KEY, _KIND)


def ordered(frame: Frame, *, known_since: int) -> Column | None:
    """Of those who ordered in the 13 weeks before each week, who ordered in it; from a row per customer and order week.

    A customer is known from the week after an order week on, until its next one or for 13 weeks; weeks are told from
    `known_since` on.
    """
    week = nw.col(s.WEEK).cast(nw.Int64)
    following = week.shift(-1).over(s.CUSTOMER_ID, order_by=s.WEEK) - week
    spans = frame.select(week.alias(s.WEEK), following.alias(_TOTAL)).group_by(s.WEEK, _TOTAL).agg(nw.len().alias(_BIN))
    found = collected(spans)
    if not len(found):
        return None
    last = int(found[s.WEEK].max())  # type: ignore[arg-type]  # of integers it is one
    known: dict[int, float] = {}
    came: dict[int, float] = {}
    for first, gap, customers in found.select(s.WEEK, _TOTAL, _BIN).rows():
        until = min(first + KNOWN_WEEKS, last if gap is None else first + gap)
        for each in range(first + 1, until + 1):
            known[each] = known.get(each, 0.0) + customers
        if gap is not None and gap <= KNOWN_WEEKS:
            came[first + gap] = came.get(first + gap, 0.0) + customers
    weeks = sorted(week for week in known if week >= known_since)
    entries = [
        (week, place, value)
        for week in weeks
        for place, value in enumerate((known[week] - came.get(week, 0.0), came.get(week, 0.0)))
    ]
    return _column(ORDERED, CATEGORY, ("no", "yes"), entries)


def weekly(column: Column, weeks: Iterable[int]) -> NDArray[np.float64]:
    """The column's weights in these weeks, nothing in those that it does not have: (weeks, bins)."""
    rows: Mapping[int, int] = {week: n for n, week in enumerate(column.weeks)}
    nothing = np.zeros(len(column.bins))
    return np.array([column.weights[rows[week]] if week in rows else nothing for week in weeks])


def _column(name: str, kind: str, bins: tuple[str, ...], entries: Iterable[tuple[int, int, float]]) -> Column:
    listed = list(entries)
    weeks = tuple(sorted({int(week) for week, *_ in listed}))
    rows = {week: n for n, week in enumerate(weeks)}
    weights = np.zeros((len(weeks), len(bins)))
    for week, place, weight in listed:
        weights[rows[int(week)], place] += weight
    return Column(name, kind, bins, weeks, weights)


def _log(value: nw.Expr) -> nw.Expr:
    return steady(value.cast(nw.Float64).log(), bits=DECAY_BITS)


def _mean(name: str) -> nw.Expr:
    return ratio(steady_sum(nw.col(name), bits=DECAY_BITS), nw.col(name).count().cast(nw.Float64))
