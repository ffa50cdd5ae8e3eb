"""Explain: one pair of a published week, on its list or not, with its chance and what moved it."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.catalog import Dataset
from semana.data.frames import Frame, collected
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.evaluation.live import scored_rows
from semana.features.build import FEATURES, build_features
from semana.stores.home import Stores
from semana.stores.known import Listed, check_tables, names_of, tables_of

BATCH, LIVE = "batch", "live"
_SHOWN = 3  # ids that are named where one is unknown


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
    rows = collected(_of_pair(stores, target, customer, product))
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
    engine = stores.lake.engine
    pair = engine.frame(customer.join(product, how="cross").lazy())
    with engine.settling() as settle:
        tables = tables_of(listed, stores, settle, before=listed.week)
        row = collected(build_features(pair, tables, before=listed.week, params=stores.params, settle=settle))
    scorer = stores.bundles.load(listed.manifest["bundle"]).at(listed.manifest["level"]["factor"])
    (found,) = scored_rows(row, scorer, overdue_gaps=stores.params.decision.overdue_gaps, top=top or len(FEATURES))
    return {**{name: found[name] for name in found if name not in s.PAIR}, "base": scorer.model.base()}


def _of_pair(stores: Stores, week: Week, customer: str, product: str) -> Frame:
    """The pair's row of the list; none where it is not among the published pairs."""
    wanted = ((s.CUSTOMER_ID, customer), (s.PRODUCT_ID, product))
    return stores.publications.predictions(week).filter(*(nw.col(key).cast(nw.String) == id_ for key, id_ in wanted))


def _described(stores: Stores, listed: Listed, customer: str, product: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The customer and the product, with their names; raises UsageError where the list's tables do not know them."""
    check_tables(stores, listed)
    who, what = (
        _known(names_of(stores, dataset, listed.week), dataset, id_)
        for dataset, id_ in ((catalog.CUSTOMERS, customer), (catalog.PRODUCTS, product))
    )
    return who, what


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
