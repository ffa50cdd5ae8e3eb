"""Whether to retrain, with every reason, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semana.data.weeks import Week
from semana.params import RetrainParams

_WEEKS = 2  # realised weeks whose mean is judged: one week alone moves by more than models differ


@dataclass(frozen=True)
class RetrainDecision:
    """The verdict; `reasons` say why, or why not."""

    retrain: bool
    reasons: tuple[str, ...]


def decide_retrain(
    *,
    target: Week,
    last_label: Week | None,
    gate_f1: float | None,
    realised_f1: Sequence[float],
    mode: str,
    params: RetrainParams,
) -> RetrainDecision:
    """Whether the champion is to be replaced before `target` is predicted.

    `last_label` is the newest week that the champion has learned from (None: nobody serves), `gate_f1` its mean F1 on
    its gate weeks, `realised_f1` the F1 of its published lists whose weeks are over, oldest first.
    `mode` is auto, always or never.
    """
    if last_label is None:
        return RetrainDecision(retrain=True, reasons=("first run: no model serves yet",))
    if mode == "never":
        return RetrainDecision(retrain=False, reasons=("told not to retrain",))
    reasons = ["told to retrain"] if mode == "always" else []
    age = target - last_label - 1
    weeks = f"{age} week{'' if age == 1 else 's'}"
    if age >= params.max_age_weeks:
        reasons.append(f"the champion is {weeks} old, {params.max_age_weeks} are allowed")
    recent = realised_f1[-_WEEKS:]
    if gate_f1 is not None and len(recent) == _WEEKS:
        fallen = gate_f1 - sum(recent) / _WEEKS
        if fallen > params.fallen_f1:
            reasons.append(f"realised F1 has fallen by {fallen:.3f} in {_WEEKS} weeks, {params.fallen_f1} is allowed")
    if reasons:
        return RetrainDecision(retrain=True, reasons=tuple(reasons))
    how = "performance holds" if len(recent) == _WEEKS and gate_f1 is not None else "too few realised weeks to judge by"
    return RetrainDecision(retrain=False, reasons=(f"champion is {weeks} old and {how}",))
