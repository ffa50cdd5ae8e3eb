"""The one road to features: training, batch and live scoring all come this way."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import before as purchased_before
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.customers import customer_history
from semana.features.pairs import pair_history
from semana.features.popularity import product_popularity
from semana.params import Params

# What models read, in order; the facts beside them (last_bought, usual_*) are for people.
FEATURES = (
    s.REPEAT,
    "decayed_weeks",
    "weeks_of_last_4",
    "weeks_bought",
    "weeks_since_last",
    "customer_weeks",
    "popularity",
)
_COUNTS = ("decayed_weeks", "weeks_of_last_4", "weeks_bought", "customer_weeks", "popularity")
NEVER = 999.0


def build_features(
    pairs: nw.LazyFrame[Any], purchases: nw.LazyFrame[Any], *, before: Week, params: Params
) -> nw.LazyFrame[Any]:
    """The pairs with their FEATURES (Float64) and facts, from what was known before the week and nothing else.

    Counts of what never happened are 0, `weeks_since_last` of a pair never bought is 999.
    """
    history = bought(purchased_before(purchases, before))
    decay = params.models.decay
    rows = (
        pairs.join(pair_history(history, before=before, decay=decay), on=s.PAIR, how="left")
        .join(customer_history(history, before=before, decay=decay), on=s.CUSTOMER_ID, how="left")
        .join(product_popularity(history, before=before), on=s.PRODUCT_ID, how="left")
    )
    return rows.with_columns(
        *(nw.col(name).cast(nw.Float64).fill_null(0.0).round(9) for name in _COUNTS),
        nw.col("weeks_since_last").cast(nw.Float64).fill_null(NEVER),
        *(nw.col(name).cast(nw.Float64).round(6) for name in (s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.USUAL_AMOUNT)),
    )
