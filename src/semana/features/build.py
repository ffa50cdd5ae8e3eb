"""The features of pairs before a week: the one road for training, the weekly run and live scoring."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import before as known_before
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.affinity import AFFINITY, affinities
from semana.features.calendar import CALENDAR, add_calendar
from semana.features.frequency import FREQUENCY, add_frequency
from semana.features.popularity import POPULARITY, add_popularity
from semana.features.quantity import QUANTITY, add_quantity
from semana.features.recency import LATEST, RECENCY, add_recency
from semana.features.rhythm import RHYTHM, add_rhythm
from semana.features.season import SEASON, add_season
from semana.features.streaks import STREAKS, add_streaks
from semana.features.tables import Tables
from semana.features.together import TOGETHER, add_together
from semana.params import Params

# What a model may use, in this order. Ids and dates are not among them: renaming customers changes nothing.
FEATURES: tuple[str, ...] = (
    *FREQUENCY,
    *RECENCY,
    *STREAKS,
    *RHYTHM,
    *POPULARITY,
    *QUANTITY,
    *TOGETHER,
    *AFFINITY,
    *SEASON,
    *CALENDAR,
)
# What people are told of a pair; the usual gap is a feature too.
FACTS: tuple[str, ...] = (s.LAST_BOUGHT, s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.USUAL_AMOUNT)


def build_features(pairs: nw.LazyFrame[Any], tables: Tables, *, before: Week, params: Params) -> nw.LazyFrame[Any]:
    """The pairs with FEATURES (float32; null where there is nothing to tell from) and FACTS, as known before the week.

    `pairs` may be any: a run's candidates, or one customer's; a pair's row is the same in each. Nothing from
    week `before` on can reach a feature.
    """
    history = known_before(tables.purchases, before)
    own = _own_purchases(pairs, history)
    decay = params.models.decay
    rows = add_frequency(pairs, history, own, before=before, decay=decay)
    rows = add_recency(rows, own, before=before)
    rows = add_streaks(rows, history, own, before=before)
    rows = add_rhythm(rows, history, before=before)
    rows = add_popularity(rows, history, before=before, decay=decay, weeks=params.candidates.explore_weeks)
    rows = add_quantity(rows, history, own, before=before)
    rows = add_together(rows, tables.fits)
    rows = rows.join(affinities(pairs.select(*s.PAIR), history, tables, before=before), on=s.PAIR, how="left")
    rows = add_season(rows, history, before=before)
    rows = add_calendar(rows, history, tables.calendar, before=before)
    return rows.with_columns(*(nw.col(name).cast(nw.Float32) for name in FEATURES))


def _own_purchases(pairs: nw.LazyFrame[Any], history: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The purchases of these pairs, and which is each pair's latest."""
    own = bought(history).join(pairs.select(*s.PAIR), on=s.PAIR, how="semi")
    return own.with_columns((nw.col(s.WEEK) == nw.col(s.WEEK).max().over(*s.PAIR)).alias(LATEST))
