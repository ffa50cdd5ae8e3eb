"""How much: the usual quantity and amount of a purchase, and how often some of it comes back."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought
from semana.features.sums import QUANTITY_BITS, steady_sum

QUANTITY = (s.RETURNED_WEEKS,)
_COUNT = "weeks_counted"
_PRICED = "weeks_priced"


def add_quantity(pairs: nw.LazyFrame[Any], history: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The pairs with the mean quantity and amount of a week of purchase, and the weeks in which something came back.

    Quantities are in the product's own unit. A pair never bought has those of the product's usual buyer, so that an
    expected quantity can be told for it; null only where nobody bought the product, or the source has no amounts.
    """
    of_pair = _usual(history, *s.PAIR)
    of_product = _usual(history, s.PRODUCT_ID).rename({name: f"product_{name}" for name in _FACTS})
    returned = (
        history.filter(nw.col(s.RETURNED) > 0).group_by(*s.PAIR).agg(nw.len().cast(nw.Float64).alias(s.RETURNED_WEEKS))
    )
    joined = (
        pairs.join(of_pair, on=s.PAIR, how="left")
        .join(of_product, on=s.PRODUCT_ID, how="left")
        .join(returned, on=s.PAIR, how="left")
    )
    return joined.with_columns(
        *(nw.coalesce(name, f"product_{name}").alias(name) for name in _FACTS),
        nw.col(s.RETURNED_WEEKS).fill_null(0.0),
    ).drop(*(f"product_{name}" for name in _FACTS))


_FACTS = (s.USUAL_QUANTITY, s.USUAL_AMOUNT)


def _usual(history: nw.LazyFrame[Any], *key: str) -> nw.LazyFrame[Any]:
    amount = nw.col(s.AMOUNT).cast(nw.Float64)
    sums = (
        bought(history)
        .group_by(*key)
        .agg(
            steady_sum(nw.col(s.QUANTITY), bits=QUANTITY_BITS).alias(s.USUAL_QUANTITY),
            steady_sum(amount, bits=QUANTITY_BITS).alias(s.USUAL_AMOUNT),
            nw.len().alias(_COUNT),
            (~amount.is_null()).cast(nw.Int64).sum().alias(_PRICED),
        )
    )
    usual_amount = nw.when(nw.col(_PRICED) > 0).then(nw.col(s.USUAL_AMOUNT) / nw.col(_PRICED))
    return sums.select(
        *key, (nw.col(s.USUAL_QUANTITY) / nw.col(_COUNT)).alias(s.USUAL_QUANTITY), usual_amount.alias(s.USUAL_AMOUNT)
    )
