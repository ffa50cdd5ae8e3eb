"""Pairs scored now: by the model of a list, at the level of its week, from rows that the batch's own road made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.evaluation.decision import kind_of
from semana.features.build import FACTS
from semana.models.base import rows_from
from semana.models.scorer import Scorer

_REASONED = 5  # of a customer's best pairs have reasons though they are not listed


def scored_rows(
    rows: pl.DataFrame, scorer: Scorer, *, overdue_gaps: float, top: int, most: int | None = None, cut: float = 0.0
) -> list[dict[str, Any]]:
    """For each row of `build_features` its ids, chance, kind, facts and `top` reasons (0: none), as plain values.

    With `most` only so many, the likeliest first, equal ones by their product; reasons as for a list, for
    what reaches the `cut` and the best few.
    """
    seen = rows_from(rows, scorer.recipe.features)
    chance = scorer.probabilities(seen)
    if most is not None:
        best = np.lexsort((rows[s.PRODUCT_ID].rank("ordinal").to_numpy(), -chance))[:most]
        rows, chance, seen = rows[best], chance[best], replace(seen, values=seen.values[best])
    days, gap = (rows[name].to_numpy() for name in (s.DAYS_SINCE, s.USUAL_GAP_DAYS))
    told = rows.select(
        *s.PAIR,
        pl.Series(s.PROBABILITY, chance),
        kind_of(seen.repeat, days, gap, overdue_gaps=overdue_gaps),
        *(pl.col(name) for name in FACTS if name != s.LAST_BOUGHT),
        pl.col(s.LAST_BOUGHT).dt.to_string("iso"),
    )
    looked_at = (chance >= cut) | (np.arange(len(chance)) < _REASONED)
    reasons = scorer.reasons(seen, top=top, among=looked_at).to_list() if top else [[]] * rows.height
    return [{**row, s.REASONS: why} for row, why in zip(told.to_dicts(), reasons, strict=True)]
