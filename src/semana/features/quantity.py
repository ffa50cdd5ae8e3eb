"""How much: the usual quantity and amount of a purchase, how long it lasts, and how often some of it comes back."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.recency import LATEST
from semana.features.sums import QUANTITY_BITS, steady_sum

QUANTITY = (s.LAST_QUANTITY_RATIO, s.WEEKS_OF_SUPPLY, s.RETURNED_WEEKS)
_FACTS = (s.USUAL_QUANTITY, s.USUAL_AMOUNT)
OF_PRODUCT = tuple(f"product_{name}" for name in _FACTS)
_COUNT = "weeks_counted"
_PRICED = "weeks_priced"
_LAST = "last_quantity"
_FIRST_WEEK = "first_week"
_LAST_WEEK = "last_week"


def quantities(history: Frame) -> Frame:
    """One row per product ever bought: the mean quantity and amount of a customer's week of it (`OF_PRODUCT`)."""
    return _usual(bought(history), s.PRODUCT_ID).rename(dict(zip(_FACTS, OF_PRODUCT, strict=True)))


def add_quantity(
    pairs: Frame,
    history: Frame,
    own: Frame,
    products: Frame,
    *,
    before: Week,
) -> Frame:
    """The pairs with the mean quantity and amount of a week of purchase, and the weeks in which something came back.

    Quantities are in the product's own unit. A pair never bought has those of the product's usual buyer, so that an
    expected quantity can be told for it; null only where nobody bought the product, or the source has no amounts.
    Weeks of supply: how many weeks the last quantity lasts at the pair's mean rate since its first purchase, less the
    weeks since; below zero it should be used up. Null for a pair never bought.
    """
    of_pair = _usual(own, *s.PAIR)
    returned = (
        history.filter(nw.col(s.RETURNED) > 0).group_by(*s.PAIR).agg(nw.len().cast(nw.Float64).alias(s.RETURNED_WEEKS))
    )
    joined = (
        pairs.join(of_pair, on=s.PAIR, how="left")
        .join(products.select(s.PRODUCT_ID, *OF_PRODUCT), on=s.PRODUCT_ID, how="left")
        .join(returned, on=s.PAIR, how="left")
        .join(_supply(own, before=before), on=s.PAIR, how="left")
    )
    return joined.with_columns(
        (nw.col(_LAST) / nw.col(s.USUAL_QUANTITY)).alias(s.LAST_QUANTITY_RATIO),
        *(nw.coalesce(*names).alias(names[0]) for names in zip(_FACTS, OF_PRODUCT, strict=True)),
        nw.col(s.RETURNED_WEEKS).fill_null(0.0),
    ).drop(_LAST, *OF_PRODUCT)


def _usual(purchases: Frame, *key: str) -> Frame:
    amount = nw.col(s.AMOUNT).cast(nw.Float64)
    sums = purchases.group_by(*key).agg(
        steady_sum(nw.col(s.QUANTITY), bits=QUANTITY_BITS).alias(s.USUAL_QUANTITY),
        steady_sum(amount, bits=QUANTITY_BITS).alias(s.USUAL_AMOUNT),
        nw.len().alias(_COUNT),
        (~amount.is_null()).cast(nw.Int64).sum().alias(_PRICED),
    )
    usual_amount = nw.when(nw.col(_PRICED) > 0).then(nw.col(s.USUAL_AMOUNT) / nw.col(_PRICED))
    return sums.select(
        *key, (nw.col(s.USUAL_QUANTITY) / nw.col(_COUNT)).alias(s.USUAL_QUANTITY), usual_amount.alias(s.USUAL_AMOUNT)
    )


def _supply(own: Frame, *, before: Week) -> Frame:
    sums = own.group_by(*s.PAIR).agg(
        nw.when(nw.col(LATEST)).then(nw.col(s.QUANTITY)).max().alias(_LAST),
        steady_sum(nw.col(s.QUANTITY), bits=QUANTITY_BITS).alias(s.WEEKS_OF_SUPPLY),
        nw.col(s.WEEK).min().alias(_FIRST_WEEK),
        nw.col(s.WEEK).max().alias(_LAST_WEEK),
    )
    rate = nw.col(s.WEEKS_OF_SUPPLY) / (before.index - nw.col(_FIRST_WEEK))
    supply = nw.col(_LAST) / rate - (before.index - nw.col(_LAST_WEEK))
    return sums.select(*s.PAIR, _LAST, supply.alias(s.WEEKS_OF_SUPPLY))
