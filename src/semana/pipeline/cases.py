"""Golden weeks made from the set's own tables, and how a model does in each critical case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame, collected
from semana.data.purchases import before, bought, during, latest_attributes
from semana.data.weeks import Week
from semana.evaluation.golden import GoldenWeek, PastOfCases, case_figures, drawn_customers, in_cases
from semana.evaluation.race import list_of_week
from semana.evaluation.segments import FIRST, buyers_before, customer_segments
from semana.features.build import Whole, features_of
from semana.features.examples import example_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from semana.models.base import rows_from
from semana.models.level import Totals
from semana.models.scorer import Scorer
from semana.params import Params
from semana.stores.engine import Engine
from semana.stores.home import Stores
from semana.stores.known import YEAR, days_off
from semana.stores.runs import Run

Frozen = Mapping[str, Frame]
Figures = dict[str, dict[str, float]]


def figures_of(stores: Stores, lock: Mapping[str, Any], bundle: str, weeks: Sequence[str]) -> Figures:
    """How a bundle does in every case, over these golden weeks; worked out once for the same set, code and params."""

    def make() -> Figures:
        frozen = stores.golden.tables()
        parts = (_kept_week(stores, frozen, lock, Week.parse(week)) for week in weeks)
        totals = totals_in(frozen, lock, engine=stores.lake.engine)
        found = figures(stores.bundles.load(bundle), parts, totals, stores.params)
        stores.golden.lock()
        return found

    found: Figures = stores.golden.kept_value(f"figures-{bundle}-{'-'.join(weeks)}", _key(stores.params), make)
    return found


def figures(scorer: Scorer, parts: Iterable[GoldenWeek], totals: Totals, params: Params) -> Figures:
    """How a model does in every case, over all these weeks together."""
    return case_figures(
        (part, list_of_week(scorer, part.rows, _scores(scorer, part), totals, week=part.week, params=params))
        for part in parts
    )


def _scores(scorer: Scorer, part: GoldenWeek) -> NDArray[np.float64]:
    return scorer.scores(rows_from(part.rows, scorer.recipe.features))


def _key(params: Params) -> dict[str, Any]:
    """The params that candidates, features and lists depend on."""
    sections = (params.candidates, params.level, params.decision)
    return {"decay": params.models.decay, "params": [section.model_dump(mode="json") for section in sections]}


def _kept_week(stores: Stores, frozen: Frozen, lock: Mapping[str, Any], week: Week) -> GoldenWeek:
    """The golden week with its features, made once for the same set, code and params."""
    made: list[GoldenWeek] = []

    def part(name: str) -> pl.DataFrame:
        def make() -> pl.DataFrame:
            if not made:
                whole = golden_week(frozen, lock, week, stores.params, engine=stores.lake.engine)
                stores.golden.lock()
                made.append(whole.merged(lock["small"]))
            frame: pl.DataFrame = getattr(made[0], name)
            return frame

        return stores.golden.kept_frame(f"{name}-{week}", _key(stores.params), make)

    return GoldenWeek(week, part("rows"), part("flags"), part("bought"))


def tables_to_freeze(run: Run, stores: Stores, weeks: Sequence[Week]) -> dict[str, Frame]:
    """The set's own copy of its history: what was ordered and described by the end of its last week, and holidays."""
    last, lake = max(weeks), stores.lake
    told = nw.col(s.SEEN).is_null() | (nw.col(s.SEEN) <= min(run.as_of, last.end))
    described = {
        dataset.name: stores.landing.attributes(dataset.name, run.position, lake.engine)
        .filter(told)
        .sort(dataset.key[0], s.POSITION, s.SEEN)
        for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    }
    purchases, known = (
        lake.scan(dataset, run.week).filter(nw.col(s.WEEK) <= last.index)
        for dataset in (catalog.PURCHASES, catalog.WEEKS)
    )
    return {"purchases": purchases, **described, "weeks": known, "calendar": days_off(stores, min(weeks), last)}


def golden_week(frozen: Frozen, about: Mapping[str, Any], week: Week, params: Params, *, engine: Engine) -> GoldenWeek:
    """A golden week made from the set's own tables: its drawn customers' example rows, and the cases they are in."""
    purchases = frozen["purchases"]
    day = week.start - timedelta(days=1)
    customers, products = (
        latest_attributes(frozen[dataset.name], dataset.key[0], as_of=day)
        for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    )
    calendar = frozen["calendar"].filter(nw.col(s.WEEK) >= week.index - YEAR, nw.col(s.WEEK) <= week.index)
    history, sold = bought(before(purchases, week)), bought(during(purchases, week))
    whole = Tables(purchases, customers, products, fitting(purchases, before=week), calendar)
    drawn = _drawn([purchases, customers], about, engine)
    with engine.settling() as settle:
        part = Whole(whole, before=week, params=params, settle=settle).part(drawn, settle=settle)
        pairs = example_pairs(part.tables, week=week, params=params, popular=part.popular)
        rows = collected(features_of(pairs, part, before=week, params=params, settle=settle)).sort(s.PAIR)
    truth = collected(sold.select(*s.PAIR).join(drawn, on=s.CUSTOMER_ID, how="semi"))
    past = PastOfCases(
        collected(buyers_before(history, week=week)),
        collected(history.group_by(s.PRODUCT_ID).agg(nw.col(s.WEEK).min().alias(FIRST))),
        collected(history.select(*s.PAIR).join(drawn, on=s.CUSTOMER_ID, how="semi").unique()),
    )
    attribute = about["attribute"]
    told = collected(customers.select(s.CUSTOMER_ID, *([attribute] if attribute else [])))
    segments = customer_segments(past.customers, told, truth, week=week, attribute=attribute)
    holidays = collected(frozen["weeks"].filter(nw.col(s.WEEK) == week.index))["holidays"].sum()
    flags, of_truth = (
        in_cases(each, past, segments, week=week, holiday=bool(holidays)) for each in (rows.select(s.PAIR), truth)
    )
    return GoldenWeek(week, rows, flags, of_truth)


def totals_in(frozen: Frozen, about: Mapping[str, Any], *, engine: Engine) -> Totals:
    """Purchases of the drawn customers in each complete week of the set's history, and the holidays."""
    weeks = collected(frozen["weeks"]).filter("whole")
    drawn = _drawn([frozen["purchases"]], about, engine)
    sold = bought(frozen["purchases"]).join(drawn, on=s.CUSTOMER_ID, how="semi")
    counts = dict(collected(sold.group_by(s.WEEK).agg(nw.len().alias("sold"))).rows())
    return Totals(
        {Week(index): counts.get(index, 0) for index in weeks[s.WEEK].to_list()},
        {Week(index): days for index, days in weeks.select(s.WEEK, "holidays").rows()},
    )


def _drawn(frames: Sequence[Frame], about: Mapping[str, Any], engine: Engine) -> Frame:
    """The ids of the customers that the set is judged on, among those of the frames."""
    ids = pl.concat([collected(frame.select(s.CUSTOMER_ID).unique()) for frame in frames]).unique().to_series()
    drawn = drawn_customers(ids.to_list(), share=about["share"]) if about["share"] < 1 else ids.to_list()
    return engine.frame(pl.LazyFrame({s.CUSTOMER_ID: sorted(drawn)}, schema={s.CUSTOMER_ID: ids.dtype}))
