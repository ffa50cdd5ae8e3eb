"""One pair explained: the chance that was published, or the same road taken now; and all that moved it."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from semana.errors import UsageError
from semana.features.build import FEATURES
from semana.pipeline import ingest, prepare
from semana.pipeline.explain import explain, score_pair
from semana.pipeline.order import Order
from semana.pipeline.weekly import run_week
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from semana.stores.known import Listed
from tests import shop
from tests.stores.home import ROOT

KNOWN = 16
TARGET = shop.FIRST + KNOWN
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PARAMS = {
    r"race: \[.*\]": "race: [boosting]",
    r" trees: \d+": " trees: 30",
    r"rows_per_leaf: \d+": "rows_per_leaf: 20",
    r"explore_per_customer: \d+": "explore_per_customer: 2",
    r"mode: enforce": "mode: dry_run",
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """A home whose list of TARGET was made by boosted trees; most pairs never bought are not among its pairs."""
    folder = tmp_path_factory.mktemp("explained")
    files = shop.write_all(folder / "files", weeks=shop.WEEKS[:KNOWN])
    settings = read_settings(folder / "home")
    ingest.land(open_home(settings, create=True), files, source="canonical", table=None, arrival=NOW)
    params = (ROOT / "params.yaml").read_text()
    for old, new in PARAMS.items():
        params, found = re.subn(old, new, params)
        assert found == 1
    (settings.home / "params.yaml").write_text(params)
    opened = open_home(settings)
    run_week(opened, Order(NOW, as_of=TARGET.start))
    return opened


@pytest.fixture(scope="module")
def published(stores: Stores) -> pl.DataFrame:
    return stores.publications.predictions(TARGET).collect("polars").to_native()


def scored_now(stores: Stores, customer: int, product: int) -> dict[str, object]:
    ids = (pl.DataFrame({name: [id_]}) for name, id_ in (("customer_id", customer), ("product_id", product)))
    return score_pair(stores, Listed(TARGET, stores.publications.manifests(TARGET)[-1]), *ids, top=0)


def test_a_published_pair_scored_now_has_its_published_chance(stores: Stores, published: pl.DataFrame) -> None:
    for row in published.sort("customer_id", "product_id").gather_every(150).iter_rows(named=True):
        pair = row["customer_id"], row["product_id"]
        now = scored_now(stores, *pair)
        assert now["probability"] == pytest.approx(row["probability"], rel=0, abs=1e-9)
        assert (now["kind"], now["usual_gap_days"]) == (row["kind"], row["usual_gap_days"])
        found = explain(stores, str(TARGET), *map(str, pair), top=3)
        assert (found["scored"], found["probability"], found["rank"]) == ("batch", row["probability"], row["rank"])
        assert found["recommended"] == row["recommended"]
        for stored, told in zip(row["reasons"], found["reasons"], strict=False):
            assert told == pytest.approx(stored)


def test_any_other_pair_is_scored_live_by_the_same_model(stores: Stores, published: pl.DataFrame) -> None:
    assert published.filter(customer_id=1, product_id=12).is_empty()
    found = explain(stores, str(TARGET), "1", "12", top=0)
    assert (found["scored"], found["rank"], found["recommended"], found["kind"]) == ("live", None, False, "new")
    assert 0 <= found["probability"] < 0.1
    assert found["last_bought"] is None
    assert (found["customer"], found["owner"], found["product"]) == ("Customer 1", "north", "Product 12")


def test_a_pair_that_exclude_csv_names_says_so_and_is_not_recommended(stores: Stores, published: pl.DataFrame) -> None:
    listed = published.filter("recommended").row(0, named=True)
    pair = str(listed["customer_id"]), str(listed["product_id"])
    rules = stores.home / "exclude.csv"
    rules.write_text("customer_id,product_id\n,12\n{},{}\n".format(*pair))
    try:
        live, batch = explain(stores, str(TARGET), "1", "12", top=1), explain(stores, str(TARGET), *pair, top=1)
    finally:
        rules.unlink()
    assert (live["excluded"], live["recommended"]) == (True, False)
    assert (batch["excluded"], batch["recommended"]) == (True, True)  # as it was published
    assert not explain(stores, str(TARGET), *pair, top=1)["excluded"]


def test_all_reasons_are_told_strongest_first_and_with_base_they_make_the_score(stores: Stores) -> None:
    found = explain(stores, str(TARGET), "2", "0", top=0)
    parts = [reason["contribution"] for reason in found["reasons"]]
    assert [abs(part) for part in parts] == sorted((abs(part) for part in parts), reverse=True)
    assert {reason["code"] for reason in found["reasons"]} <= set(FEATURES)
    manifest = stores.publications.manifests(TARGET)[-1]
    scorer = stores.bundles.load(manifest["bundle"]).at(manifest["level"]["factor"])
    score = 1 / (1 + np.exp(-found["base"] - sum(parts)))
    chance = scorer.calibration.apply(np.array([score]), np.array([True]))
    assert found["probability"] == pytest.approx(float(chance[0]), abs=1e-6)
    assert explain(stores, str(TARGET), "2", "0", top=2)["reasons"] == found["reasons"][:2]


@pytest.mark.parametrize(
    ("customer", "product", "says"),
    [("999", "0", "customer '999' is unknown"), ("2", "x", "product 'x' is unknown: .* 20 products")],
)
def test_unknown_ids_are_refused_with_what_is_known(stores: Stores, customer: str, product: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        explain(stores, str(TARGET), customer, product, top=1)


def test_tables_that_are_gone_or_made_anew_are_named_with_the_way_back(stores: Stores, tmp_path: Path) -> None:
    home = open_home(read_settings(Path(shutil.copytree(stores.home, tmp_path / "home"))))
    way = f"semana prepare --week {TARGET} --position {KNOWN + 2} --as-of {TARGET.start}"
    shutil.rmtree(home.home / "prepared")
    with pytest.raises(UsageError, match=f"not there any more.*{way}"):
        explain(home, str(TARGET), "2", "0", top=1)
    run = home.runs.latest(TARGET)
    assert run is not None
    prepare.run(run, home)
    again = explain(home, str(TARGET), "2", "0", top=0)
    assert again == explain(stores, str(TARGET), "2", "0", top=0)
    for made, whole in ((_at(run.as_of, 3), False), (_at(TARGET.end, KNOWN + 2), True)):
        home.lake.write_about(TARGET, made, keep=3)
        if whole:  # days from the week on are left out anyway
            assert explain(home, str(TARGET), "2", "0", top=0) == again
        else:
            with pytest.raises(UsageError, match=f"at position 3.*{way}"):
                explain(home, str(TARGET), "2", "0", top=1)


def _at(as_of: date, position: int) -> dict[str, object]:
    return {"position": position, "as_of": as_of.isoformat()}


def test_a_week_without_a_list_is_refused_as_the_list_does(stores: Stores) -> None:
    with pytest.raises(UsageError, match="no list was published"):
        explain(stores, str(TARGET + 1), "2", "0", top=1)
