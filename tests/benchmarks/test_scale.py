"""What `make bench-scale` makes of what it measured, on numbers worked out by hand."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.distributor import CUSTOMERS
from benchmarks.scale import size_of, sizes_of, summed
from benchmarks.scale_tables import (
    ALL,
    FEATURES,
    MILLION,
    STEPS,
    WHOLE,
    Steps,
    Took,
    extrapolated,
    report,
    slope,
    trains,
)


@pytest.mark.parametrize(
    ("points", "exponent"),
    [
        ([(1, 2), (10, 20), (100, 200)], 1.0),  # in step with each other
        ([(1, 3), (4, 6)], 0.5),  # four times as large, twice as long
        ([(2, 8), (4, 4)], -1.0),
        # Logarithms (0, 0), (1, 1), (2, 3): slope ((-1)(-4/3) + 0 + (1)(5/3)) / 2.
        ([(1, 1), (10, 10), (100, 1000)], 1.5),
        ([(1, 5), (3, 0), (9, 5)], 0.0),  # what took nothing has no logarithm
        ([(3, 5)], None),
        ([(3, 5), (3, 7)], None),
        ([], None),
    ],
)
def test_slope(points: list[tuple[float, float]], exponent: float | None) -> None:
    assert slope(points) == (exponent if exponent is None else pytest.approx(exponent))


def steps(seconds: float, memory: float, **others: tuple[float, float]) -> Steps:
    figures = {step: others.get(step, (seconds, memory)) for step in STEPS}
    return {step: {"seconds": took, "memory": mib, "written": 1.0} for step, (took, mib) in figures.items()}


def took(scale: float, trains: Steps, ordinary: Steps, ended: str = "done") -> Took:
    return Took("polars", scale, trains, ordinary, 2**20, 2**21, ended, limited=True, made=f"Made at {scale // 30}.")


def test_a_week_is_the_sum_of_its_steps_and_their_largest_peak() -> None:
    whole = trains(took(1, steps(2, 100, train=(30, 700), **{FEATURES: (1000, 1000)}), {}))[ALL]
    assert whole == {"seconds": 2 * (len(WHOLE) - 1) + 30, "memory": 700, "written": len(WHOLE)}
    assert ALL not in trains(took(1, {"ingest": {"seconds": 1, "memory": 1, "written": 1}}, {}))


def test_a_million_customers_are_told_by_hand() -> None:
    largest = MILLION / CUSTOMERS / 4  # a million are four times as many
    # Four times the shop: train 1.5 in seconds and 1.5, so 1, in memory; predict .5, so 1, and .5; all others 0 and 0.
    small = took(largest / 4, steps(1, 512, train=(1, 512), predict=(1, 1024)), steps(1, 512))
    large = took(largest, steps(1, 512, train=(8, 4096), predict=(2, 2048)), steps(1, 512))
    lines = extrapolated([large, small], "polars")
    assert lines[0] == "**polars**, 4.00 times the largest shop that came through"
    assert "| train | 8.0 | 1.50 | 64 | 4,096 | 1.00 | 16.0 |" in lines
    assert "| predict | 2.0 | 1.00 | 8 | 2,048 | 0.50 | 4.0 |" in lines
    assert "| prepare | 1.0 | 1.00 | 4 | 512 | 0.00 | 0.5 |" in lines
    seconds = 64 + 8 + 4 * (len(WHOLE) - 2)
    assert f"| **the week that trains** | {len(WHOLE) + 8}.0 | | {seconds} (0.0 hours) | 4,096 | | 16.0 |" in lines
    assert f"| **an ordinary week** | {len(WHOLE)}.0 | | {4 * len(WHOLE)} (0.0 hours) | 512 | | 0.5 |" in lines


def test_nothing_is_told_of_a_million_from_one_scale_or_from_another_engine() -> None:
    one, failed = took(1, steps(1, 1), steps(1, 1)), took(3, steps(1, 1), {}, ended="ended by signal 9")
    assert extrapolated([one, failed], "polars") == []
    assert extrapolated([one, took(3, steps(1, 1), steps(1, 1))], "duckdb") == []


def test_seconds_that_do_not_grow_are_still_counted_as_if_they_did_and_memory_that_shrinks_is_believed() -> None:
    largest = MILLION / CUSTOMERS / 4
    small, large = took(largest / 4, steps(4, 2048), steps(4, 2048)), took(largest, steps(1, 1024), steps(1, 1024))
    assert "| ingest | 1.0 | 1.00 | 4 | 1,024 | -0.50 | 0.5 |" in extrapolated([small, large], "polars")


def test_what_was_measured_is_kept_as_a_line() -> None:
    one = took(1, steps(1, 2), {}, ended="exit 70")
    assert Took(**json.loads(json.dumps(asdict(one)))) == one


def test_steps_that_run_more_than_once_in_a_week_are_summed() -> None:
    runs = (("ingest", "done", 9.0), ("ingest", "done", 5.0), ("train", "KeyboardInterrupt", 1.0))
    records = [
        {"step": step, "outcome": outcome, "wall_seconds": 2.0, "peak_memory_mib": mib, "bytes_written": 2**20}
        for step, outcome, mib in runs
    ]
    assert summed(records) == {"ingest": {"seconds": 4.0, "memory": 9.0, "written": 2.0}}


def test_the_size_of_a_folder_is_what_its_files_take_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert size_of(tmp_path) == 0
    (tmp_path / "in" / "a").write_bytes(b"x" * 100_000)
    assert 100_000 <= size_of(tmp_path) < 200_000


def test_what_lay_on_the_disk_for_a_while_is_seen(tmp_path: Path) -> None:
    with sizes_of(tmp_path) as sizes:
        (tmp_path / "scratch").write_bytes(b"x" * 100_000)
        time.sleep(1.5)
        (tmp_path / "scratch").unlink()
    assert max(sizes) >= 100_000
    assert size_of(tmp_path) == 0


def test_the_report_has_every_step_and_what_did_not_come_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.pictures._PLACE", tmp_path)
    quick = steps(0.2, 100, predict=(5, 100))
    taken = [took(scale, steps(scale, 100), quick) for scale in (1, 10)]
    taken += [took(30, {"ingest": {"seconds": 1, "memory": 1, "written": 1}}, {}, ended="ended by signal 9")]
    text = report(taken, ["polars", "duckdb"], gib=8, beside="| beside |")
    assert "**A million customers, 10,146 products** (not measured)" in text
    training, ordinary = text.split("| **an ordinary week** |", 1)
    assert all(f"\n| {step} | 1.0 · 100 · 1 | 10.0 · 100 · 1 | " in training for step in STEPS)
    assert "\n| predict | 5.0 · 100 · 1 | 5.0 · 100 · 1 | – | 0.00 · 0.00 · 0.00 |" in ordinary
    assert "\n| review |" not in ordinary.split("**MiB of the home on disk**", 1)[0]
    assert f"\n| {ALL} | 7.0 · 100 · 11 | 7.0 · 100 · 11 | – |" in ordinary
    assert "| 1 · 2 | 1 · 2 | 1 · 2 | 0.00 · 0.00 |" in ordinary
    assert "|  | done | done | ended by signal 9 |  |" in ordinary
    assert "\n- Made at 0. So: polars 1 ×; polars 10 ×.\n- Made at 1. So: polars 30 ×." in text
    assert {path.name for path in tmp_path.iterdir()} == {"bench-scale.svg", "bench-scale-ordinary.svg"}
