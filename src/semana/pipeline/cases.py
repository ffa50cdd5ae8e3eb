"""Golden weeks made from the set's own tables, and how a model does in each critical case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.purchases import before, bought, during, latest_attributes
from semana.data.weeks import Week
from semana.evaluation.golden import GoldenWeek, case_figures, drawn_customers, in_cases
from semana.evaluation.race import list_of_week
from semana.evaluation.segments import customer_segments
from semana.features.build import build_features
from semana.features.examples import example_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from semana.models.level import Totals
from semana.models.scorer import Scorer
from semana.params import Params
from semana.stores.engine import POLARS, collected
from semana.stores.home import Stores
from semana.stores.known import YEAR, days_off
from semana.stores.runs import Run

Frozen = Mapping[str, pl.DataFrame]
Figures = dict[str, dict[str, float]]


def figures_of(stores: Stores, lock: Mapping[str, Any], bundle: str, weeks: Sequence[str]) -> Figures:
    """How a bundle does in every case, over these golden weeks; worked out once for the same set, code and params."""

    def make() -> Figures:
        frozen = stores.golden.tables()
        parts = (_kept_week(stores, frozen, lock, Week.parse(week)) for week in weeks)
        return figures(stores.bundles.load(bundle), parts, totals_in(frozen, lock), stores.params)

    found: Figures = stores.golden.kept_value(f"figures-{bundle}-{'-'.join(weeks)}", _key(stores.params), make)
    return found


def figures(scorer: Scorer, parts: Iterable[GoldenWeek], totals: Totals, params: Params) -> Figures:
    """How a model does in every case, over all these weeks together."""
    return case_figures(
        (part, list_of_week(scorer, part.rows, totals, week=part.week, params=params)) for part in parts
    )


def _key(params: Params) -> dict[str, Any]:
    """The params that candidates, features and lists depend on."""
    sections = (params.candidates, params.level, params.decision)
    return {"decay": params.models.decay, "params": [section.model_dump(mode="json") for section in sections]}


def _kept_week(stores: Stores, frozen: Frozen, lock: Mapping[str, Any], week: Week) -> GoldenWeek:
    """The golden week with its features, made once for the same set, code and params."""
    made: list[GoldenWeek] = []

    def part(name: str) -> pl.DataFrame:
        def make() -> pl.DataFrame:
            made[:] = made or [golden_week(frozen, lock, week, stores.params).merged(lock["small"])]
            frame: pl.DataFrame = getattr(made[0], name)
            return frame

        return stores.golden.kept_frame(f"{name}-{week}", _key(stores.params), make)

    return GoldenWeek(week, part("rows"), part("flags"), part("bought"))


def tables_to_freeze(run: Run, stores: Stores, weeks: Sequence[Week]) -> dict[str, pl.DataFrame]:
    """The set's own copy of its history: what was ordered and described by the end of its last week, and holidays."""
    last = max(weeks)
    purchases = stores.lake.read(catalog.PURCHASES, run.week).filter(pl.col(s.WEEK) <= last.index)
    described = {}
    for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS):
        rows = collected(stores.landing.attributes(dataset.name, run.position))
        told = rows.filter(pl.col(s.SEEN).is_null() | (pl.col(s.SEEN) <= min(run.as_of, last.end)))
        described[dataset.name] = told.sort(dataset.key[0], s.POSITION, s.SEEN)
    known = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col(s.WEEK) <= last.index)
    calendar = collected(days_off(stores, min(weeks), last))
    return {"purchases": purchases, **described, "weeks": known, "calendar": calendar}


def golden_week(frozen: Frozen, about: Mapping[str, Any], week: Week, params: Params) -> GoldenWeek:
    """A golden week made from the set's own tables: its drawn customers' example rows, and the cases they are in."""
    purchases = nw.from_native(frozen["purchases"].lazy())
    day = week.start - timedelta(days=1)
    customers, products = (
        latest_attributes(nw.from_native(frozen[dataset.name].lazy()), dataset.key[0], as_of=day)
        for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    )
    year = pl.col(s.WEEK).is_between(week.index - YEAR, week.index)
    calendar = nw.from_native(frozen["calendar"].filter(year).lazy())
    tables = Tables(purchases, customers, products, POLARS.settled(fitting(purchases, before=week)), calendar)
    pairs = _drawn(collected(example_pairs(tables, week=week, params=params)), about)
    made = build_features(nw.from_native(pairs.lazy()), tables, before=week, params=params, settle=POLARS.settled)
    rows = collected(made).sort(s.PAIR)
    truth = collected(bought(during(purchases, week)).select(*s.PAIR))
    history = collected(bought(before(purchases, week)).select(*s.PAIR, s.WEEK))
    segments = customer_segments(history, collected(customers), truth, week=week, attribute=about["attribute"])
    holiday = bool(frozen["weeks"].filter(pl.col(s.WEEK) == week.index)["holidays"].sum())
    flags, of_truth = (
        in_cases(each, history, segments, week=week, holiday=holiday)
        for each in (rows.select(s.PAIR), _drawn(truth, about))
    )
    return GoldenWeek(week, rows, flags, of_truth)


def totals_in(frozen: Frozen, about: Mapping[str, Any]) -> Totals:
    """Purchases of the drawn customers in each complete week of the set's history, and the holidays."""
    weeks = frozen["weeks"].filter("whole")
    sold = _drawn(frozen["purchases"].filter(pl.col(s.QUANTITY) > 0), about)
    counts = dict(sold.group_by(s.WEEK).len().rows())
    return Totals(
        {Week(index): counts.get(index, 0) for index in weeks[s.WEEK].to_list()},
        {Week(index): days for index, days in weeks.select(s.WEEK, "holidays").rows()},
    )


def _drawn(rows: pl.DataFrame, about: Mapping[str, Any]) -> pl.DataFrame:
    if about["share"] >= 1:
        return rows
    drawn = drawn_customers(rows[s.CUSTOMER_ID].unique().to_list(), share=about["share"])
    return rows.filter(pl.col(s.CUSTOMER_ID).is_in(drawn))
