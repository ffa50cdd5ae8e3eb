"""What was known when a list is made, or was: the tables that features are built from, at its position and as-of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame, Settle, collected
from semana.data.purchases import bought, count_once, latest_attributes, weekly_purchases
from semana.data.sources import holidays_of
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.features.tables import Tables
from semana.features.together import fitting
from semana.stores.home import Stores

YEAR = 52  # weeks of holidays before the one that is predicted


class Known(Protocol):
    """What was known when a list is made, or was."""

    @property
    def week(self) -> Week:
        """The week that it predicts."""
        ...

    @property
    def as_of(self) -> date:
        """The last day of which it knows."""
        ...

    @property
    def position(self) -> int:
        """What had arrived."""
        ...


@dataclass(frozen=True)
class Listed:
    """A published list: its week, what was known when it was made, and its manifest."""

    week: Week
    manifest: dict[str, Any]

    @property
    def position(self) -> int:
        """What had arrived."""
        return int(self.manifest["position"])

    @property
    def as_of(self) -> date:
        """The last day of which it knows."""
        return date.fromisoformat(self.manifest["as_of"])


def attributes_of(run: Known, stores: Stores, dataset: catalog.Dataset, *, before: Week) -> Frame:
    """The customers (or products) that had been described by the day before week `before`, as described then."""
    day = min(run.as_of, before.start - timedelta(days=1))
    rows = stores.landing.attributes(dataset.name, run.position, stores.lake.engine)
    return latest_attributes(rows, dataset.key[0], as_of=day)


def tables_of(run: Known, stores: Stores, settle: Settle, *, before: Week) -> Tables:
    """What was known when week `before` began: the purchases, who and what had been described, and the holidays."""
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    customers, products = (
        settle(attributes_of(run, stores, dataset, before=before)) for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    )
    fits = settle(fitting(purchases, before=before))
    return Tables(purchases, customers, products, fits, calendar=days_off(stores, before, before))


def days_off(stores: Stores, first: Week, last: Week) -> Frame:
    """One row per holiday of the weeks from a year before `first` to `last`, by the source's calendar."""
    source = stores.landing.source
    days = holidays_of(source, (first + -YEAR).start, last.end) if source else {}
    rows = [(Week.of(day).index, day.isoweekday()) for day in days]
    table = pl.LazyFrame(rows, schema={s.WEEK: pl.Int32, s.WEEKDAY: pl.Int32}, orient="row")
    return stores.lake.engine.frame(table)


def check_tables(stores: Stores, listed: Listed) -> None:
    """Raises UsageError where the prepared tables are not those that the list was made from."""
    about = stores.lake.about(listed.week)
    eve = listed.week.start - timedelta(days=1)  # what came later is left out anyway
    if about is None:
        found = "are not there any more"
    elif about["position"] != listed.position or min(date.fromisoformat(about["as_of"]), eve) != min(listed.as_of, eve):
        found = f"have been made again since, at position {about['position']} as of {about['as_of']}"
    else:
        return
    raise UsageError(
        f"the prepared tables of {listed.week} {found}; its list was made at position {listed.position} as of "
        f"{listed.as_of}. Make them once more: "
        f"semana prepare --week {listed.week} --position {listed.position} --as-of {listed.as_of}"
    )


def bought_in(stores: Stores, week: Week) -> pl.DataFrame:
    """What has landed by now as bought in the week: customer, product and the quantity so far."""
    lines = stores.landing.lines(stores.landing.position, days=(week.start, week.end))
    found = bought(weekly_purchases(count_once(lines))).select(*s.PAIR, s.QUANTITY)
    return collected(found)


def names_of(stores: Stores, dataset: catalog.Dataset, week: Week) -> pl.DataFrame:
    """The ids that were prepared for the week (or for the newest that was; none if never), sorted, as people know them.

    Label and owner are those that landed last, by now: no model reads them, so they need not wait for a run.
    """
    (key,) = dataset.key
    people = [name for name in (s.LABEL, s.OWNER) if name in dataset.columns]
    known = stores.lake.weeks(dataset)
    if not known:
        return pl.DataFrame(schema=dict.fromkeys([key, *people], pl.String))
    ids = stores.lake.read(dataset, week if week in known else known[-1]).select(key).sort(key)
    rows = stores.landing.attributes(dataset.name, stores.landing.position).select(key, s.SEEN, s.POSITION, *people)
    newest = collected(latest_attributes(rows, key, as_of=date.max))
    return ids.join(newest.cast({key: ids.schema[key]}, strict=False), on=key, how="left", maintain_order="left")
