"""Explain: one pair of a published week, on its list or not, with its chance and what moved it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.catalog import Dataset
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.evaluation.decision import kind_of
from semana.features.build import FACTS, FEATURES, build_features
from semana.models.base import rows_from
from semana.pipeline.labels import tables_of
from semana.stores.home import Stores

BATCH, LIVE = "batch", "live"
_SHOWN = 3  # ids that are named where one is unknown


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


def explain(stores: Stores, week: str, customer: str, product: str, top: int) -> dict[str, Any]:
    """What the list of the week says of a pair, and the `top` reasons (0: all), as plain values.

    Ids are matched as text. A pair among the published rows has its published chance; any other is scored now, by the
    same model from the same tables, and is `live`. Raises UsageError for a week without a list, an unknown id, and
    where the tables that the list was made from are gone.
    """
    target = Week.parse(week)
    experiment = stores.experiments.running(target)
    if experiment and experiment.holds_out(customer):
        raise UsageError(
            f"customer {customer} is held out of the lists of {experiment.first} to {experiment.last}: what is not "
            f"shown is not explained. See: semana experiment show"
        )
    rows: pl.DataFrame = _of_pair(stores, target, customer, product).collect("polars").to_native()
    listed = Listed(target, stores.publications.manifests(target)[-1])
    who, what = _described(stores, listed, customer, product)
    scored = score_pair(stores, listed, who.select(s.CUSTOMER_ID), what.select(s.PRODUCT_ID), top)
    chance = rows[s.PROBABILITY].item() if rows.height else scored[s.PROBABILITY]
    excluded = stores.publications.excluded(who.join(what, how="cross").select(s.PAIR)).item()
    listed_now = chance >= listed.manifest["cut"] and not excluded
    return {
        s.WEEK: week,
        s.CUSTOMER_ID: who[s.CUSTOMER_ID].item(),
        "customer": who[s.LABEL].item(),
        s.OWNER: who[s.OWNER].item(),
        s.PRODUCT_ID: what[s.PRODUCT_ID].item(),
        "product": what[s.LABEL].item(),
        **scored,
        s.PROBABILITY: chance,
        "scored": BATCH if rows.height else LIVE,
        s.RANK: rows[s.RANK].item() if rows.height else None,
        s.RECOMMENDED: bool(rows[s.RECOMMENDED].item()) if rows.height else listed_now,
        "excluded": excluded,
        "cut": listed.manifest["cut"],
        s.MODEL_VERSION: listed.manifest[s.MODEL_VERSION],
        "bundle": listed.manifest["bundle"],
    }


def score_pair(
    stores: Stores, listed: Listed, customer: pl.DataFrame, product: pl.DataFrame, top: int
) -> dict[str, Any]:
    """The chance of one pair (a frame with each id) by the list's model at its level, its facts and its `top` reasons.

    With the reasons stands `base`: the score before any of them, on the scale of their contributions.
    """
    pair = nw.from_native(customer.join(product, how="cross").lazy())
    built = build_features(
        pair, tables_of(listed, stores, before=listed.week), before=listed.week, params=stores.params
    )
    row: pl.DataFrame = built.collect("polars").to_native()
    scorer = stores.bundles.load(listed.manifest["bundle"]).at(listed.manifest["level"]["factor"])
    seen = rows_from(row, scorer.recipe.features)
    days, gap = (row[name].to_numpy() for name in (s.DAYS_SINCE, s.USUAL_GAP_DAYS))
    kind = kind_of(seen.repeat, days, gap, overdue_gaps=stores.params.decision.overdue_gaps)
    last = row[s.LAST_BOUGHT].item()
    return {
        s.PROBABILITY: float(scorer.probabilities(seen)[0]),
        s.KIND: str(kind[0]),
        **{name: row[name].item() for name in FACTS},
        s.LAST_BOUGHT: last.isoformat() if last else None,
        "base": scorer.model.base(),
        s.REASONS: scorer.reasons(seen, top=top or len(FEATURES)).to_list()[0],
    }


def _of_pair(stores: Stores, week: Week, customer: str, product: str) -> nw.LazyFrame[Any]:
    """The pair's row of the list; none where it is not among the published pairs."""
    wanted = ((s.CUSTOMER_ID, customer), (s.PRODUCT_ID, product))
    return stores.publications.predictions(week).filter(*(nw.col(key).cast(nw.String) == id_ for key, id_ in wanted))


def _described(stores: Stores, listed: Listed, customer: str, product: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of the customer and of the product in the tables that the list was made from."""
    _check_tables(stores, listed)
    who, what = (
        _known(stores.lake.read(dataset, listed.week), dataset, id_)
        for dataset, id_ in ((catalog.CUSTOMERS, customer), (catalog.PRODUCTS, product))
    )
    return who, what


def _check_tables(stores: Stores, listed: Listed) -> None:
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


def _known(table: pl.DataFrame, dataset: Dataset, id_: str) -> pl.DataFrame:
    """The row of the id, matched as text; raises UsageError where there is none, with some that are."""
    key = dataset.key[0]
    found = table.filter(pl.col(key).cast(pl.String) == id_)
    if found.is_empty():
        some = ", ".join(table[key].head(_SHOWN).cast(pl.String))
        raise UsageError(
            f"{dataset.name.removesuffix('s')} {id_!r} is unknown: the list was made from {table.height:,} "
            f"{dataset.name} ({some}, ...). Write the id as it was delivered, the customer's before the product's; "
            f"what has come since is known to the next run."
        )
    return found
