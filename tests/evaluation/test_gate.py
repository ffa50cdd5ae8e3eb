"""What a challenger must hold."""

from __future__ import annotations

import json

import numpy as np
import pytest

from semana.data.weeks import Week
from semana.evaluation.gate import judge
from semana.evaluation.race import Evidence
from tests.features.known import PARAMS

WEEKS = (Week.parse("2024-W40"), Week.parse("2024-W41"))
GOOD = {"f1": 0.6, "recommended": 100.0, "purchases": 110.0, "expected": 95.0, "inside": 100.0, "pairs": 900.0}
CHANCES = np.array([0.1, 0.9])


def evidence(name="challenger", **changed: float) -> Evidence:
    return Evidence(name, dict.fromkeys(WEEKS, GOOD | changed))


def report(challenger=None, baseline=None, champion=None, *, smoke=None, chances=CHANCES, mode="enforce"):
    return judge(
        challenger or evidence(),
        {"rule": baseline or evidence("rule")},
        champion,
        smoke=smoke,
        probabilities=chances,
        params=PARAMS.gate.model_copy(update={"mode": mode}),
    )


def test_a_good_challenger_passes_every_check():
    assert report(champion=evidence("champion")).passed


@pytest.mark.parametrize(
    ("faults", "check"),
    [
        ({"smoke": "exit 134"}, "serves in a clean process"),
        ({"chances": np.array([0.1, np.nan])}, "probabilities are numbers"),
        ({"chances": np.array([0.3, 0.3])}, "not constant"),
        ({"challenger": evidence(recommended=10.0)}, "plausible volume"),
        ({"challenger": evidence(recommended=500.0)}, "plausible volume"),
        ({"challenger": evidence(expected=300.0)}, "calibrated"),
        ({"baseline": evidence(f1=0.601)}, "not worse than rule"),
        ({"champion": evidence("champion", f1=0.62)}, "not worse than the champion"),
    ],
)
def test_a_fault_fails_its_check(faults, check):
    found = report(**faults)
    assert not found.passed
    assert not found.admitted
    assert check in [each.name for each in found.checks if not each.passed]


def test_where_every_pair_was_bought_alike_is_right():
    bought = {"pairs": 100.0, "inside": 100.0, "f1": 0.95}
    alike = np.array([0.98, 0.98])
    assert report(evidence(**bought), chances=alike).passed
    assert not report(evidence(**bought), chances=alike * np.nan).passed
    assert not report(evidence(**bought | {"inside": 99.0}), chances=alike).passed


def test_a_challenger_may_be_a_little_worse_than_the_champion():
    assert report(champion=evidence("champion", f1=0.609)).passed


def test_the_champion_is_judged_on_weeks_it_has_not_seen():
    challenger = Evidence("challenger", {WEEKS[0]: GOOD | {"f1": 0.1}, WEEKS[1]: GOOD})
    assert not report(challenger, Evidence("rule", {}), evidence("champion")).passed
    assert report(challenger, Evidence("rule", {}), Evidence("champion", {WEEKS[1]: GOOD})).passed
    unseen = report(challenger, champion=Evidence("champion", {})).checks[-1]
    assert (unseen.verdict, unseen.says) == ("not judged", "no gate week that it has not seen")


def test_without_gate_weeks_what_needs_none_is_still_checked():
    none = Evidence("challenger", {})
    assert report(none, none).passed
    assert not report(none, none, chances=np.array([2.0])).passed


def test_dry_run_reports_and_admits_and_off_checks_nothing():
    dry = report(smoke="exit 134", mode="dry_run")
    assert (dry.passed, dry.admitted) == (False, True)
    assert report(smoke="exit 134", mode="off").checks == ()


def test_the_report_can_be_read_by_programs_and_people():
    found = report(smoke="exit 134")
    assert json.loads(json.dumps(found.to_json()))["passed"] is False
    assert "| serves in a clean process | – | same scores | **fails** | exit 134 |" in found.to_markdown()
