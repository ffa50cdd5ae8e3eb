"""How often: the pair's weeks, and the customer's."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.sums import DECAY_BITS, decayed, halving, steady_sum

FREQUENCY = (
    s.WEEKS_BOUGHT,
    s.DECAYED_WEEKS,
    *s.WEEKS_BY_HALF_LIFE.values(),
    *s.WEEKS_OF_LAST.values(),
    s.SHARE_OF_WEEKS,
    s.SHARE_OF_ACTIVE_WEEKS,
    s.CUSTOMER_DECAYED_WEEKS,
    s.CUSTOMER_PRODUCTS,
)
_FIRST = "first_week"
_ACTIVE = "active_weeks"
_ROWS = "purchases_made"


def add_frequency(pairs: Frame, history: Frame, own: Frame, *, before: Week, decay: float) -> Frame:
    """The pairs with, in weeks: how many it was bought in, the same with older ones counting less, of the last few.

    Shares are of the weeks since the customer's first purchase, and of the weeks in which the customer bought anything.
    A pair never bought has zeros.
    """
    weight = decayed(nw.col(s.WEEK), latest=before.index - 1, decay=decay)
    of_pair = own.group_by(*s.PAIR).agg(
        nw.len().alias(s.WEEKS_BOUGHT),
        steady_sum(weight, bits=DECAY_BITS).alias(s.DECAYED_WEEKS),
        *(
            steady_sum(halving(nw.col(s.WEEK), latest=before.index - 1, weeks=weeks), bits=DECAY_BITS).alias(name)
            for weeks, name in s.WEEKS_BY_HALF_LIFE.items()
        ),
        *(
            (nw.col(s.WEEK) >= before.index - weeks).cast(nw.Int64).sum().alias(name)
            for weeks, name in s.WEEKS_OF_LAST.items()
        ),
    )
    weeks = bought(history).group_by(s.CUSTOMER_ID, s.WEEK).agg(nw.len().alias(_ROWS))
    of_customer = weeks.group_by(s.CUSTOMER_ID).agg(
        nw.col(s.WEEK).min().alias(_FIRST),
        nw.len().alias(_ACTIVE),
        steady_sum(weight, bits=DECAY_BITS).alias(s.CUSTOMER_DECAYED_WEEKS),
        nw.col(_ROWS).sum().alias(_ROWS),
    )
    counts = (s.WEEKS_BOUGHT, s.DECAYED_WEEKS, *s.WEEKS_BY_HALF_LIFE.values(), *s.WEEKS_OF_LAST.values())
    joined = pairs.join(of_pair, on=s.PAIR, how="left").join(of_customer, on=s.CUSTOMER_ID, how="left")
    return (
        joined.with_columns(
            *(nw.col(name).cast(nw.Float64).fill_null(0.0) for name in (*counts, s.CUSTOMER_DECAYED_WEEKS))
        )
        .with_columns(
            (nw.col(s.WEEKS_BOUGHT) / (before.index - nw.col(_FIRST))).fill_null(0.0).alias(s.SHARE_OF_WEEKS),
            (nw.col(s.WEEKS_BOUGHT) / nw.col(_ACTIVE)).fill_null(0.0).alias(s.SHARE_OF_ACTIVE_WEEKS),
            (nw.col(_ROWS) / nw.col(_ACTIVE)).fill_null(0.0).alias(s.CUSTOMER_PRODUCTS),
        )
        .drop(_FIRST, _ACTIVE, _ROWS)
    )
