"""Experiments: a share of the customers whose lists are made and scored but not shown, to tell what the lists do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.draws import DRAWS, draw_of
from semana.data.frames import Frame, collected
from semana.data.weeks import Week, weeks_between
from semana.models.base import Flags, Floats

POWER = 0.8
SURE = 0.95
_PURCHASES, _KNOWN = "purchases", "known"
_LEAST = 2  # customers on either side, for a spread


@dataclass(frozen=True)
class Experiment:
    """`share` of the customers is held out of the lists of the weeks `first` to `last`.

    Who they are follows from the id alone: the same customers for its whole life, newcomers as they come, and others
    than in any other experiment.
    """

    id: str
    share: float
    first: Week
    last: Week

    def runs_in(self, week: Week) -> bool:
        """Whether the list of the week belongs to it."""
        return self.first <= week <= self.last

    def holds_out(self, customer: int | str) -> bool:
        """Whether the customer's list is not shown."""
        return draw_of(f"{self.id} {customer}") < self.share * DRAWS


def held_out(customers: pl.Series, experiment: Experiment | None) -> pl.Series:
    """For each row whether its customer's list is not shown; nobody's is without an experiment."""
    if experiment is None:
        return pl.Series(s.HELD_OUT, [False] * len(customers), dtype=pl.Boolean)
    out = [customer for customer in customers.unique().to_list() if experiment.holds_out(customer)]
    return customers.is_in(out).alias(s.HELD_OUT)


@dataclass(frozen=True)
class Effect:
    """By which share the shown customers bought more than the held-out ones, with a 95 % interval."""

    effect: float
    low: float
    high: float
    shown: int
    held_out: int


def totals_by_customer(purchases: Frame, week: Week, *spans: Iterable[Week]) -> tuple[pl.Series, list[Floats]]:
    """The customers who had bought before the week, sorted, and what each bought in each span of weeks."""
    names = [f"{_PURCHASES} {n}" for n in range(len(spans))]
    inside = (nw.col(s.WEEK).is_in([each.index for each in span]) for span in spans)
    flags = [flag.cast(nw.Int64).alias(name) for flag, name in zip(inside, names, strict=True)]
    rows = purchases.select(s.CUSTOMER_ID, (nw.col(s.WEEK) < week.index).cast(nw.Int64).alias(_KNOWN), *flags)
    sums = collected(rows.group_by(s.CUSTOMER_ID).agg(nw.col(_KNOWN, *names).sum()))
    known = sums.filter(pl.col(_KNOWN) > 0).sort(s.CUSTOMER_ID)
    return known[s.CUSTOMER_ID], [known[name].to_numpy().astype(np.float64) for name in names]


def effect_of(after: Floats, before: Floats, out: Flags) -> Effect | None:
    """The effect of being shown one's list; None with fewer than two customers on either side, or without purchases.

    `after` and `before` hold each customer's purchases in the weeks of the experiment and in as many before it, `out`
    who was held out. What the past tells of a customer is taken out first (Deng, Xu, Kohavi, Walker, "Improving the
    sensitivity of online controlled experiments by utilizing pre-experiment data", WSDM 2013); the difference then has
    Welch's interval. Customers are the unit, for they were drawn.
    """
    from scipy.special import stdtrit  # scipy takes a while to import, and serving needs none of it

    if min(int(out.sum()), int((~out).sum())) < _LEAST:
        return None
    values = _adjusted(after, before)
    shown, held = values[~out], values[out]
    if held.mean() <= 0:
        return None
    parts = [group.var(ddof=1) / len(group) for group in (shown, held)]
    error = float(np.sqrt(sum(parts)))
    freedom = (
        sum(parts) ** 2 / sum(part**2 / (len(group) - 1) for part, group in zip(parts, (shown, held), strict=True))
        if error
        else 1.0
    )
    half = float(stdtrit(freedom, 0.5 + SURE / 2)) * error
    difference, usual = float(shown.mean() - held.mean()), float(held.mean())
    return Effect(difference / usual, (difference - half) / usual, (difference + half) / usual, len(shown), len(held))


def smallest_effect(after: Floats, before: Floats, *, share: float) -> float:
    """The smallest relative effect that is found with a probability of 80 %, from how customers differed in the past.

    `after` and `before` are the purchases of each customer in two past spans as long as the experiment; NaN where the
    share leaves one side empty. The normal approximation: (z.975 + z.8) standard errors.
    """
    from scipy.special import ndtri  # scipy takes a while to import, and serving needs none of it

    out = share * len(after)
    if out < _LEAST or len(after) - out < _LEAST or after.mean() <= 0:
        return float("nan")
    values = _adjusted(after, before)
    error = values.std(ddof=1) * np.sqrt(1 / out + 1 / (len(values) - out))
    return float((ndtri(0.5 + SURE / 2) + ndtri(POWER)) * error / values.mean())


def spans(complete: Sequence[Week], *, before: Week, weeks: int) -> tuple[tuple[Week, ...], tuple[Week, ...]]:
    """The latest complete weeks before a week, as two spans of equal length that follow one another.

    Each has `weeks` weeks, or half of what there is.
    """
    known = sorted(week for week in complete if week < before)
    length = min(weeks, len(known) // 2)
    return tuple(known[len(known) - 2 * length : len(known) - length]), tuple(known[len(known) - length :])


def weeks_of(experiment: Experiment, complete: Sequence[Week]) -> tuple[Week, ...]:
    """Its weeks that are complete."""
    return tuple(week for week in weeks_between(experiment.first, experiment.last) if week in set(complete))


def _adjusted(after: Floats, before: Floats) -> Floats:
    """Each customer's purchases less what the purchases before let expect of them beyond the mean."""
    varies = float(before.var())
    slope = float(np.cov(after, before)[0, 1] / before.var(ddof=1)) if varies > 0 else 0.0
    adjusted: Floats = after - slope * (before - before.mean())
    return adjusted
