"""Example rows: candidates of a past week with what was known before it, and whether they were bought in it."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought, during
from semana.data.weeks import Week
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.params import Params


def example_rows(
    purchases: nw.LazyFrame[Any], customers: nw.LazyFrame[Any], *, week: Week, params: Params
) -> nw.LazyFrame[Any]:
    """One row per candidate pair of the label week: features before it, `bought` in it, `week`.

    The caller chooses complete weeks: the zeros of a partial week would be no zeros.
    """
    pairs = candidate_pairs(purchases, customers, before=week, params=params.candidates)
    rows = build_features(pairs, purchases, before=week, params=params)
    truth = bought(during(purchases, week)).select(*s.PAIR, nw.lit(True).alias(s.BOUGHT))
    return rows.join(truth, on=s.PAIR, how="left").with_columns(
        nw.col(s.BOUGHT).fill_null(False), nw.lit(week.index).cast(nw.Int32).alias(s.WEEK)
    )
