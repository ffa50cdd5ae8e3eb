"""Whether performance has fallen, from weekly differences: one arithmetic for the rollback and for retraining.

The unit of evidence is the week. Customers are not the noise: two seeds of one recipe differ by as much in a week as a
customer bootstrap calls three standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from semana.data.weeks import Week
from semana.params import FallenParams, RollbackParams


@dataclass(frozen=True)
class Outcome:
    """A complete week in which both were scored: the F1 of champion and shadow, and whether it had holidays."""

    week: Week
    champion: float
    shadow: float
    holiday: bool


@dataclass(frozen=True)
class Verdict:
    """Whether to go back to the shadow, and why, or why not."""

    roll_back: bool
    says: str


def fallen(differences: Sequence[float], params: FallenParams) -> str | None:
    """Why these weekly differences in F1, the newest last, mean that performance has fallen; None where they do not.

    The newest is below zero by more than `week_f1`; or `weeks_below` of the last `of_weeks` are below zero and the mean
    of these is so by more than `mean_f1`. Weeks without a figure (NaN) tell nothing.

    >>> fallen([-0.02, 0.001, -0.02, -0.03], FallenParams(week_f1=0.04, mean_f1=0.015, of_weeks=4, weeks_below=3))
    'below in 3 of the last 4 weeks, by 0.017 on average, 0.015 is allowed'
    """
    recent = [difference for difference in differences if not math.isnan(difference)][-params.of_weeks :]
    if not recent:
        return None
    if recent[-1] < -params.week_f1:
        return f"below by {-recent[-1]:.3f} in the newest week, {params.week_f1:g} is allowed"
    below = sum(difference < 0 for difference in recent)
    mean = sum(recent) / len(recent)
    if below >= params.weeks_below and mean < -params.mean_f1:
        weeks = f"{below} of the last {len(recent)} weeks"
        return f"below in {weeks}, by {-mean:.3f} on average, {params.mean_f1:g} is allowed"
    return None


def judge_rollback(
    outcomes: Iterable[Outcome], *, target: Week, last_rollback: Week | None, params: RollbackParams
) -> Verdict:
    """Whether the champion goes back to its shadow before `target` is predicted.

    Weeks with holidays are no evidence. After a rollback none follows for `rest_weeks`.
    """
    evidence = [
        each for each in sorted(outcomes, key=lambda each: each.week) if not each.holiday and each.week < target
    ]
    says = fallen([each.champion - each.shadow for each in evidence], params)
    if says is None:
        counted = f"{len(evidence)} week{'' if len(evidence) == 1 else 's'} without holidays"
        return Verdict(roll_back=False, says=f"not below its shadow ({counted})")
    if last_rollback is not None and target - last_rollback < params.rest_weeks:
        return Verdict(
            roll_back=False,
            says=f"{says}, but {last_rollback} was rolled back, less than {params.rest_weeks} weeks ago",
        )
    return Verdict(roll_back=True, says=says)


def leads(rows: Iterable[tuple[float, float]], *, first: int) -> list[float]:
    """By how much a model's later weeks fall short of (below zero) or exceed its own first ones, as differences in F1.

    `rows` holds each week's F1 and that of the week's reference list, oldest first: their difference takes out how hard
    the week was. The first `first` weeks are the measure and are not among what is returned.
    """
    lead = [f1 - reference for f1, reference in rows]
    usual = lead[:first]
    return [value - sum(usual) / first for value in lead[first:]] if len(usual) == first else []
