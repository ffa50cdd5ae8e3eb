"""Purchases in a row, and counted in the customer's own orders instead of weeks."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week

STREAKS = (s.STREAK, s.ORDERS_SINCE, s.SHARE_OF_ORDERS)
_FIRST = "first"
_LAST = "last"
_ORDERS = "orders_of_customer"


def add_streaks(pairs: Frame, history: Frame, own: Frame, *, before: Week) -> Frame:
    """The pairs with the weeks in a row, up to the last one, in which it was bought, and its place among the orders.

    Orders since: weeks in which the customer bought something, but no longer this, after the last time; the share is
    of those since the first time. Null (a streak: 0) for a pair never bought.
    """
    running = nw.when(nw.col(s.WEEK) == before.index - 1).then(nw.col(s.IN_A_ROW))
    of_pair = own.group_by(*s.PAIR).agg(
        running.max().cast(nw.Float64).alias(s.STREAK),
        nw.col(s.ORDER_WEEK).min().alias(_FIRST),
        nw.col(s.ORDER_WEEK).max().alias(_LAST),
        nw.len().cast(nw.Float64).alias(s.SHARE_OF_ORDERS),
    )
    orders = bought(history).group_by(s.CUSTOMER_ID).agg(nw.col(s.ORDER_WEEK).max().alias(_ORDERS))
    counted = of_pair.join(orders, on=s.CUSTOMER_ID, how="inner").select(
        *s.PAIR,
        s.STREAK,
        (nw.col(_ORDERS) - nw.col(_LAST)).cast(nw.Float64).alias(s.ORDERS_SINCE),
        (nw.col(s.SHARE_OF_ORDERS) / (nw.col(_ORDERS) - nw.col(_FIRST) + 1)).alias(s.SHARE_OF_ORDERS),
    )
    return pairs.join(counted, on=s.PAIR, how="left").with_columns(nw.col(s.STREAK).fill_null(0.0))
