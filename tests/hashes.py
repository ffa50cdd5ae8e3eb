"""Run as a program: the hashes of what is made from the irregular shop's purchases, in an order of one's choice."""

from __future__ import annotations

import hashlib
import json
import sys

import narwhals as nw
import numpy as np
import polars as pl

from semana.data.purchases import count_once, weekly_purchases
from semana.features.build import FEATURES, build_features
from semana.features.candidates import candidate_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from semana.models.base import Rows
from semana.models.boosting import Boosting
from tests import irregular
from tests.features.known import PARAMS


def features(seed: int) -> pl.DataFrame:
    """The features of the shop's candidates, its tables in an order drawn by the seed."""
    told, week = irregular.shop(5, text=True), irregular.FIRST + 55

    def _given(frame: pl.DataFrame) -> nw.LazyFrame:
        return nw.from_native(frame.sample(fraction=1, shuffle=True, seed=seed).lazy())

    lines = count_once(_given(told.lines))
    purchases = _given(weekly_purchases(lines).collect("polars").to_native())
    described = (_given(frame) for frame in (told.customers, told.products))
    tables = Tables(purchases, *described, fitting(purchases, before=week), _given(told.days_off))
    pairs = candidate_pairs(tables, before=week, params=PARAMS.candidates)
    rows = build_features(pairs, tables, before=week, params=PARAMS).collect("polars").to_native()
    return rows.sort("customer_id", "product_id")


def model() -> dict[str, bytes]:
    """Trees of the delivered size that learned from more rows than one thread takes at a time."""
    chance = np.random.default_rng(3)
    values = chance.normal(size=(40_000, len(FEATURES))).astype(np.float32)
    values[chance.random(values.shape) < 0.1] = np.nan
    bought = chance.random(len(values)) < 1 / (1 + np.exp(2 - np.nan_to_num(values[:, :5]).sum(axis=1)))
    weight = np.where(bought, 1.0, 1 / 0.3)
    constants = PARAMS.models.boosting.model_dump() | {"trees": 20, "models": 2}
    return Boosting(constants, seed=7).fit(Rows(FEATURES, values, bought, weight)).contents()


def hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    rows = features(int(sys.argv[1]))
    found = {name: hashed(content) for name, content in model().items()}
    found |= {name: hashed(str(rows[name].to_list()).encode()) for name in rows.columns}
    found |= {"bits": hashed(rows.select(FEATURES).to_numpy().tobytes())}
    print(json.dumps({"threads": pl.thread_pool_size(), "pairs": rows.height, **found}))
