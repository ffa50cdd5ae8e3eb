"""A whole weekly run is the same whatever engine works it out: tables, model, drift, list."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from semana.data import catalog
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from tests.pipeline import living
from tests.serving.homes import TREES

TABLES = (catalog.PURCHASES, catalog.CUSTOMERS, catalog.PRODUCTS, catalog.WEEKS, catalog.SCORES)


@dataclass(frozen=True)
class Ran:
    """A home after two weekly runs, the second with a delivery more, and what they say."""

    stores: Stores
    says: list[dict[str, Any]]


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return living.made(tmp_path_factory.mktemp("landed"), params=TREES).home


@pytest.fixture(scope="module")
def ran(landed: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    @cache
    def of(engine: str) -> Ran:
        folder = tmp_path_factory.mktemp(engine)
        shutil.copytree(landed.parent / "files", folder / "files")
        home = Path(shutil.copytree(landed, folder / "home"))
        stores = open_home(read_settings(home, engine=engine))
        says = [living.run(stores, living.SECOND + -1)]
        living.deliver(stores, living.SECOND + -1)
        return Ran(stores, [*says, living.run(stores, living.SECOND, "always")])

    return of


def test_the_run_of_duckdb_is_that_of_polars(ran: Any) -> None:
    ours, theirs = ran("polars"), ran("duckdb")
    for week in (living.SECOND + -1, living.SECOND):
        for table in TABLES:
            rows, others = (each.stores.lake.read(table, week) for each in (ours, theirs))
            assert rows.height > 0, table.name
            assert_frame_equal(others, rows, check_exact=True)
        (listed, others) = (each.stores.publications.predictions(week).collect("polars") for each in (ours, theirs))
        assert_frame_equal(others.to_native(), listed.to_native(), check_exact=True)
    models = [[entry["to"] for entry in each.stores.ledger.entries()] for each in (ours, theirs)]
    assert models[0] == models[1]
    assert ours.stores.runs.newest("drift").recall("drift") == theirs.stores.runs.newest("drift").recall("drift")
