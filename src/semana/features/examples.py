"""What a model learns from and is judged by: a past week's candidates, their features, and what was then bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import narwhals as nw

from semana.data import schemas as s
from semana.data.draws import DRAWS
from semana.data.frames import Frame
from semana.data.purchases import bought, during
from semana.data.weeks import Week
from semana.features.candidates import candidate_pairs
from semana.features.tables import Tables
from semana.params import Params

_OF_PRODUCT = "draw_of_product"
# Moves the drawing on every week by the golden section of DRAWS: then every pair is drawn about as often as every
# other (3 to 6 times in 14 weeks where the share is .3), and none is left out of all of them.
_STEP = 648_055


class Share(NamedTuple):
    """How much of a label week is learned from: of the pairs of the share `customers`, those bought and `others`."""

    others: float = 1.0
    customers: float = 1.0


ALL = Share()


@dataclass(frozen=True)
class Sample:
    """Draws customers, and some of their pairs, by the fixed `draw` of each id (columns id and draw).

    Of the pairs that the customers bought all are in it, if it `keeps_bought`.
    """

    share: Share
    customers: Frame
    products: Frame
    keeps_bought: bool = True

    def drawn(self, week: Week) -> Frame:
        """The customers of a label week, with draws that are spread over all numbers again.

        As they were they would lie in the first part of them, and with a product's draw say nothing new of a pair.
        """
        most = max(1, round(self.share.customers * DRAWS))
        place = (nw.col(s.DRAW) + week.index * _STEP % DRAWS) % DRAWS
        some = self.customers.with_columns(place.alias(s.DRAW)).filter(nw.col(s.DRAW) < most)
        spread = (nw.col(s.DRAW).cast(nw.Float64) * (DRAWS / most)).floor().cast(nw.Int64)
        return some.with_columns(spread.alias(s.DRAW))


def example_pairs(
    tables: Tables,
    *,
    week: Week,
    params: Params,
    sample: Sample | None = None,
    popular: Frame | None = None,
) -> Frame:
    """One row per candidate pair of `week`: `repeat`, `bought` (in the week), weight and week; no features yet.

    With a `sample` they are drawn before any feature is made, and weigh as much as all pairs of its customers that they
    stand for.

    `tables` are those of that week. It must be a complete one, for a partial week is no label: its caller chooses it
    among those. With the `popular` products told apart, they need hold only what belongs to the drawn customers.
    """
    pairs = candidate_pairs(tables, before=week, params=params.candidates, popular=popular)
    truth = bought(during(tables.purchases, week)).select(*s.PAIR, nw.lit(value=True).alias(s.BOUGHT))
    labelled = pairs.join(truth, on=s.PAIR, how="left").with_columns(
        nw.col(s.BOUGHT).fill_null(value=False),
        nw.lit(1.0).alias(s.WEIGHT),
        nw.lit(week.index).cast(nw.Int32).alias(s.WEEK),
    )
    return labelled if sample is None else drawn(labelled, sample, week=week)


def drawn(pairs: Frame, sample: Sample, *, week: Week) -> Frame:
    """Those of the example pairs of a week that the sample holds, with their weights."""
    products = sample.products.rename({s.DRAW: _OF_PRODUCT})
    place = (nw.col(s.DRAW) + nw.col(_OF_PRODUCT)) % DRAWS
    certain = nw.col(s.BOUGHT) & nw.lit(sample.keeps_bought)
    some = (
        pairs.join(sample.drawn(week), on=s.CUSTOMER_ID, how="inner")
        .join(products, on=s.PRODUCT_ID, how="inner")
        .filter(certain | (place < round(sample.share.others * DRAWS)))
    )
    weight = nw.when(certain).then(nw.lit(1.0)).otherwise(nw.lit(1.0 / sample.share.others))
    return some.with_columns(weight.alias(s.WEIGHT)).drop(s.DRAW, _OF_PRODUCT)
