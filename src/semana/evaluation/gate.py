"""The gate: what a challenger must hold before it may serve, each check with its value, limit and verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from semana.evaluation.race import Evidence
from semana.models.base import Floats
from semana.params import GateParams

_FLAT = 0.001  # probabilities that differ by less order nothing that people could act on


@dataclass(frozen=True)
class Check:
    """One check; `says` is a sentence for people.

    One that `warns` holds, and asks to be looked at; one not `judged` had nothing to judge by, and refuses nobody.
    """

    name: str
    value: float | None
    limit: str
    passed: bool
    says: str
    warns: bool = False
    judged: bool = True

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if not self.judged:
            return "not judged"
        return ("warns" if self.warns else "holds") if self.passed else "fails"

    @property
    def figure(self) -> str:
        """The value for people, with at most four decimals; a dash where there is none.

        >>> [Check("f1", value, "0", passed=True, says="").figure for value in (3.0, -0.00058014, 0.98, None)]
        ['3', '-0.0006', '0.98', '–']
        """
        if self.value is None:
            return "–"
        return f"{self.value:,.4f}".rstrip("0").rstrip(".")

    @property
    def reason(self) -> str:
        """Why it refuses, where it fails: what was found, and what was allowed."""
        found = "" if self.value is None else f" {self.figure} (allowed: {self.limit})"
        return f"{self.name}:{found} {self.says}"


@dataclass(frozen=True)
class GateReport:
    """All checks. `passed` is their verdict; `admitted` is what the mode makes of it."""

    checks: tuple[Check, ...]
    mode: str

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    @property
    def admitted(self) -> bool:
        """Whether the challenger may serve: refusals count in mode `enforce` alone."""
        return self.passed or self.mode != "enforce"

    def to_json(self) -> dict[str, Any]:
        """Plain values; a value that is no number is null."""
        checks = [asdict(check) for check in self.checks]
        return {"passed": self.passed, "admitted": self.admitted, "mode": self.mode, "checks": checks}

    def to_markdown(self) -> str:
        """The report as a page."""
        verdict = (
            "passed" if self.passed else "refused" if self.mode == "enforce" else f"would be refused ({self.mode})"
        )
        lines = [f"# Gate: {verdict}", "", "| check | value | limit | verdict | |", "|---|---|---|---|---|"]
        for check in self.checks:
            held = check.verdict if check.passed else "**fails**"
            lines.append(f"| {check.name} | {check.figure} | {check.limit} | {held} | {check.says} |")
        return "\n".join(lines) + "\n"


def judge(
    challenger: Evidence,
    baselines: Mapping[str, Evidence],
    champion: Evidence | None,
    *,
    smoke: str | None,
    probabilities: Floats,
    params: GateParams,
    more: Sequence[Check] = (),
) -> GateReport:
    """The report on a challenger.

    Evidence is of the same gate weeks for all; the champion's is of those that it, or its twin, has not learned from.
    `smoke` is what went wrong when the bundle was loaded and scored in a clean process (None: nothing).
    `probabilities` are those of the refitted challenger, `more` are checks that were made elsewhere. A check whose
    weeks are missing is not judged, and says so.
    """
    if params.mode == "off":
        return GateReport((), params.mode)
    checks = [
        Check("serves in a clean process", None, "same scores", smoke is None, smoke or "loaded and scored as saved"),
        *_sane(probabilities, bought=_all_bought(challenger)),
        _within(
            "plausible volume",
            challenger.mean("recommended") / _nonzero(challenger.mean("purchases")),
            params.volume_low,
            params.volume_high,
            "recommended pairs per purchase",
        ),
        _within(
            "calibrated",
            challenger.mean("expected") / _nonzero(challenger.mean("inside")),
            params.calibration_low,
            params.calibration_high,
            "expected purchases per actual one among the candidates",
        ),
        *(_not_below(f"not worse than {name}", challenger, other, 0.0) for name, other in baselines.items()),
    ]
    if champion is not None:
        margin = params.non_inferiority_f1
        checks.append(_not_below("not worse than the champion", challenger, champion, margin))
    return GateReport((*checks, *more), params.mode)


def _sane(probabilities: Floats, *, bought: bool) -> list[Check]:
    wrong = int((~((probabilities >= 0) & (probabilities <= 1))).sum())
    spread = float(probabilities.max() - probabilities.min()) if len(probabilities) and not wrong else 0.0
    return [
        Check(
            "probabilities are numbers", float(wrong), "0 outside 0 to 1", wrong == 0, f"{len(probabilities)} scored"
        ),
        Check(
            "not constant",
            spread,
            f"above {_FLAT}",
            spread > _FLAT or (bought and not wrong),
            "every pair was bought, none could be told apart" if bought else "highest less lowest probability",
        ),
    ]


def _all_bought(challenger: Evidence) -> bool:
    """Whether every candidate pair of the gate weeks was bought: then alike is right."""
    weeks = challenger.weeks.values()
    return bool(weeks) and all(0 < week["pairs"] == week["inside"] for week in weeks)


def _within(name: str, value: float, low: float, high: float, says: str) -> Check:
    if math.isnan(value):
        return Check(name, None, f"{low} to {high}", passed=True, says="no gate week to judge by", judged=False)
    return Check(name, value, f"{low} to {high}", low <= value <= high, says)


def _not_below(name: str, challenger: Evidence, other: Evidence, margin: float) -> Check:
    value = challenger.lead("f1", other)
    limit = f"{-margin if margin else 0:g} or more"
    if math.isnan(value):
        return Check(name, None, limit, passed=True, says="no gate week that it has not seen", judged=False)
    return Check(name, value, limit, value >= -margin, "difference of mean F1")


def _nonzero(value: float) -> float:
    return value or float("nan")
