"""How many purchases a week will hold."""

from __future__ import annotations

import pytest

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.models.level import Totals, forecast_level
from tests.features.known import PARAMS

FIRST = Week.parse("2024-W10")


def level(*totals: int, target: int | None = None, holidays: tuple[int, ...] = ()):
    known = Totals({FIRST + n: total for n, total in enumerate(totals)}, {FIRST + n: 1 for n in holidays})
    return forecast_level(known, target=FIRST + (len(totals) if target is None else target), params=PARAMS.level)


def test_a_steady_shop_has_a_sure_level():
    found = level(*[100] * 10)
    assert (found.total, found.low, found.high) == pytest.approx((100, 100, 100))


def test_newer_weeks_count_more():
    assert 130 < level(*[100] * 8, 200).total < 200
    assert level(*[100] * 8, 200).total > level(*[100] * 7, 200, 100).total


def test_the_interval_is_as_wide_as_past_errors():
    calm, wild = level(*[100, 105] * 6), level(*[100, 200] * 6)
    assert wild.high / wild.low > calm.high / calm.low > 1


def test_a_short_history_says_so_by_a_wide_interval():
    found = level(100, 100)
    assert (found.low, found.high, found.errors) == pytest.approx((50, 200, 1))


def test_a_holiday_week_is_forecast_as_past_holiday_weeks_were():
    weeks = [100 if n % 8 else 60 for n in range(1, 33)]  # every eighth week has a holiday and sells 60
    holidays = tuple(n for n in range(len(weeks)) if weeks[n] == 60)
    assert level(*weeks[:-1], holidays=holidays).total < 80
    assert level(*weeks[:-1], holidays=holidays[:-1]).total == pytest.approx(100, rel=0.1)


def test_a_steady_rise_is_carried_on():
    weeks = [round(100 * 1.05**n) for n in range(30)]
    rising = level(*weeks)
    assert weeks[-1] < rising.total < 1.1 * weeks[-1]
    assert rising.low < 100 * 1.05**30 < rising.high


def test_weeks_without_purchases_give_no_nonsense():
    found = level(0, 0, 0, 10, 0, 12, 11)
    assert 0 < found.low < found.total < found.high < 100


def test_the_target_and_what_comes_after_it_are_not_looked_at():
    assert level(100, 120, 900, target=2) == level(100, 120)


def test_without_a_past_there_is_no_level():
    with pytest.raises(ContractError, match="no complete week before 2024-W10"):
        level(100, target=0)
