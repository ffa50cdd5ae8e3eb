"""The level of the week: how many purchases the whole week will hold, with an interval from its own past errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.params import LevelParams

# With fewer past errors than this an interval cannot be read from them: half to twice the forecast is said instead.
_ENOUGH = 5
_WIDE = 2.0


@dataclass(frozen=True)
class Level:
    """Forecast purchases of a week (pairs with a purchase); `errors` past errors stand behind `low` and `high`."""

    total: float
    low: float
    high: float
    errors: int


def forecast_level(totals: Mapping[Week, int], *, target: Week, params: LevelParams) -> Level:
    """The total of `target` from the complete weeks before it: their mean, newer weeks counting more.

    The interval holds the share `interval` of the errors that the same rule made one week ahead in the past.
    Raises ContractError where no complete week precedes the target.
    """
    known = np.array([total for week, total in sorted(totals.items()) if week < target], dtype=np.float64)
    if not len(known):
        raise ContractError(f"no complete week before {target}: ingest at least one whole week.")
    total = _recent_mean(known, params)
    first = max(1, len(known) - params.weeks)
    past = np.array([_recent_mean(known[:n], params) for n in range(first, len(known))])
    errors = np.abs(np.log(np.maximum(known[first:], 1.0) / np.maximum(past, 1.0)))
    spread = _WIDE if len(errors) < _ENOUGH else float(np.exp(_next_error(errors, params.interval)))
    return Level(total, total / spread, total * spread, len(errors))


def _next_error(errors: NDArray[np.float64], share: float) -> float:
    """What the next error will not exceed with probability `share`, if like these (split conformal prediction)."""
    place = int(np.ceil((len(errors) + 1) * share))
    return float(np.sort(errors)[min(place, len(errors)) - 1])


def _recent_mean(known: NDArray[np.float64], params: LevelParams) -> float:
    recent = known[-params.weeks :]
    ages = np.arange(len(recent))[::-1]
    return float(np.average(recent, weights=0.5 ** (ages / params.half_life_weeks)))
