"""The gate: what a challenger must hold before it may serve. Each check has a value, a limit and a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from semana.evaluation.race import mean_f1
from semana.params import GateParams

Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Check:
    """One check; `says` is for people."""

    name: str
    value: float | None
    limit: str
    passed: bool
    says: str


@dataclass(frozen=True)
class GateReport:
    """All checks of one challenger; `passed` follows the mode: dry_run and off let everything through."""

    checks: tuple[Check, ...]
    mode: str

    @property
    def passed(self) -> bool:
        """Whether the challenger may serve."""
        return self.mode != "enforce" or all(check.passed for check in self.checks)

    @property
    def reasons(self) -> list[str]:
        """What did not hold."""
        return [check.says for check in self.checks if not check.passed]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return {"mode": self.mode, "passed": self.passed, "checks": [asdict(check) for check in self.checks]}


def judge(
    *, challenger: Figures, baselines: Mapping[str, Figures], champion: Figures, smoke: str | None, params: GateParams
) -> GateReport:
    """The report on a challenger from its figures by gate week, the baselines' and the champion's on weeks unseen by it.

    `smoke` is what went wrong in a clean process, None where nothing did.
    """
    if params.mode == "off":
        return GateReport((), params.mode)
    checks = [Check("serves", None, "loads and scores in a clean process", smoke is None, smoke or "serves in a clean process")]
    if challenger:
        checks += _of_weeks(challenger, baselines, params)
    if challenger and champion:
        same = {week: challenger[week] for week in champion}
        value = mean_f1(same) - mean_f1(champion)
        held = value >= -params.non_inferiority_f1
        checks.append(_check("champion", value, f">= -{params.non_inferiority_f1}", held, "mean F1 against the champion's"))
    return GateReport(tuple(checks), params.mode)


def _of_weeks(challenger: Figures, baselines: Mapping[str, Figures], params: GateParams) -> list[Check]:
    weeks = list(challenger.values())
    spread = max(week["highest"] for week in weeks) - min(week["lowest"] for week in weeks)
    volume = float(np.mean([week["recommended"] / max(week["purchases"], 1) for week in weeks]))
    calibration = float(np.mean([week["calibration"] for week in weeks]))
    best = max((mean_f1(figures) for figures in baselines.values()), default=0.0)
    low, high = params.calibration_low, params.calibration_high
    return [
        _check("chances", spread, "> 0 and finite", math.isfinite(spread) and spread > 0, "spread of the chances"),
        _check(
            "volume", volume, f"{params.volume_low} to {params.volume_high}",
            params.volume_low <= volume <= params.volume_high, "recommended pairs per purchase",
        ),
        _check("calibration", calibration, f"{low} to {high}", low <= calibration <= high, "expected per actual purchases"),
        _check("baselines", mean_f1(challenger) - best, ">= 0", mean_f1(challenger) >= best, "mean F1 against the best baseline's"),
    ]


def _check(name: str, value: float, limit: str, passed: bool, what: str) -> Check:
    return Check(name, value, limit, passed, f"{what}: {value:.3f} ({'holds' if passed else 'fails'} {limit})")
