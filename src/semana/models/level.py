"""The level of the week: how many purchases the whole week will hold, with an interval from its own past errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.params import LevelParams

# With fewer past errors than this an interval cannot be read from them: half to twice the forecast is said instead.
_ENOUGH = 5
_WIDE = 2.0
_FIRST = 4  # weeks that a mean needs before its error teaches anything
# Ridge penalty, in weeks: so many without a holiday or a trend stand against what has been seen of either. Mean error
# of the logarithm with 1, 2, 4, 8 and 16 on weeks before any test week: .123, .122, .122, .122, .122 on SodAI, .046,
# .047, .049, .049, .049 on Complete Journey, .153, .155, .160, .168, .175 on Online Retail.
_PENALTY = 2.0
_SHORT, _LONG = 1.0, 6.0  # half-lives in weeks; the trend is what the one says above the other
_USUAL_TREND = 0.15  # its spread, by which it is measured
_LARGEST = 0.5  # no week moves by more than this from the recent mean, in logarithms: 1.6 times


@dataclass(frozen=True)
class Totals:
    """Purchases of each complete week, and holidays of the weeks that have any."""

    purchases: Mapping[Week, int]
    holidays: Mapping[Week, int] = field(default_factory=dict)

    def __getitem__(self, week: Week) -> int:
        return self.purchases[week]

    @property
    def weeks(self) -> list[Week]:
        """The complete weeks, oldest first."""
        return sorted(self.purchases)


@dataclass(frozen=True)
class Level:
    """Forecast purchases of a week (pairs with a purchase); `errors` past errors stand behind `low` and `high`."""

    total: float
    low: float
    high: float
    errors: int


def forecast_level(totals: Totals, *, target: Week, params: LevelParams) -> Level:
    """The total of `target` from the complete weeks before it: their mean, moved by its holidays and the trend.

    In the mean newer weeks count more. By how much holidays and trend move a week is a ridge regression over the past:
    of what the mean missed on what was known before. The interval holds the share `interval` of the errors that the
    same rule made one week ahead. Raises ContractError where no complete week precedes the target.
    """
    weeks = [week for week in totals.weeks if week < target]
    if not weeks:
        raise ContractError(f"no complete week before {target}: ingest at least one whole week.")
    known = np.maximum([totals[week] for week in weeks], 1).astype(np.float64)
    holidays = np.array([totals.holidays.get(week, 0) for week in (*weeks, target)], dtype=np.float64)
    past = range(1, len(weeks) + 1)
    means = np.array([_mean(known[:n], params.half_life_weeks, params.weeks) for n in past])
    signs = np.array([_signs(known[:n], holidays[: n + 1], params) for n in past])
    missed = np.log(known[1:] / means[:-1])
    first = max(1, len(weeks) - params.weeks)
    moved = np.array([_moved(signs[:n], missed[: n - 1]) for n in range(first, len(weeks) + 1)])
    total = float(means[-1] * np.exp(moved[-1]))
    errors = np.abs(missed[first - 1 :] - moved[:-1])
    spread = _WIDE if len(errors) < _ENOUGH else float(np.exp(next_error(errors, params.interval)))
    return Level(total, total / spread, total * spread, len(errors))


def _signs(known: NDArray[np.float64], holidays: NDArray[np.float64], params: LevelParams) -> tuple[float, float]:
    """What is known of the next week beside the mean: its holidays beyond those of the recent weeks, and the trend."""
    usual = _mean(holidays[:-1], params.half_life_weeks, params.weeks)
    trend = np.log(_mean(known, _SHORT, params.weeks) / _mean(known, _LONG, params.weeks))
    return float(holidays[-1] - usual), float(trend / _USUAL_TREND)


def _moved(signs: NDArray[np.float64], missed: NDArray[np.float64]) -> float:
    """The logarithm by which the last signs move their week, from what the mean missed after the earlier ones."""
    then, now = signs[_FIRST - 1 : -1], signs[-1]
    found = np.clip(missed[_FIRST - 1 :], -_LARGEST, _LARGEST)
    effects = np.linalg.solve(then.T @ then + _PENALTY * np.eye(signs.shape[1]), then.T @ found)
    return float(np.clip(now @ effects, -_LARGEST, _LARGEST))


def _mean(values: NDArray[np.float64], half_life: float, weeks: int) -> float:
    recent = values[-weeks:]
    return float(np.average(recent, weights=0.5 ** (np.arange(len(recent))[::-1] / half_life)))


def next_error(errors: NDArray[np.float64], share: float) -> float:
    """What the next error will not exceed with probability `share`, if like these (split conformal prediction)."""
    place = int(np.ceil((len(errors) + 1) * share))
    return float(np.sort(errors)[min(place, len(errors)) - 1])
