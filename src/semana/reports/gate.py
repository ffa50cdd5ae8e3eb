"""The gate's report as a page that a person can read: one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from semana.evaluation.gate import Check, GateReport
from semana.reports.pages import page

_GROUPS = (
    ("The model and the weeks it has not seen", "Each is judged by the real decision, on the same weeks.", False),
    (
        "The golden set",
        "Frozen weeks that no model learns from. No critical case may be worse than the champion's beyond chance.",
        True,
    ),
)


def gate_page(report: GateReport, about: Mapping[str, Any]) -> str:
    """The page: every check with its value, limit and verdict, and the F1 of every model in the gate weeks.

    `about`: week, run, challenger, bundle, champion (its version), says, f1 (by model and week), label_weeks.
    """
    weeks = sorted({week for found in about["f1"].values() for week in found})
    groups = [
        {"title": title, "says": says, "checks": [_check(check) for check in report.checks if _golden(check) is golden]}
        for title, says, golden in _GROUPS
    ]
    rows = [
        {"name": name, "values": [f"{found[week]:.3f}" if week in found else "–" for week in weeks]}
        for name, found in about["f1"].items()
        if weeks
    ]
    return page(
        "gate.html",
        **{
            **about,
            "f1": {"weeks": weeks, "rows": rows},
            "passed": report.passed,
            "mode": report.mode,
            "verdict": verdict(report),
            "summary": summary(report.checks),
            "groups": [group for group in groups if group["checks"]],
        },
    )


def verdict(report: GateReport) -> str:
    """What became of the challenger, in a word or two."""
    if report.passed:
        return "passed" if report.checks else "not checked"
    return "refused" if report.mode == "enforce" else "would be refused"


def summary(checks: Sequence[Check]) -> str:
    """How many checks hold, how many could not be judged, which fail, and the reason of the first of them."""
    failed = [check for check in checks if not check.passed]
    judged = [check for check in checks if check.judged]
    held = f"{len(judged) - len(failed)} of {len(judged)} checks hold."
    unjudged = [f"Not judged, for want of weeks or a model to compare: {len(checks) - len(judged)}."]
    warned = [f"To be looked at: {check.says}." for check in checks if check.warns]
    first = [f"{check.reason}." for check in failed[:1]]
    others = [f"Nor do: {', '.join(check.name for check in failed[1:])}."] if failed[1:] else []
    return " ".join([held, *(unjudged if len(judged) < len(checks) else []), *first, *others, *warned])


def _golden(check: Check) -> bool:
    return check.name.startswith(("golden ", "case ", "critical "))


def _check(check: Check) -> dict[str, str]:
    side = "worse" if not check.passed else "warns" if check.warns or not check.judged else "better"
    return {
        "name": check.name,
        "value": check.figure,
        "limit": check.limit,
        "verdict": check.verdict,
        "side": side,
        "says": check.says,
    }
