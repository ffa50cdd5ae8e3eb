"""Detect drift: whether the newest whole week differs from before by more than weeks used to; `decide` hears of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ConfigurationError, ContractError
from semana.monitoring.behaviour import PRODUCTS, Column
from semana.monitoring.drift import Drift, Moved, judge_drift, references, shape_of
from semana.monitoring.telling import telling
from semana.pipeline.columns import Watched
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.runs import Run

PAGE = "drift/drift.html"
_SHOWN = 6  # columns whose distributions are drawn
_DELIVERIES = 12


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the verdict on every complete week, and writes the page."""
    with stores.lake.engine.settling() as settle:
        report = _judged(run, stores, Watched(run, stores, settle))
    run.record("drift", report)
    from semana.reports.drift import drift_page

    files.replace_bytes(stores.home / PAGE, drift_page(report).encode())
    told = ("judged_week", "verdict", "confirmed", "since", "score", "limit", "worst", "absent")
    return {"step": "detect_drift", **{name: report[name] for name in told}}


def _judged(run: Run, stores: Stores, watched: Watched) -> dict[str, Any]:
    columns, params = watched.columns(), stores.params.drift
    age, learned = _learned(run, stores, newest=watched.weeks[-1])
    compared = references(age=age, learned=learned, params=params)
    drift = judge_drift(columns, watched.weeks, holidays=watched.holidays, compared=compared, params=params)
    return _report(watched, columns, drift)


def _learned(run: Run, stores: Stores, *, newest: int) -> tuple[int | None, int]:
    """How old the champion's last label week is in the newest week, and from how many weeks it learned."""
    champion = stores.ledger.champion(run.week)
    if champion is None:
        return None, 0
    last = Week.parse(champion["evidence"]["last_label_week"]).index
    try:
        recipe = stores.bundles.recipe(champion["to"])
    except (ContractError, ConfigurationError):  # a damaged champion: `decide` says so
        return None, 0
    return newest - last, len({*recipe.fit_weeks, *recipe.calibrate_weeks})


def _report(watched: Watched, columns: list[Column], drift: Drift) -> dict[str, Any]:
    newest, since = drift.weeks[-1], drift.since
    return {
        "judged_week": str(Week(newest.week)),
        "verdict": newest.verdict,
        "confirmed": drift.confirmed,
        "since": str(Week(since)) if drift.confirmed and since is not None else None,
        "score": newest.score,
        "limit": newest.limit,
        "worst": newest.worst,
        "absent": list(drift.absent),
        "weeks": [{**asdict(each), "week": str(Week(each.week))} for each in drift.weeks],
        "moved": [asdict(each) for each in drift.moved],
        "shapes": _shapes(watched, columns, drift),
        "telling": _telling(watched),
        "deliveries": watched.stores.landing.judged(watched.run.position, latest=_DELIVERIES),
    }


def _shapes(watched: Watched, columns: list[Column], drift: Drift) -> list[dict[str, Any]]:
    """The distributions of the columns that moved most, in the newest week and in what it is compared with."""
    by_name = {column.name: column for column in columns}
    worst: dict[str, Moved] = {}
    for each in drift.moved:
        worst.setdefault(each.column, each)
    found = []
    for each in list(worst.values())[:_SHOWN]:
        now, then = shape_of(by_name[each.column], watched.weeks[-1], watched.recent)
        bins = list(by_name[each.column].bins)
        if each.column == PRODUCTS:
            bins = _named(watched, bins)
        found.append({"column": each.column, "kind": each.kind, "bins": bins, "now": now, "then": then})
    return found


def _named(watched: Watched, products: list[str]) -> list[str]:
    """The ids with the names that people know the products by, where the source has them."""
    table = watched.stores.lake.read(catalog.PRODUCTS, watched.run.week)
    names = dict(table.drop_nulls(s.LABEL).select(pl.col(s.PRODUCT_ID).cast(pl.String), s.LABEL).iter_rows())
    return [" ".join([id_, *([names[id_]] if id_ in names else [])]) for id_ in products]


def _telling(watched: Watched) -> dict[str, Any] | None:
    seed = watched.stores.params.models.seed
    now, then = (watched.customers_of(weeks) for weeks in (watched.weeks[-1:], watched.recent))
    found = telling(now, then, customers=s.CUSTOMER_ID, seed=seed)
    return {"auc": found.auc, "columns": [list(each) for each in found.shares]} if found else None
