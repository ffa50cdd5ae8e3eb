"""Whether the newest week differs from before by more than weeks used to differ: one test over all columns.

Every column has one distance a week to a reference: Jensen-Shannon for categories (Lin, 1991; square root, base 2), for
numbers the first Wasserstein distance over the standard deviation. Each is divided by the largest that is usual for it,
the nine-tenths quantile of its own past at the same lag, and the largest over columns and references is the week's
score: one number a week, so nothing has to be corrected for looking often. A week violates when its score exceeds all
of the past ones that it is compared with by a margin. Weeks with holidays and weeks of confirmed drift are left out of
every past; a violation that is not confirmed yet, of those that could be confirmed together with the judged week. Nor
is a week with such a violation a reference: the weeks after one odd week are not odd for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semana.monitoring.behaviour import CATEGORY, Column, weekly
from semana.params import DriftParams

RECENT, LAST_YEAR, TRAINING = "recent weeks", "same week last year", "training weeks"
CALM, VIOLATES, CONFIRMED = "calm", "violates", "confirmed"
SHORT, NOT_ENOUGH, HOLIDAY = "short history", "not enough data", "holiday week"
_YEAR = 52
_BIN = 0.1  # of a standard deviation: how wide the bins of a number are

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """What a week is compared with: the weeks that lie `first` to `last` weeks before it."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Moved:
    """A column of the judged week: its distance to a reference, and that over the largest usual one."""

    column: str
    kind: str
    reference: str
    distance: float
    ratio: float


@dataclass(frozen=True)
class Judged:
    """A week: its score and the least one that would violate (None: not judged), the verdict, and its worst column."""

    week: int
    score: float | None
    limit: float | None
    verdict: str
    worst: str | None


@dataclass(frozen=True)
class Drift:
    """Every judged week, oldest first, the columns of the newest, the most moved first, and the references it lacks."""

    weeks: tuple[Judged, ...]
    moved: tuple[Moved, ...]
    absent: tuple[str, ...]

    @property
    def newest(self) -> Judged | None:
        """The verdict on the newest week."""
        return self.weeks[-1] if self.weeks else None

    @property
    def confirmed(self) -> bool:
        """Whether drift is confirmed in the newest week."""
        return self.newest is not None and self.newest.verdict == CONFIRMED

    @property
    def since(self) -> int | None:
        """The first week of the violations that were confirmed last; None without any."""
        last = max((n for n, each in enumerate(self.weeks) if each.verdict == CONFIRMED), default=None)
        if last is None:
            return None
        first = last
        while first > 0 and self.weeks[first - 1].verdict in (CONFIRMED, VIOLATES, HOLIDAY):
            first -= 1
        return next(each.week for each in self.weeks[first:] if each.verdict != HOLIDAY)


def references(*, age: int | None, learned: int, params: DriftParams) -> tuple[Reference, ...]:
    """Recent weeks, the same week last year and, with a champion, the weeks it has learned from.

    `age` is how many weeks its last label week lies before the judged one (below 1: it has learned from that week),
    `learned` from how many weeks it has learned.
    """
    found = [Reference(RECENT, 1, params.recent_weeks), Reference(LAST_YEAR, _YEAR, _YEAR)]
    if age is not None and age >= 1 and learned:
        found.append(Reference(TRAINING, age, age + learned - 1))
    return tuple(found)


def judge_drift(
    columns: Sequence[Column],
    weeks: Sequence[int],
    *,
    holidays: frozenset[int],
    compared: Sequence[Reference],
    params: DriftParams,
) -> Drift:
    """The verdict on each of `weeks` (complete ones, oldest first), every one from what came before it alone.

    `holidays` are the weeks that hold one. A reference is there in a week when at least half of its weeks are.
    """
    pairs = [(column, reference) for column in columns for reference in compared]
    usable = np.array([week not in holidays for week in weeks], dtype=bool)
    weights = {column.name: weekly(column, weeks) for column in columns}
    apart, ratios = (np.full((len(pairs), len(weeks)), np.nan) for _ in range(2))
    calm, like_others = usable.copy(), usable.copy()  # not of a confirmed drift; not odd for all that is known
    judged: list[Judged] = []
    for n, week in enumerate(weeks):
        past = np.flatnonzero(calm[:n])
        there = {weeks[int(each)]: int(each) for each in np.flatnonzero(like_others[:n])}
        apart[:, n] = [
            _apart(weights[column.name], n, _rows(reference, week, there), category=column.kind == CATEGORY)
            for column, reference in pairs
        ]
        ratios[:, n] = _over_usual(apart[:, n], apart[:, past[-2 * params.past_weeks :]], params)
        window = np.flatnonzero(usable[:n])[-(params.of_weeks - 1) :]
        pending = [each for each in window if judged[each].verdict in (VIOLATES, SHORT)]
        compare = np.setdiff1d(past, pending)
        found = _score(ratios, n, compare, params)
        if not usable[n] or found is None:
            judged.append(Judged(week, None, None, NOT_ENOUGH if usable[n] else HOLIDAY, None))
            continue
        score, worst, earlier = found
        limit = params.margin * max(earlier) if len(earlier) >= params.least_weeks else None
        verdict = _verdict(score, limit, known=len(earlier), pending=len(pending), params=params)
        like_others[n] = verdict not in (VIOLATES, SHORT)
        if verdict == CONFIRMED:
            calm[[n, *pending]] = False
            like_others[pending] = True  # they are how it is now
        judged.append(Judged(week, score, limit, verdict, pairs[worst][0].name))
    return Drift(tuple(judged), *_told(pairs, apart, ratios))


def _verdict(score: float, limit: float | None, *, known: int, pending: int, params: DriftParams) -> str:
    if limit is None:
        return NOT_ENOUGH
    if score <= limit:
        return CALM
    if known < params.past_weeks:
        return SHORT
    return CONFIRMED if pending + 1 >= params.weeks_violating else VIOLATES


def _score(
    ratios: Floats, newest: int, past: NDArray[np.int64], params: DriftParams
) -> tuple[float, int, list[float]] | None:
    """The newest week's largest ratio, where it is, and the largest of each past week, over the same pairs.

    A pair counts when it has as many past ratios as any has, or enough: one that came later would raise the newest
    week's score and no past one's.
    """
    told = ~np.isnan(ratios)
    counts = told[:, past].sum(axis=1)
    counts[~told[:, newest]] = -1
    if not len(counts) or counts.max() < 0:
        return None
    usable = np.flatnonzero((counts >= min(params.past_weeks, counts.max())) & told[:, newest])
    worst = int(usable[np.argmax(ratios[usable, newest])])
    of_past = [each for each in past if told[usable, each].any()][-params.past_weeks :]
    return float(ratios[worst, newest]), worst, [float(np.nanmax(ratios[usable, each])) for each in of_past]


def _over_usual(now: Floats, past: Floats, params: DriftParams) -> Floats:
    """Each pair's distance over the largest usual one of its past; NaN where these are too few."""
    found = np.full(len(now), np.nan)
    enough = (~np.isnan(past)).sum(axis=1) >= params.usual_weeks
    if enough.any():
        usual = np.maximum(np.nanquantile(past[enough], params.usual_share, axis=1), params.least_distance)
        found[enough] = now[enough] / usual
    return found


def _told(
    pairs: Sequence[tuple[Column, Reference]], apart: Floats, ratios: Floats
) -> tuple[tuple[Moved, ...], tuple[str, ...]]:
    """How far each column moved in the newest week, the most moved first; and the references that are not there."""
    if not ratios.size:
        return (), ()
    moved = [
        Moved(column.name, column.kind, reference.name, float(apart[n, -1]), float(ratios[n, -1]))
        for n, (column, reference) in enumerate(pairs)
        if not np.isnan(ratios[n, -1])
    ]
    there = {each.reference for each in moved}
    absent = dict.fromkeys(reference.name for _, reference in pairs if reference.name not in there)
    return tuple(sorted(moved, key=lambda each: (-each.ratio, each.column, each.reference))), tuple(absent)


def _rows(reference: Reference, week: int, there: Mapping[int, int]) -> list[int]:
    """The rows of the reference's weeks that are `there`; none where these are less than half of them."""
    lags = range(reference.first, reference.last + 1)
    rows = [there[week - lag] for lag in lags if week - lag in there]
    return rows if 2 * len(rows) >= len(lags) else []


def _apart(weights: Floats, newest: int, rows: Sequence[int], *, category: bool) -> float:
    """The distance of a row of weights to others together; NaN where either is nothing."""
    now, then = weights[newest], weights[list(rows)].sum(axis=0)
    return distance(now, then, category=category) if now.sum() and then.sum() else float("nan")


def shape_of(column: Column, now: int, then: Sequence[int]) -> tuple[list[float], list[float]]:
    """The shares of the column's bins in a week, and in others together."""
    weights = weekly(column, [now, *then])
    parts = (weights[0], weights[1:].sum(axis=0))
    here, there = ((part / (part.sum() or 1.0)).tolist() for part in parts)
    return here, there


def distance(now: Floats, then: Floats, *, category: bool) -> float:
    """How far two distributions over the same bins, given as weights, lie apart.

    Of categories the Jensen-Shannon distance, from 0 to 1; of numbers, whose bins are a tenth of their standard
    deviation wide, the first Wasserstein distance in standard deviations.

    >>> distance(np.array([1.0, 0.0]), np.array([0.0, 3.0]), category=True)
    1.0
    >>> round(distance(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 2.0]), category=False), 3)
    0.2
    """
    p, q = now / now.sum(), then / then.sum()
    if not category:
        return float(np.abs(np.cumsum(p - q))[:-1].sum() * _BIN)
    middle = (p + q) / 2
    divergence = (_entropy(middle) - (_entropy(p) + _entropy(q)) / 2).item()
    return float(np.sqrt(max(0.0, divergence)))


def _entropy(shares: Floats) -> Floats:
    some = shares[shares > 0]
    return np.asarray(-(some * np.log2(some)).sum())
