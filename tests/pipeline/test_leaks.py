"""Nothing from the cutoff week on reaches an example row or a model, whatever it is and however it came.

Holidays are exempt: they are known in advance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from semana.data.weeks import Week, weeks_between
from semana.features.examples import ALL, Share
from semana.pipeline import decide, detect_drift, ingest, prepare, train
from semana.pipeline.labels import LabelWeeks
from semana.pipeline.order import Order, begin
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from semana.stores.runs import Run
from tests import shop
from tests.pipeline.test_labels import invoices
from tests.stores.home import ROOT

TARGET = shop.FIRST + 20  # 2025-W08: the label weeks hold Christmas and New Year's Day
CUTOFF = TARGET + -3
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PARAMS = {
    r"race: \[.*\]": "race: [boosting]",
    r" trees: \d+": " trees: 20",
    r"rows_per_leaf: \d+": "rows_per_leaf: 20",
    r"trials: \d+": "trials: 2",
    r"fit_weeks: \d+": "fit_weeks: 8",
    r"fit_rows: \d+": "fit_rows: 5000",  # of some 15,000: pairs not bought are drawn
}


def scrambled(rows: pl.DataFrame, since: Week) -> pl.DataFrame:
    """All that the rows say from that week on is another: who, what, how much, at what price, described how, and new.

    The same days stay: a home without its latest ones would have another target week.
    """
    future = pl.col("invoice_date").dt.date() >= since.start
    after = rows.filter(future).with_columns(
        pl.col("customer_id", "stock_code").shuffle(7),
        pl.when(pl.int_range(pl.len()) % 9 == 0)
        .then(-9)
        .otherwise(pl.col("quantity").shuffle(8) + 5)
        .alias("quantity"),
        (pl.col("price") * 3).alias("price"),
        pl.lit("Spain").alias("country"),
        pl.lit("RENAMED").alias("description"),
    )
    new = after.with_columns(
        pl.col("customer_id") + 900, pl.format("2{}", pl.col("stock_code").str.slice(1)).alias("stock_code")
    )
    return pl.concat([rows.filter(~future), after, new])


@dataclass(frozen=True)
class Home:
    run: Run
    stores: Stores
    race: dict[str, Any]

    def examples(self, week: Week, **options: Any) -> pl.DataFrame:
        return LabelWeeks(self.run, self.stores)(week, **options)


def trained(folder: Path, *deliveries: pl.DataFrame) -> Home:
    """A home that trained for TARGET, as of the day before it, from all that was delivered."""
    settings = read_settings(folder / "home")
    open_home(settings, create=True)
    params = (ROOT / "params.yaml").read_text()
    for old, new in PARAMS.items():
        params, found = re.subn(old, new, params)
        assert found == 1
    (settings.home / "params.yaml").write_text(params)
    stores = open_home(settings)
    for number, rows in enumerate(deliveries):
        path = shop.write(rows, folder / f"invoices-{number}.parquet")
        ingest.land(stores, [path], source="online-retail", table=None, arrival=NOW)
    run = begin(stores, Order(NOW, as_of=TARGET.start - timedelta(days=1)))
    assert run.week == TARGET
    prepare.run(run, stores)
    detect_drift.run(run, stores)
    decide.run(run, stores)
    train.run(run, stores)
    return Home(run, stores, run.recall("race"))


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """One that knows the true future, and others with another future, none, and other deliveries of the same."""
    folder, whole = tmp_path_factory.mktemp("homes"), invoices(24)
    known = whole.filter(pl.col("invoice_date").dt.date() < TARGET.start)
    halves = known.with_columns(late=pl.col("invoice_date").dt.date() >= (TARGET + -6).start)
    mixed = halves.sample(fraction=1, shuffle=True, seed=4)
    deliveries = {
        "true": [whole],
        "another future": [scrambled(whole, TARGET)],
        "no future": [known],
        "two files in another order": [mixed.filter(late).drop("late") for late in (~pl.col("late"), pl.col("late"))],
        "another since the gate": [scrambled(whole, TARGET + -2)],
        "another since the cutoff": [scrambled(whole, CUTOFF)],
    }
    return {name: trained(folder / name, *rows) for name, rows in deliveries.items()}


SAME = ("another future", "no future", "two files in another order")


@pytest.mark.parametrize("name", SAME)
def test_models_and_what_tuning_found_do_not_depend_on_the_future_or_the_way_of_delivery(
    homes: dict[str, Home], name: str
) -> None:
    true, other = homes["true"].race, homes[name].race
    assert true["tuning"] is not None
    assert {part: other[part] for part in ("judged", "bundle", "tuning")} == {
        part: true[part] for part in ("judged", "bundle", "tuning")
    }


def test_the_judged_bundle_does_not_depend_on_the_weeks_that_judge_it(homes: dict[str, Home]) -> None:
    true, other = homes["true"].race, homes["another since the gate"].race
    assert other["weeks"]["gate"] == [str(TARGET + -2), str(TARGET + -1)]
    assert (other["judged"], other["tuning"]) == (true["judged"], true["tuning"])
    assert other["bundle"] != true["bundle"]


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("share", [ALL, Share(0.4), Share(0.4, 0.5)])
def test_example_rows_do_not_depend_on_the_future_or_the_way_of_delivery(
    homes: dict[str, Home], name: str, share: Share
) -> None:
    for week in (TARGET + -8, TARGET + -7, TARGET + -1):
        assert homes[name].examples(week, share=share).equals(homes["true"].examples(week, share=share))


def test_the_label_week_and_all_after_it_reach_no_feature_and_no_week_before(homes: dict[str, Home]) -> None:
    true, other = homes["true"], homes["another since the cutoff"]
    labels = true.examples(CUTOFF)["bought"]
    assert not other.examples(CUTOFF)["bought"].equals(labels)
    assert other.examples(CUTOFF).drop("bought").equals(true.examples(CUTOFF).drop("bought"))
    for week in weeks_between(CUTOFF + -4, CUTOFF + -1):
        assert other.examples(week).equals(true.examples(week))
    assert not other.examples(CUTOFF + 1).drop("bought").equals(true.examples(CUTOFF + 1).drop("bought"))
