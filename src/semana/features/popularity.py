"""How many customers buy the product, whether more or fewer lately, and whether those who try it come back."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.sums import DECAY_BITS, decayed, halving, ratio, steady_sum

POPULARITY = (
    s.POPULARITY,
    s.PRODUCT_DECAYED_CUSTOMERS,
    *s.PRODUCT_BY_HALF_LIFE.values(),
    s.PRODUCT_LAST_WEEK,
    s.PRODUCT_TREND,
    s.PRODUCT_SLOW_TREND,
    s.PRODUCT_NEW_SHARE,
    s.PRODUCT_AGAIN_NEXT_WEEK,
    s.PRODUCT_AGAIN,
    s.PRODUCT_WEEKS_PER_BUYER,
    s.PRODUCT_GAP,
    s.PRODUCT_WEEKS,
    s.PRODUCT_WEEKS_SINCE,
)
_BUYERS = "buyers"
_CUSTOMERS = "customers"
_WEEKS = "weeks_counted"
_FADED = "purchases_fading"
_FIRST = "first"
_LAST = "last"
_QUARTER, _HALF_YEAR = 13, 26
_NEW_SHARE_WEEKS = 8


def popularities(history: Frame, *, before: Week, decay: float, weeks: int) -> Frame:
    """One row per product ever bought: the share of customers who bought it in the last `weeks` weeks, of all who did.

    Beside it: the customers a week that buy it, older weeks counting less, the trend (what a short half-life says of
    what a long one says), the share of purchases that are somebody's first, the share of purchases (last quarter) that
    were repeated in the very next week, the share of buyers (half a year) who bought again and in how many weeks, and
    the mean gap of its pairs (weeks). Null where there is nothing to tell from.
    """
    lately = bought(history).filter(nw.col(s.WEEK) >= before.index - weeks)
    buyers = lately.group_by(s.PRODUCT_ID).agg(nw.col(s.CUSTOMER_ID).n_unique().alias(_BUYERS))
    customers = lately.select(nw.col(s.CUSTOMER_ID).n_unique().alias(_CUSTOMERS))
    share = (nw.col(_BUYERS) / nw.col(_CUSTOMERS)).cast(nw.Float64).alias(s.POPULARITY)
    shares = buyers.join(customers, how="cross").select(s.PRODUCT_ID, share)
    weight = decayed(nw.col(s.WEEK), latest=before.index - 1, decay=decay)

    def _fading(half_life: int) -> nw.Expr:
        return halving(nw.col(s.WEEK), latest=before.index - 1, weeks=half_life)

    first = nw.when(nw.col(s.GAP).is_null()).then(_fading(_NEW_SHARE_WEEKS)).otherwise(nw.lit(0.0))
    followed = nw.col(s.WEEK).is_between(before.index - _QUARTER, before.index - 2)
    follows = (nw.col(s.WEEK) > before.index - _QUARTER) & (nw.col(s.GAP) == 1)
    counts = (
        bought(history)
        .group_by(s.PRODUCT_ID)
        .agg(
            ((1 - decay) * steady_sum(weight, bits=DECAY_BITS)).alias(s.PRODUCT_DECAYED_CUSTOMERS),
            *(
                ((1 - 0.5 ** (1 / half_life)) * steady_sum(_fading(half_life), bits=DECAY_BITS)).alias(name)
                for half_life, name in s.PRODUCT_BY_HALF_LIFE.items()
            ),
            (nw.col(s.WEEK) == before.index - 1).cast(nw.Float64).sum().alias(s.PRODUCT_LAST_WEEK),
            steady_sum(first, bits=DECAY_BITS).alias(s.PRODUCT_NEW_SHARE),
            steady_sum(_fading(_NEW_SHARE_WEEKS), bits=DECAY_BITS).alias(_FADED),
            follows.cast(nw.Int64).sum().alias(s.PRODUCT_AGAIN_NEXT_WEEK),
            followed.cast(nw.Int64).sum().alias(_WEEKS),
            nw.col(s.GAP).cast(nw.Float64).mean().alias(s.PRODUCT_GAP),
            nw.col(s.WEEK).min().alias(_FIRST),
            nw.col(s.WEEK).max().alias(_LAST),
        )
    )
    short, long = s.PRODUCT_BY_HALF_LIFE[1], s.PRODUCT_BY_HALF_LIFE[8]
    counts = counts.with_columns(
        ratio(nw.col(short), nw.col(long)).alias(s.PRODUCT_TREND),
        ratio(nw.col(s.PRODUCT_BY_HALF_LIFE[2]), nw.col(s.PRODUCT_BY_HALF_LIFE[16])).alias(s.PRODUCT_SLOW_TREND),
        ratio(nw.col(s.PRODUCT_NEW_SHARE), nw.col(_FADED)).alias(s.PRODUCT_NEW_SHARE),
        nw.when(nw.col(_WEEKS) > 0)
        .then(nw.col(s.PRODUCT_AGAIN_NEXT_WEEK) / nw.col(_WEEKS))
        .alias(s.PRODUCT_AGAIN_NEXT_WEEK),
        (before.index - nw.col(_FIRST)).cast(nw.Float64).alias(s.PRODUCT_WEEKS),
        (before.index - nw.col(_LAST)).cast(nw.Float64).alias(s.PRODUCT_WEEKS_SINCE),
    ).drop(_WEEKS, _FADED, _FIRST, _LAST)
    again = (
        bought(history)
        .filter(nw.col(s.WEEK) >= before.index - _HALF_YEAR)
        .group_by(*s.PAIR)
        .agg(nw.len().cast(nw.Int64).alias(_WEEKS))
        .group_by(s.PRODUCT_ID)
        .agg(
            (nw.col(_WEEKS) > 1).cast(nw.Float64).mean().alias(s.PRODUCT_AGAIN),
            nw.col(_WEEKS).cast(nw.Float64).mean().alias(s.PRODUCT_WEEKS_PER_BUYER),
        )
    )
    return counts.join(shares, on=s.PRODUCT_ID, how="left").join(again, on=s.PRODUCT_ID, how="left")


def add_popularity(pairs: Frame, products: Frame) -> Frame:
    """The pairs with what `popularities` tells of their product; zeros of customers for one that nobody bought."""
    joined = pairs.join(products.select(s.PRODUCT_ID, *POPULARITY), on=s.PRODUCT_ID, how="left")
    zero_if_none = (s.POPULARITY, s.PRODUCT_DECAYED_CUSTOMERS, *s.PRODUCT_BY_HALF_LIFE.values(), s.PRODUCT_LAST_WEEK)
    return joined.with_columns(*(nw.col(name).fill_null(0.0) for name in zero_if_none))
