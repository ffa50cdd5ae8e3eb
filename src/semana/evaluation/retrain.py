"""Retrain or not, with every reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semana.params import RetrainParams

WEEKS = 2  # one bad week is weather


@dataclass(frozen=True)
class RetrainDecision:
    """Whether to retrain; `reasons` for it, or why not."""

    retrain: bool
    reasons: tuple[str, ...]


def decide_retrain(
    *,
    mode: str,
    has_champion: bool,
    age_weeks: int | None,
    expected_f1: float | None,
    realised_f1: Sequence[float],
    params: RetrainParams,
) -> RetrainDecision:
    """The decision; `age_weeks` are the weeks since the champion's last label, `realised_f1` its own lists', oldest first."""
    if not has_champion:
        return RetrainDecision(True, ("first run: no model serves yet",))
    if mode == "never":
        return RetrainDecision(False, ("not asked for: --retrain never",))
    reasons = ["asked for: --retrain always"] if mode == "always" else []
    if age_weeks is not None and age_weeks >= params.max_age_weeks:
        reasons.append(f"the champion is {age_weeks} weeks old (limit {params.max_age_weeks})")
    recent = realised_f1[-WEEKS:]
    if expected_f1 is not None and len(recent) == WEEKS:
        mean = sum(recent) / WEEKS
        if mean < expected_f1 - params.fallen_f1:
            reasons.append(
                f"realised F1 fell to {mean:.3f} from {expected_f1:.3f} at the gate (limit {params.fallen_f1} below)"
            )
    if reasons:
        return RetrainDecision(True, tuple(reasons))
    return RetrainDecision(False, (f"the champion is {age_weeks} weeks old and holds its level",))
