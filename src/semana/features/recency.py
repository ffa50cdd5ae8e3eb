"""How long ago, and how long between: the pair's last purchase against its own rhythm."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.weeks import Week
from semana.features.calendar import weekday

RECENCY = (
    s.WEEKS_SINCE,
    s.DAYS_SINCE,
    s.PAIR_WEEKS,
    s.USUAL_GAP_DAYS,
    s.GAPS_SINCE,
    s.LAST_GAP,
    s.LARGEST_GAP,
    s.GAP_SPREAD,
    s.PAST_RHYTHM,
)
LATEST = "latest"  # whether a purchase is its pair's last
_FIRST = "first_week"
_LAST = "last_week"
_COUNT = "weeks_counted"
_SQUARES = "squares"
_MEAN = "mean_gap"


def add_recency(pairs: Frame, own: Frame, *, before: Week) -> Frame:
    """The pairs with the time since the last purchase, the usual gap, its spread, and how far past it the pair is.

    Weeks since: 1 is last week; days since are counted to the Monday of `before`. The usual gap is the mean number of
    days from one week of purchase to the next, the other gaps are in weeks; past rhythm is (weeks since - mean gap) /
    (standard deviation of gaps + 1). All are null where there is no purchase (or no second one) to tell from. The
    date of the last purchase is for people, not for models.
    """
    of_pair = own.group_by(*s.PAIR).agg(
        nw.col(s.WEEK).min().alias(_FIRST),
        nw.col(s.WEEK).max().alias(_LAST),
        nw.len().alias(_COUNT),
        nw.col(s.LAST_DATE).max().alias(s.LAST_BOUGHT),
        nw.col(s.GAP).max().cast(nw.Float64).alias(s.LARGEST_GAP),
        (nw.col(s.GAP) * nw.col(s.GAP)).sum().cast(nw.Float64).alias(_SQUARES),
        nw.when(nw.col(LATEST)).then(nw.col(s.GAP)).max().cast(nw.Float64).alias(s.LAST_GAP),
    )
    several = nw.col(_COUNT) > 1
    mean = (nw.col(_LAST) - nw.col(_FIRST)).cast(nw.Float64) / (nw.col(_COUNT) - 1)
    of_pair = (
        of_pair.with_columns(
            since(s.LAST_BOUGHT, nw.col(_LAST), before=before).alias(s.DAYS_SINCE),
            (before.index - nw.col(_LAST)).cast(nw.Float64).alias(s.WEEKS_SINCE),
            (before.index - nw.col(_FIRST)).cast(nw.Float64).alias(s.PAIR_WEEKS),
            nw.when(several).then(mean).alias(_MEAN),
        )
        .with_columns(
            (7 * nw.col(_MEAN)).alias(s.USUAL_GAP_DAYS),
            (nw.col(s.WEEKS_SINCE) / nw.col(_MEAN)).alias(s.GAPS_SINCE),
            nw.when(several)
            .then(
                (nw.col(_SQUARES) / (nw.col(_COUNT) - 1) - nw.col(_MEAN) * nw.col(_MEAN)).clip(lower_bound=0.0).sqrt()
            )
            .alias(s.GAP_SPREAD),
        )
        .with_columns(((nw.col(s.WEEKS_SINCE) - nw.col(_MEAN)) / (nw.col(s.GAP_SPREAD) + 1)).alias(s.PAST_RHYTHM))
    )
    return pairs.join(of_pair.select(*s.PAIR, s.LAST_BOUGHT, *RECENCY), on=s.PAIR, how="left")


def since(day: str, week: nw.Expr, *, before: Week) -> nw.Expr:
    """Days from `day`, which lies in `week`, to the Monday of `before`."""
    return (7 * (before.index - week) - weekday(day) + 1).cast(nw.Float64)
