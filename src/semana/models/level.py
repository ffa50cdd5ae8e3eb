"""The level of the week: how many purchases it will hold in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semana.data.weeks import Week
from semana.params import LevelParams


@dataclass(frozen=True)
class Level:
    """Forecast purchases of a week, and the interval that holds the truth with the coverage of `params.interval`."""

    total: float
    low: float
    high: float


def forecast_level(totals: Mapping[Week, int], *, target: Week, params: LevelParams) -> Level:
    """The level of `target` from the purchases of complete weeks before it.

    A mean of the log totals whose weights halve every `half_life_weeks`; the interval comes from the same rule's
    errors in the past `weeks` weeks, and is a factor of two either way while fewer than four are known.
    """
    weeks = sorted(week for week in totals if week < target)
    if not weeks:
        raise ValueError("no complete week before the target: there is no level to forecast")
    errors = [
        np.log(max(totals[week], 1)) - _forecast(totals, weeks[:place], week, params)
        for place, week in enumerate(weeks)
        if place >= 4
    ][-params.weeks :]
    centre = _forecast(totals, weeks, target, params)
    tail = (1 - params.interval) / 2
    low, high = np.quantile(errors, [tail, 1 - tail]) if len(errors) >= 4 else (-np.log(2), np.log(2))
    return Level(float(np.exp(centre)), float(np.exp(centre + min(low, 0))), float(np.exp(centre + max(high, 0))))


def _forecast(totals: Mapping[Week, int], weeks: list[Week], target: Week, params: LevelParams) -> float:
    recent = weeks[-params.weeks :]
    weights = [0.5 ** ((target - week) / params.half_life_weeks) for week in recent]
    return float(np.average([np.log(max(totals[week], 1)) for week in recent], weights=weights))
