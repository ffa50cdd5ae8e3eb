"""When the customer orders, how much at a time, and how readily something new."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.recency import since
from semana.features.sums import DECAY_BITS, halving, ratio, steady_sum

RHYTHM = (
    *s.CUSTOMER_BY_HALF_LIFE.values(),
    *s.SHARE_BY_HALF_LIFE.values(),
    *s.CUSTOMER_PRODUCTS_AGO.values(),
    *s.CUSTOMER_PRODUCTS_BY_HALF_LIFE.values(),
    s.CUSTOMER_PRODUCTS_SPREAD,
    s.CUSTOMER_NEW_SHARE,
    s.CUSTOMER_WEEKS_SINCE,
    s.CUSTOMER_DAYS_SINCE,
    s.CUSTOMER_WEEKS,
    s.CUSTOMER_ORDER_SHARE,
    s.CUSTOMER_GAP,
    s.CUSTOMER_GAPS_SINCE,
)
_COUNT = "bought_in_week"
_NEW = "new_in_week"
_NEW_SHARE_WEEKS = 8  # the half-life of the share of what is new
_FIRST, _LAST, _ACTIVE, _SUM, _SQUARES, _DAY = ("first", "last", "active", "sum", "squares", "day")


def add_rhythm(pairs: Frame, history: Frame, *, before: Week) -> Frame:
    """The pairs with the customer's weeks of ordering (at several half-lives), gaps between them, and basket sizes.

    The order share is the share of weeks with an order since the customer's first one: the chance of an order at all.
    The new share is of purchases of something never bought before. What needs an order is null without one. The pair
    also gets its share of the customer's decayed weeks of ordering, at the same half-lives: 1 is "in every order".
    """

    def _fading(weeks: int) -> nw.Expr:
        return halving(nw.col(s.WEEK), latest=before.index - 1, weeks=weeks)

    purchases = bought(history)
    weeks = purchases.group_by(s.CUSTOMER_ID, s.WEEK).agg(
        nw.len().cast(nw.Int64).alias(_COUNT),
        nw.col(s.GAP).is_null().cast(nw.Int64).sum().alias(_NEW),
        nw.col(s.LAST_DATE).max().alias(_DAY),
    )
    of_customer = weeks.group_by(s.CUSTOMER_ID).agg(
        nw.col(s.WEEK).min().alias(_FIRST),
        nw.col(s.WEEK).max().alias(_LAST),
        nw.col(_DAY).max().alias(_DAY),
        nw.len().cast(nw.Int64).alias(_ACTIVE),
        nw.col(_COUNT).sum().alias(_SUM),
        (nw.col(_COUNT) * nw.col(_COUNT)).sum().alias(_SQUARES),
        *(steady_sum(_fading(weeks), bits=DECAY_BITS).alias(name) for weeks, name in s.CUSTOMER_BY_HALF_LIFE.items()),
        *(
            steady_sum(_fading(weeks) * nw.col(_COUNT), bits=DECAY_BITS).alias(name)
            for weeks, name in s.CUSTOMER_PRODUCTS_BY_HALF_LIFE.items()
        ),
        *(
            nw.when(nw.col(s.WEEK) == before.index - weeks).then(nw.col(_COUNT)).sum().cast(nw.Float64).alias(name)
            for weeks, name in s.CUSTOMER_PRODUCTS_AGO.items()
        ),
        steady_sum(_fading(_NEW_SHARE_WEEKS) * nw.col(_NEW), bits=DECAY_BITS).alias(_NEW),
        steady_sum(_fading(_NEW_SHARE_WEEKS) * nw.col(_COUNT), bits=DECAY_BITS).alias(_COUNT),
    )
    mean = nw.col(_SUM) / nw.col(_ACTIVE)
    gap = (nw.col(_LAST) - nw.col(_FIRST)).cast(nw.Float64) / (nw.col(_ACTIVE) - 1)
    of_customer = of_customer.with_columns(
        *(
            ratio(nw.col(name), nw.col(s.CUSTOMER_BY_HALF_LIFE[weeks])).alias(name)
            for weeks, name in s.CUSTOMER_PRODUCTS_BY_HALF_LIFE.items()
        ),
        ratio(nw.col(_NEW), nw.col(_COUNT)).alias(s.CUSTOMER_NEW_SHARE),
        (nw.col(_SQUARES) / nw.col(_ACTIVE) - mean * mean)
        .clip(lower_bound=0.0)
        .sqrt()
        .alias(s.CUSTOMER_PRODUCTS_SPREAD),
        (before.index - nw.col(_LAST)).cast(nw.Float64).alias(s.CUSTOMER_WEEKS_SINCE),
        since(_DAY, nw.col(_LAST), before=before).alias(s.CUSTOMER_DAYS_SINCE),
        (before.index - nw.col(_FIRST)).cast(nw.Float64).alias(s.CUSTOMER_WEEKS),
        (nw.col(_ACTIVE) / (before.index - nw.col(_FIRST))).cast(nw.Float64).alias(s.CUSTOMER_ORDER_SHARE),
        nw.when(nw.col(_ACTIVE) > 1).then(gap).alias(s.CUSTOMER_GAP),
    ).with_columns((nw.col(s.CUSTOMER_WEEKS_SINCE) / nw.col(s.CUSTOMER_GAP)).alias(s.CUSTOMER_GAPS_SINCE))
    own = [name for name in RHYTHM if name not in s.SHARE_BY_HALF_LIFE.values()]
    joined = pairs.join(of_customer.select(s.CUSTOMER_ID, *own), on=s.CUSTOMER_ID, how="left")
    return joined.with_columns(
        *(
            ratio(nw.col(s.WEEKS_BY_HALF_LIFE[weeks]), nw.col(s.CUSTOMER_BY_HALF_LIFE[weeks])).alias(name)
            for weeks, name in s.SHARE_BY_HALF_LIFE.items()
        )
    )
