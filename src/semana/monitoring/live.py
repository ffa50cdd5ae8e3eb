"""The running week as it arrives, against the same weekdays of past weeks: what is odd, and what it may come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semana.params import DriftParams


@dataclass(frozen=True)
class Span:
    """A figure of the running week so far; `low` and `high` bound what is not odd, None with too few past weeks."""

    name: str
    now: float
    usual: float
    low: float | None
    high: float | None

    @property
    def odd(self) -> bool:
        """Whether it lies beyond every past week, by the margin."""
        return self.low is not None and self.high is not None and not self.low <= self.now <= self.high


@dataclass(frozen=True)
class Projection:
    """What the whole week may come to, and an interval that holds the share `interval` of past weeks."""

    total: float
    low: float
    high: float


def judge_spans(
    now: Mapping[str, float],
    past: Mapping[str, Sequence[float]],
    params: DriftParams,
    *,
    slack: Mapping[str, float],
) -> list[Span]:
    """Each figure against the last `past_weeks` values of it: odd below the least or above the most, by `margin`.

    `slack` is what a figure may lie beyond that besides: a day that is always closed brings a few lines some day.
    """
    found = []
    for name, value in now.items():
        known = list(past.get(name, ()))[-params.past_weeks :]
        enough = len(known) >= params.least_weeks
        more = slack.get(name, 0.0)
        low, high = (min(known) / params.margin - more, max(known) * params.margin + more) if enough else (None, None)
        found.append(Span(name, value, float(np.median(known)) if known else float("nan"), low, high))
    return found


def projected(so_far: float, shares: Sequence[float], *, interval: float) -> Projection | None:
    """The week's total from what has come and the share of a week that had come by this weekday in past weeks.

    None without a past week, or where nothing ever comes by this weekday.
    """
    known = np.array([share for share in shares if share > 0])
    if not len(known):
        return None
    tail = (1 - interval) / 2
    few, middle, most = np.quantile(known, [tail, 0.5, 1 - tail])
    return Projection(so_far / float(middle), so_far / float(most), so_far / float(few))
