"""The running week as it arrives, against the same weekdays of past weeks: what is odd, and what it may come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semana.params import DriftParams

_SAME = 1e-9  # between two ways to the same chance


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


@dataclass(frozen=True)
class Asked:
    """What an API was asked and answered lately, beside what was published.

    Shares are of the answered rows. `distance` is the largest gap between the two distributions of chances (0 to 1);
    `gap` the mean difference of pairs that were both published and scored live, which should be none.
    """

    requests: int
    rows: int
    unknown: float
    kinds: Mapping[str, tuple[float, float]]
    distance: float
    gap: float | None
    odd: tuple[str, ...]


def judge_asked(hours: Sequence[Mapping[str, Any]], published: Mapping[str, Any], *, unknown: float) -> Asked | None:
    """The hours' counts together against the `bins` and `kinds` of the list's rows; None where nothing was asked.

    Odd is a share of unknown ids above `unknown`, and any pair that is scored live otherwise than it was published.
    """
    rows, strange, twice = (sum(int(hour.get(name, 0)) for hour in hours) for name in ("rows", "unknown", "twice"))
    if not rows:
        return None
    answered = [
        float(sum(counts)) for counts in zip(*(hour["bins"] for hour in hours if hour.get("bins")), strict=True)
    ]
    kinds = {kind: float(sum(hour.get("kinds", {}).get(kind, 0) for hour in hours)) for kind in published["kinds"]}
    distance = np.abs(np.cumsum(_shares(answered)) - np.cumsum(_shares(published["bins"]))).max()
    both = zip(_shares(list(kinds.values())), _shares(list(published["kinds"].values())), strict=True)
    gap = sum(float(hour.get("gap", 0.0)) for hour in hours) / twice if twice else None
    odd = {
        "unknown ids": strange / rows > unknown,
        "live scores unlike the published ones": gap is not None and gap > _SAME,
    }
    return Asked(
        sum(int(hour.get("requests", 0)) for hour in hours),
        rows,
        strange / rows,
        dict(zip(kinds, ((float(now), float(then)) for now, then in both), strict=True)),
        float(distance),
        gap,
        tuple(name for name, holds in odd.items() if holds),
    )


def _shares(counts: Sequence[float]) -> NDArray[np.float64]:
    values = np.asarray(counts, dtype=np.float64)
    shares: NDArray[np.float64] = values / max(1.0, float(values.sum()))
    return shares
