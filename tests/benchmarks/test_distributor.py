"""The synthetic distributor: the same seed gives the same bytes; a larger shop is like a smaller one and like SodAI."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from benchmarks.distributor import CUSTOMERS, PRODUCTS, SHOWN, SODAI, deliveries, of_scale, of_sodai

Figures = dict[str, tuple[float, ...]]
CUSTOMERS_PRODUCTS, LINES, *_ = SHOWN
BEST_SELLERS = "share of the tenth of the products that sells best"


def check_alike(one: Figures, other: Figures, *, share: float, count: float, but: str = "") -> None:
    """Shares differ by `share` at the most (small ones by a tenth of it), counts by their part `count`, or by one."""
    bounds = {".2f": {"abs": share}, ".1%": {"abs": share / 10}, ".0f": {"rel": count, "abs": 1}}
    for name, form in SHOWN.items():
        if form in bounds and name != but:
            assert one[name] == pytest.approx(other[name], **bounds[form]), name
    of_a_customer = [found[LINES][0] / found[CUSTOMERS_PRODUCTS][0] for found in (one, other)]
    assert of_a_customer[0] == pytest.approx(of_a_customer[1], rel=count)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    one, same, other = (
        [path.read_bytes() for path in deliveries(tmp_path / name, scale=0.2, weeks=9, seed=seed)]
        for name, seed in (("one", 1), ("same", 1), ("other", 2))
    )
    assert one == same
    assert not set(one) & set(other)


@pytest.mark.parametrize(("weeks", "files"), [(53, 14), (9, 3), (8, 3), (2, 2)])
def test_the_newest_week_is_a_file_of_its_own(tmp_path: Path, weeks: int, files: int) -> None:
    lines = [pl.read_parquet(path)["date"] for path in deliveries(tmp_path, scale=0.05, weeks=weeks)[2:]]
    assert len(lines) == files
    assert lines[-1].min() >= date(2024, 12, 30)
    assert max(each.max() for each in lines[:-1]) < date(2024, 12, 30)


def test_a_larger_shop_is_like_a_smaller_one() -> None:
    small, large = of_scale(0.5), of_scale(2)
    check_alike(small, large, share=0.03, count=0.1)
    assert small[CUSTOMERS_PRODUCTS] == pytest.approx((CUSTOMERS / 2, PRODUCTS), rel=0.01)
    assert large[CUSTOMERS_PRODUCTS] == pytest.approx((2 * CUSTOMERS, 2 * PRODUCTS), rel=0.01)  # of two kinds each


def test_it_is_like_sodai_but_for_the_best_sellers() -> None:
    if not SODAI.exists():
        pytest.skip(f"{SODAI.name} is not on this machine (expected beside the repository, in shared/data)")
    real, ours = of_sodai(), of_scale(1)
    check_alike(ours, real, share=0.05, count=0.2, but=BEST_SELLERS)
    assert real[BEST_SELLERS][0] - ours[BEST_SELLERS][0] == pytest.approx(0.1, abs=0.05)
