"""Whether to retrain, with every reason, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semana.data.weeks import Week
from semana.evaluation.fallen import fallen
from semana.params import FallenParams, RetrainParams


@dataclass(frozen=True)
class RetrainDecision:
    """The verdict; `reasons` say why, or why not."""

    retrain: bool
    reasons: tuple[str, ...]


def decide_retrain(
    *,
    target: Week,
    last_label: Week | None,
    leads: Sequence[float],
    mode: str,
    params: RetrainParams,
    fallen_by: FallenParams,
    fault: str | None = None,
    drift: tuple[str, Week] | None = None,
    rolled_back: bool = False,
) -> RetrainDecision:
    """Whether the champion is to be replaced before `target` is predicted.

    `last_label` is the newest week that the champion has learned from (None: nobody serves), `leads` its realised weeks
    against its own first ones (`fallen.leads`), oldest first. `fault` says why it can no longer serve, `drift` in which
    column drift is confirmed and since which week, `rolled_back` that it came back this very week. A champion that has
    learned from the first of the drifted weeks is not replaced for it again. `mode` is auto, always or never.
    """
    if last_label is None:
        return RetrainDecision(retrain=True, reasons=("first run: no model serves yet",))
    if mode == "never":
        return RetrainDecision(retrain=False, reasons=("told not to retrain",))
    reasons = ["told to retrain"] if mode == "always" else []
    if fault:
        reasons.append(f"the champion cannot serve: {fault}")
    if rolled_back and not reasons:
        return RetrainDecision(retrain=False, reasons=("rolled back for this week: the next run may retrain",))
    age = target - last_label - 1
    weeks = f"{age} week{'' if age == 1 else 's'}"
    if age >= params.max_age_weeks:
        reasons.append(f"the champion is {weeks} old, {params.max_age_weeks} are allowed")
    if says := fallen(leads, fallen_by):
        reasons.append(f"against the champion's own first {params.first_weeks} weeks: {says}")
    if drift and drift[1] > last_label:
        reasons.append(f"drift since {drift[1]}, most in {drift[0]}")
    if reasons:
        return RetrainDecision(retrain=True, reasons=tuple(reasons))
    how = "performance holds" if leads else "too few realised weeks to judge by"
    return RetrainDecision(retrain=False, reasons=(f"champion is {weeks} old and {how}",))
