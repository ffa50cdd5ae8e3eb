"""Every step leaves a record of what it took and of the datasets that it touched, also where it fails."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from semana.data.catalog import CUSTOMERS, PRODUCTS
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.stores import datasets
from semana.stores.lake import Lake
from semana.stores.telemetry import Telemetry

WEEK = Week.parse("2024-W10")
ROWS = pl.DataFrame({"customer_id": [1, 2, 3], "label": ["a", "b", "c"]})


def test_a_record_tells_the_size_of_every_dataset_that_the_block_touched(tmp_path: Path) -> None:
    telemetry, lake = Telemetry(tmp_path / "telemetry"), Lake(tmp_path)
    with telemetry.measure("prepare", run="2024-W10-0001", week="2024-W10"):
        lake.write(CUSTOMERS, ROWS, WEEK)
        lake.write(PRODUCTS, ROWS.head(1), WEEK)
        lake.read(CUSTOMERS, WEEK)
        lake.read(CUSTOMERS, WEEK)
    (record,) = telemetry.all()
    size = lake.path(CUSTOMERS, WEEK).stat().st_size
    of_customers = {"dataset": "customers", "files": 1, "rows": 3, "columns": 2, "bytes": size}
    assert record["datasets"] == [
        {**of_customers, "how": "read"},
        {**of_customers, "how": "written"},
        {**of_customers, "dataset": "products", "how": "written", "rows": 1, "bytes": record["datasets"][2]["bytes"]},
    ]
    assert (record["step"], record["run"], record["outcome"]) == ("prepare", "2024-W10-0001", "done")
    assert record["home_bytes"] >= size + record["datasets"][2]["bytes"]
    assert record["wall_seconds"] > 0
    assert record["bytes_written"] >= size


def test_files_of_one_dataset_add_up(tmp_path: Path) -> None:
    telemetry, lake = Telemetry(tmp_path / "telemetry"), Lake(tmp_path)
    for weeks in range(3):
        lake.write(CUSTOMERS, ROWS.head(weeks + 1), WEEK + weeks)
    with telemetry.measure("review"):
        for weeks in range(3):
            lake.read(CUSTOMERS, WEEK + weeks)
    (found,) = telemetry.all()[0]["datasets"]
    assert (found["files"], found["rows"], found["how"]) == (3, 6, "read")


def test_a_record_that_cannot_be_kept_fails_no_step_and_one_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "telemetry").write_text("a file where the folder should be")
    telemetry = Telemetry(tmp_path / "telemetry")
    with telemetry.measure("train"):
        pass
    with pytest.raises(ZeroDivisionError), telemetry.measure("train"):
        _ = 1 / 0
    (tmp_path / "telemetry").unlink()
    with telemetry.measure("predict"):
        pass
    (tmp_path / "telemetry" / "1.json").write_text("[1")
    assert [each["step"] for each in telemetry.all()] == ["predict"]


def test_a_block_that_fails_is_recorded_with_its_error_and_the_error_goes_on(tmp_path: Path) -> None:
    telemetry = Telemetry(tmp_path / "telemetry")
    with pytest.raises(ZeroDivisionError), telemetry.measure("train"):
        _ = 1 / 0
    with telemetry.measure("train") as record:
        record["retrains"] = True
    assert [each["outcome"] for each in telemetry.all()] == ["ZeroDivisionError", "done"]
    assert [each.get("retrains") for each in telemetry.all()] == [None, True]


def test_why_a_block_failed_is_kept_where_it_is_no_bug_and_names_no_place_of_the_machine(tmp_path: Path) -> None:
    telemetry = Telemetry(tmp_path / "telemetry")
    with pytest.raises(UsageError), telemetry.measure("publish"):
        raise UsageError(f"{tmp_path}/scores/week=2024-W10: is not that of the run")
    with pytest.raises(ZeroDivisionError), telemetry.measure("train"):
        _ = 1 / 0
    with telemetry.measure("train"):
        pass
    assert [each["says"] for each in telemetry.all()] == ["scores/week=2024-W10: is not that of the run", None, None]


def test_blocks_side_by_side_and_within_each_other_keep_apart(tmp_path: Path) -> None:
    telemetry, lake = Telemetry(tmp_path / "telemetry"), Lake(tmp_path)
    with telemetry.measure("outer"):
        lake.write(CUSTOMERS, ROWS, WEEK)
        with telemetry.measure("inner"):
            lake.write(PRODUCTS, ROWS, WEEK)
    found = {each["step"]: [touch["dataset"] for touch in each["datasets"]] for each in telemetry.all()}
    assert found == {"outer": ["customers"], "inner": ["products"]}


def test_outside_of_a_block_nothing_is_noted(tmp_path: Path) -> None:
    Lake(tmp_path).write(CUSTOMERS, ROWS, WEEK)
    with datasets.noted() as notes:
        pass
    Lake(tmp_path).read(CUSTOMERS, WEEK)
    assert notes == {}
