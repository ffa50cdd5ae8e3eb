"""Which weeks of a run may teach and judge, and their example rows."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame, Settle, Work, collected, counted
from semana.data.purchases import before as ordered_before
from semana.data.purchases import bought, during
from semana.data.sources import Source, holidays_of
from semana.data.weeks import Week
from semana.evaluation.backtest import Past
from semana.evaluation.experiment import held_out
from semana.evaluation.segments import buyers_before, customer_segments, segment_attribute
from semana.features.build import Part, Whole, as_it_is, features_of
from semana.features.examples import ALL, Sample, Share, drawn, example_pairs
from semana.models.level import Totals
from semana.pipeline.portions import Portions
from semana.stores.bundle import FORMAT
from semana.stores.home import Stores
from semana.stores.known import Known, attributes_of, tables_of
from semana.stores.runs import Run

_PER_CUSTOMER = 10  # of how many of a customer's pairs one is taken where few are asked for
_LARGE = 1_000_000  # pairs of a week from which on customers are drawn for that
_HELD = 150_000  # pairs of a week that is worked out, about, that are held for who asks for some of them
_QUIET = 10.0  # seconds between two lines that tell which week is worked out; a bar shows every one
_log = logging.getLogger(__name__)
_K = TypeVar("_K")
_V = TypeVar("_V")


def totals_of(run: Run, stores: Stores) -> Totals:
    """Purchases of every whole week before the target week, and the holidays of these weeks and of the target.

    A week that is complete with what came, but lacks trading days, is no label and no zero.
    """
    weeks = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("whole") & (pl.col(s.WEEK) < run.week.index))
    source = stores.landing.source
    coming = holidays_of(source, run.week.start, run.week.end) if source else {}
    return Totals(
        {Week(index): total for index, total in weeks.select(s.WEEK, "purchases").rows()},
        {Week(index): days for index, days in weeks.select(s.WEEK, "holidays").rows()} | {run.week: len(coming)},
    )


def attribute_of(run: Known, stores: Stores, week: Week) -> str | None:
    """The declared attribute of customers that they are told apart by."""
    customers = collected(attributes_of(run, stores, catalog.CUSTOMERS, before=week))
    return segment_attribute(customers, _declared(stores.landing.source, customers))


def _declared(source: Source | None, customers: pl.DataFrame) -> Sequence[str]:
    table = source.tables.customers if source else None
    if table is None:
        return ()
    texts = [name for name, kind in customers.schema.items() if kind == pl.String]
    return table.categorical or [name for name in texts if name not in (s.CUSTOMER_ID, s.LABEL, s.OWNER)]


class LabelWeeks:
    """The `Examples` of a run, from what was known before each week.

    Rows to learn from are held, those of the `keep` weeks asked for last (None: of all); so are some of the weeks that
    were worked out last, as many as judge a training, for who asks for some of them.
    """

    def __init__(self, run: Run, stores: Stores, *, keep: int | None = None) -> None:
        self._run = run
        self._stores = stores
        self._keep = keep
        self._rows: dict[tuple[Week, Share, bool], pl.DataFrame] = {}
        self._counts: dict[Week, int] = {}
        self._made, self._told = 0, time.monotonic()
        self._few: dict[Week, tuple[Share, pl.DataFrame]] = {}
        customers, products = (
            stores.lake.scan(dataset, run.week).select(dataset.key[0], s.DRAW)
            for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
        )
        self._sample = partial(Sample, customers=customers, products=products)

    def __call__(self, week: Week, *, share: Share = ALL) -> pl.DataFrame:
        """All of them, or about that share, those bought in full."""
        return self._held(week, share, keeps_bought=True)

    def count(self, week: Week) -> int:
        """How many there are; their features are not made for it."""
        if week not in self._counts:
            with self._stores.lake.engine.settling() as settle:
                self._counts[week] = self._portions(week, settle).count()
        return self._counts[week]

    def some(self, week: Week, most: int) -> pl.DataFrame:
        """About `most` of them, by the draws of their customer and product; all where there are no more."""
        pairs = max(1, self.count(week))
        asked = min(1.0, most / pairs)
        held, rows = self._few.get(week, (Share(0.0), pl.DataFrame()))
        if asked <= held.others:
            fewer = self._sample(Share(asked), keeps_bought=False)
            return collected(drawn(self._stores.lake.engine.frame(rows.lazy()), fewer, week=week)).sort(s.PAIR)
        customers = min(1.0, _PER_CUSTOMER * asked) if pairs > _LARGE else 1.0
        share = Share(asked / customers, customers)
        return self._held(week, share, keeps_bought=share == ALL)

    def mapped(self, week: Week, work: Work) -> pl.DataFrame:
        """What `work` makes of all of them where they are worked out, sorted by pair."""
        few: list[pl.DataFrame] = []
        share = Share()
        with self._stores.lake.engine.settling() as settle:
            portions = self._portions(week, settle)
            pairs = portions.count() if len(portions) > 1 else 0  # of one, what is made is counted

            def both(rows: Frame, settle: Settle) -> pl.DataFrame:
                nonlocal share
                made = settle(rows)
                share = Share(min(1.0, _HELD / max(1, pairs or counted(made))))
                sample = self._sample(share, keeps_bought=False)
                few.append(collected(drawn(made, sample, week=week)))
                return self._stores.lake.engine.mapped(made, work)

            found = portions.each(both)
        held = share, self._split(pl.concat(few), week)
        _put(self._few, week, held, most=max(1, self._stores.params.cuts.gate_weeks))
        self._counts[week] = found.height
        return found

    def _portions(self, week: Week, settle: Settle, sample: Sample | None = None) -> Portions:
        pairs = partial(self._pairs, week, sample)
        return Portions(self._run, self._stores, settle, week=week, pairs=pairs, drawn=sample is not None)

    def _pairs(self, week: Week, sample: Sample | None, part: Part) -> Frame:
        params = self._stores.params
        return example_pairs(part.tables, week=week, params=params, sample=sample, popular=part.popular)

    def _held(self, week: Week, share: Share, *, keeps_bought: bool) -> pl.DataFrame:
        key = week, share, keeps_bought
        rows = self._rows.get(key)
        made = self._collected(week, share, keeps_bought=keeps_bought) if rows is None else rows
        _put(self._rows, key, made, most=self._keep)
        return made

    def _collected(self, week: Week, share: Share, *, keeps_bought: bool) -> pl.DataFrame:
        self._made += 1
        due = time.monotonic() - self._told >= _QUIET
        self._told = time.monotonic() if due else self._told
        _log.log(
            logging.INFO if due else logging.DEBUG, "rows of %s are worked out; weeks so far: %s", week, self._made
        )
        sample = None if share == ALL else self._sample(share, keeps_bought=keeps_bought)
        with self._stores.lake.engine.settling() as settle:
            if sample is None or sample.share.customers == 1:
                rows = self._portions(week, settle, sample).each(lambda rows, _: collected(rows))
            else:
                rows = self._of_some(week, settle, sample)
        return self._split(rows, week)

    def _split(self, rows: pl.DataFrame, week: Week) -> pl.DataFrame:
        return rows.with_columns(held_out(rows[s.CUSTOMER_ID], self._stores.experiments.running(week)))

    def _of_some(self, week: Week, settle: Settle, sample: Sample) -> pl.DataFrame:
        """Of the customers that are drawn alone."""
        params, whole = self._stores.params, tables_of(self._run, self._stores, as_it_is, before=week)
        part = Whole(whole, before=week, params=params, settle=settle).part(sample.drawn(week), settle=settle)
        pairs = self._pairs(week, sample, part)
        return collected(features_of(pairs, part, before=week, params=params, settle=settle)).sort(s.PAIR)


def _put(held: dict[_K, _V], key: _K, value: _V, *, most: int | None) -> None:
    """Holds it as the last one; of more than `most` the first ones are let go."""
    held.pop(key, None)
    held[key] = value
    while most is not None and len(held) > most:
        del held[next(iter(held))]


def past_of(run: Known, stores: Stores, *, attribute: str | None) -> Callable[[Week], Past]:
    """Gives what tells how the lists of a week did; segments are told apart by the customers' attribute."""
    purchases = bought(stores.lake.scan(catalog.PURCHASES, run.week))

    def past(week: Week) -> Past:
        truth = collected(during(purchases, week).select(*s.PAIR))
        segments = segments_then(run, stores, week, truth, attribute=attribute)
        return Past(truth, collected(ordered_before(purchases, week).select(*s.PAIR).unique()), segments)

    return past


def segments_then(
    run: Known, stores: Stores, week: Week, truth: pl.DataFrame, *, attribute: str | None
) -> pl.DataFrame:
    """The segments of a week's customers, told apart by their attribute; `truth` is what they bought in it."""
    purchases = bought(stores.lake.scan(catalog.PURCHASES, run.week))
    known = collected(buyers_before(ordered_before(purchases, week), week=week))
    columns = [s.CUSTOMER_ID, *([attribute] if attribute else [])]
    customers = collected(attributes_of(run, stores, catalog.CUSTOMERS, before=week).select(*columns))
    return customer_segments(known, customers, truth, week=week, attribute=attribute)


def contracts() -> dict[str, str]:
    """What a model depends on outside itself, as hashes: a change of one is a new major version."""
    parts = {
        "input": " ".join(catalog.PURCHASES.columns),
        "publication": " ".join(catalog.PREDICTIONS.columns),
        "bundle": str(FORMAT),
    }
    return {name: hashlib.sha256(text.encode()).hexdigest()[:12] for name, text in parts.items()}
