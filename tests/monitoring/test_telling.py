"""The classifier that tells weeks apart: half where nothing moved, and the column that did where one did."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from semana.monitoring.telling import telling


def rows(seed: int, *, by: float = 0.0, count: int = 600) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "customer_id": np.arange(count),
            "basket": rng.normal(size=count),
            "price": rng.normal(by, 1, size=count),
            "zone": rng.choice(["north", "south"], count),
            "spend": [None if n % 3 else 1.0 for n in range(count)],
        }
    )


def test_what_did_not_move_is_told_as_well_as_by_chance() -> None:
    found = telling(rows(1), rows(2), customers="customer_id", seed=1)
    assert found is not None
    assert found.auc == pytest.approx(0.5, abs=0.06)


def test_the_column_that_moved_comes_first() -> None:
    found = telling(rows(1, by=1.5), rows(2), customers="customer_id", seed=1)
    assert found is not None
    assert found.auc > 0.8
    assert found.shares[0][0] == "price"
    assert sum(share for _, share in found.shares) == pytest.approx(1)
    assert found == telling(rows(1, by=1.5), rows(2), customers="customer_id", seed=1)


def test_a_customer_who_gives_itself_away_is_not_learned_by_heart() -> None:
    """The same customers on both sides, each with a figure of its own that never changes."""
    own = pl.DataFrame({"customer_id": np.arange(600), "own": np.random.default_rng(5).normal(size=600)})
    found = telling(own, own, customers="customer_id", seed=1)
    assert found is not None
    assert found.auc == pytest.approx(0.5, abs=0.01)


def test_too_few_customers_tell_nothing() -> None:
    assert telling(rows(1, count=20), rows(2), customers="customer_id", seed=1) is None
