"""What a model learns from and is judged by: a past week's candidates, their features, and what was then bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.draws import DRAWS
from semana.data.purchases import bought, during
from semana.data.weeks import Week
from semana.features.candidates import candidate_pairs
from semana.features.tables import Tables
from semana.params import Params

_OF_PRODUCT = "draw_of_product"
# Moves the drawing on every week by the golden section of DRAWS: then every pair is drawn about as often as every
# other (3 to 6 times in 14 weeks where the share is .3), and none is left out of all of them.
_STEP = 648_055


@dataclass(frozen=True)
class Sample:
    """Draws about `share` of the pairs that were not bought, by the fixed `draw` of each id (columns id and draw)."""

    share: float
    customers: nw.LazyFrame[Any]
    products: nw.LazyFrame[Any]


def example_pairs(tables: Tables, *, week: Week, params: Params, sample: Sample | None = None) -> nw.LazyFrame[Any]:
    """One row per candidate pair of `week`: `repeat`, `bought` (in the week), weight and week; no features yet.

    With a `sample` those not bought are drawn before any feature is made, and weigh as much as all they stand for.

    `tables` are those of that week. It must be a complete one, for a partial week is no label: its caller chooses it
    among those.
    """
    pairs = candidate_pairs(tables, before=week, params=params.candidates)
    truth = bought(during(tables.purchases, week)).select(*s.PAIR, nw.lit(value=True).alias(s.BOUGHT))
    labelled = pairs.join(truth, on=s.PAIR, how="left").with_columns(
        nw.col(s.BOUGHT).fill_null(value=False),
        nw.lit(1.0).alias(s.WEIGHT),
        nw.lit(week.index).cast(nw.Int32).alias(s.WEEK),
    )
    return labelled if sample is None else _drawn(labelled, sample, week=week)


def _drawn(pairs: nw.LazyFrame[Any], sample: Sample, *, week: Week) -> nw.LazyFrame[Any]:
    products = sample.products.rename({s.DRAW: _OF_PRODUCT})
    place = (nw.col(s.DRAW) + nw.col(_OF_PRODUCT) + week.index * _STEP % DRAWS) % DRAWS
    drawn = (
        pairs.join(sample.customers, on=s.CUSTOMER_ID, how="inner")
        .join(products, on=s.PRODUCT_ID, how="inner")
        .filter(nw.col(s.BOUGHT) | (place < round(sample.share * DRAWS)))
    )
    weight = nw.when(nw.col(s.BOUGHT)).then(nw.lit(1.0)).otherwise(nw.lit(1.0 / sample.share))
    return drawn.with_columns(weight.alias(s.WEIGHT)).drop(s.DRAW, _OF_PRODUCT)
