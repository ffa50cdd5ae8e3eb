"""What a model learns from and is judged by: a past week's candidates, their features, and what was then bought."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought, during
from semana.data.weeks import Week
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.features.tables import Tables
from semana.params import Params


def example_rows(tables: Tables, *, week: Week, params: Params) -> nw.LazyFrame[Any]:
    """One row per candidate pair of `week`: features as known before it, `bought` (in the week) and the week.

    `tables` are those of that week. It must be a complete one, for a partial week is no label: its caller chooses it
    among those.
    """
    pairs = candidate_pairs(tables, before=week, params=params.candidates)
    truth = bought(during(tables.purchases, week)).select(*s.PAIR, nw.lit(value=True).alias(s.BOUGHT))
    rows = build_features(pairs, tables, before=week, params=params)
    return rows.join(truth, on=s.PAIR, how="left").with_columns(
        nw.col(s.BOUGHT).fill_null(value=False), nw.lit(week.index).cast(nw.Int32).alias(s.WEEK)
    )
