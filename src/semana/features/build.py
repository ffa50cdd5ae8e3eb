"""The features of pairs before a week: the one road for training, the weekly run and live scoring."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame, Settle
from semana.data.purchases import bought, counted_from
from semana.data.weeks import Week
from semana.features.affinity import AFFINITY, Segments, affinities, segments_of_all, tastes_of, tastes_of_all
from semana.features.calendar import CALENDAR, add_calendar, days_of_week
from semana.features.candidates import popular_products
from semana.features.frequency import FREQUENCY, add_frequency
from semana.features.popularity import POPULARITY, add_popularity, popularities
from semana.features.quantity import QUANTITY, add_quantity, quantities
from semana.features.recency import LATEST, RECENCY, add_recency
from semana.features.rhythm import RHYTHM, add_rhythm
from semana.features.season import SEASON, add_season, seasons
from semana.features.streaks import STREAKS, add_streaks
from semana.features.tables import Tables, history_of, not_forgotten
from semana.features.together import TOGETHER, add_together, fitting, neighbours
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


def as_it_is(frame: Frame) -> Frame:
    """The frame, not worked out: a `Settle` that settles nothing."""
    return frame


@dataclass(frozen=True)
class Shop:
    """What the whole shop tells of a week, whichever pairs are asked for.

    `products` has one row per product ever bought, `tastes` one per value of their attributes; `segments` tell of the
    customers' attributes; `week` is one row.
    """

    products: Frame
    tastes: Frame
    segments: Segments
    week: Frame

    def each(self, settle: Settle) -> Shop:
        """The same with every frame as `settle` makes it: worked out once, for many requests."""
        return Shop(
            settle(self.products),
            settle(self.tastes),
            Segments(*(settle(getattr(self.segments, each.name)) for each in fields(Segments))),
            settle(self.week),
        )


def shop_before(tables: Tables, *, before: Week, params: Params) -> Shop:
    """What the purchases of all customers before the week tell."""
    history = history_of(tables.purchases, before=before)
    decay, weeks = params.models.decay, params.candidates.explore_weeks
    products = popularities(history, before=before, decay=decay, weeks=weeks)
    for more in (quantities(history), seasons(history, before=before)):
        products = products.join(more, on=s.PRODUCT_ID, how="left")
    return Shop(
        products,
        tastes_of_all(history, tables, before=before),
        segments_of_all(history, tables, before=before),
        days_of_week(history, tables.calendar, before=before),
    )


@dataclass(frozen=True)
class Part:
    """Some customers of a shop: the `tables` hold what belongs to them, `whole` and `popular` tell of all others."""

    tables: Tables
    whole: Whole | None = None
    popular: Frame | None = None


class Whole:
    """What a week's shop tells of any part of its customers, worked out once for all of them by `settle`.

    The `fits` of its `tables` are not looked at.
    """

    def __init__(self, tables: Tables, *, before: Week, params: Params, settle: Settle = as_it_is) -> None:
        purchases = not_forgotten(tables.purchases, before=before)
        customers, products = settle(tables.customers), settle(tables.products)
        self._tables = replace(tables, purchases=purchases, customers=customers, products=products)
        self._before = before
        self._params = params
        self._settle = settle
        self._popular = settle(popular_products(tables.purchases, before=before, params=params.candidates))
        self._alike = settle(neighbours(tables.purchases, before=before))

    @cached_property
    def shop(self) -> Shop:
        """What features need beside; candidates do without."""
        return shop_before(self._tables, before=self._before, params=self._params).each(self._settle)

    def part(self, customers: Frame, *, settle: Settle = as_it_is, among: Settle = as_it_is) -> Part:
        """These customers (their ids): the rows of their pairs are those that they have in the whole.

        `among` narrows a table down to some rows, theirs among them: the others need not be read.
        """
        ids, tables = settle(customers.select(s.CUSTOMER_ID)), self._tables
        purchases, described = (
            settle(among(frame).join(ids, on=s.CUSTOMER_ID, how="semi"))
            for frame in (tables.purchases, tables.customers)
        )
        fits = settle(fitting(purchases, before=self._before, alike=self._alike))
        return Part(Tables(purchases, described, tables.products, fits, tables.calendar), self, self._popular)


def features_of(pairs: Frame, part: Part, *, before: Week, params: Params, settle: Settle) -> Frame:
    """The features of a part's pairs (`build_features`)."""
    shop, settled = part.whole.shop if part.whole else None, settle(pairs)
    return build_features(settled, part.tables, before=before, params=params, shop=shop, settle=settle)


def build_features(
    pairs: Frame,
    tables: Tables,
    *,
    before: Week,
    params: Params,
    shop: Shop | None = None,
    settle: Settle = as_it_is,
) -> Frame:
    """The pairs with FEATURES (float32; null where there is nothing to tell from) and FACTS, as known before the week.

    `pairs` may be any: a run's candidates, or one customer's; a pair's row is the same in each. Nothing from
    week `before` on can reach a feature. With the `shop` told apart, `tables` need hold only what belongs to the
    customers of these pairs, and all products.

    `settle` works a frame out that several features look at: an engine may else do so for each of them.
    """
    history = settle(counted_from(before, history_of(tables.purchases, before=before)))
    tables = replace(tables, purchases=history, calendar=counted_from(before, tables.calendar))
    now = Week(0)  # so a label week asks as every other does, and what Spark compiled for it serves again
    own = settle(_own_purchases(pairs, history))
    tastes = settle(tastes_of(history, tables, before=now))
    decay = params.models.decay
    shop = shop or shop_before(tables, before=now, params=params).each(settle)
    rows = add_frequency(pairs, history, own, before=now, decay=decay)
    rows = add_recency(rows, own, before=now)
    rows = add_streaks(rows, history, own, before=now)
    rows = add_rhythm(rows, history, before=now)
    rows = add_popularity(rows, shop.products)
    rows = add_quantity(rows, history, own, shop.products, before=now)
    rows = add_together(rows, tables.fits)
    liked = affinities(pairs.select(*s.PAIR), tables, tastes, shop.tastes, shop.segments)
    rows = rows.join(liked, on=s.PAIR, how="left")
    rows = add_season(rows, own, shop.products, before=now)
    rows = add_calendar(rows, history, tables.calendar, shop.week, before=now)
    return rows.with_columns(*(nw.col(name).cast(nw.Float32) for name in FEATURES))


def _own_purchases(pairs: Frame, history: Frame) -> Frame:
    """The purchases of these pairs, and which is each pair's latest."""
    own = bought(history).join(pairs.select(*s.PAIR), on=s.PAIR, how="semi")
    return own.with_columns((nw.col(s.WEEK) == nw.col(s.WEEK).max().over(*s.PAIR)).alias(LATEST))
