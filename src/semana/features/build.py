"""The features of pairs before a week: the one road for training, the weekly run and live scoring."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import before as known_before
from semana.data.weeks import Week
from semana.features.frequency import FREQUENCY, add_frequency
from semana.features.popularity import POPULARITY, add_popularity
from semana.features.quantity import QUANTITY, add_quantity
from semana.features.recency import RECENCY, add_recency
from semana.features.tables import Tables
from semana.params import Params

# What a model may use, in this order. Ids and dates are not among them: renaming customers changes nothing.
FEATURES: tuple[str, ...] = (*FREQUENCY, *RECENCY, *POPULARITY, *QUANTITY)
# What people are told of a pair; the usual gap is a feature too.
FACTS: tuple[str, ...] = (s.LAST_BOUGHT, s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.USUAL_AMOUNT)


def build_features(pairs: nw.LazyFrame[Any], tables: Tables, *, before: Week, params: Params) -> nw.LazyFrame[Any]:
    """The pairs with FEATURES (float32; null where there is nothing to tell from) and FACTS, as known before the week.

    `pairs` may be any: a run's candidates, or one customer's; a pair's row is the same in each. Nothing from
    week `before` on can reach a feature.
    """
    history = known_before(tables.purchases, before)
    decay = params.models.decay
    rows = add_frequency(pairs, history, before=before, decay=decay)
    rows = add_recency(rows, history, before=before)
    rows = add_popularity(rows, history, before=before, decay=decay, weeks=params.candidates.explore_weeks)
    rows = add_quantity(rows, history)
    return rows.with_columns(*(nw.col(name).cast(nw.Float32) for name in FEATURES))
