"""The gate's page: well formed, and every check on it with its value, limit, verdict and words."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from semana.evaluation.gate import Check, GateReport
from semana.reports.gate import gate_page, summary, verdict

GOOD = Check("calibrated", 0.98, "0.67 to 1.5", passed=True, says="expected purchases per actual one")
OLD = Check("golden set young enough", 60.0, "52 weeks", passed=True, says="60 weeks old", warns=True)
BAD = Check("case <largest>", -0.0213, "-0.0100 or more", passed=False, says="F1 0.512, champion 0.533")
VOID = {"meta", "br", "link", "img"}


def about(**changed: Any) -> dict[str, Any]:
    f1 = {"boosting": {"2024-W40": 0.6, "2024-W41": 0.61}, "champion": {"2024-W41": 0.6}}
    return {
        "week": "2024-W42",
        "run": "2024-W42-0001",
        "challenger": "boosting",
        "bundle": "0123456789abcdef",
        "champion": "1.0.0",
        "says": "boosting: best mean F1 of 2 weeks",
        "f1": f1,
        "label_weeks": {"fit": ["2024-W30", "2024-W31"], "calibrate": [], "gate": ["2024-W40"]},
        **changed,
    }


class Reader(HTMLParser):
    """Collects the words of a page, and fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += data.split()


def page(*checks: Check, mode: str = "enforce", **changed: Any) -> str:
    return gate_page(GateReport(checks, mode), about(**changed))


def words_of(text: str) -> str:
    return " ".join(Reader(text).words)


def test_every_check_stands_on_the_page_with_value_limit_verdict_and_words():
    said = words_of(page(GOOD, BAD, OLD))
    assert "calibrated 0.98 0.67 to 1.5 holds expected purchases per actual one" in said
    assert "case <largest> -0.0213 -0.0100 or more fails F1 0.512, champion 0.533" in said
    assert "golden set young enough 60 52 weeks warns 60 weeks old" in said


def test_the_page_says_first_what_became_of_the_challenger_and_why():
    said = words_of(page(GOOD, BAD, OLD))
    assert "Gate of 2024-W42: refused" in said
    assert "2 of 3 checks hold. case <largest>: -0.0213 (allowed: -0.0100 or more)" in said
    assert "To be looked at: 60 weeks old." in said


def test_weeks_that_the_champion_was_not_judged_on_are_a_dash():
    assert "champion – 0.600" in words_of(page(GOOD))


def test_a_page_without_gate_weeks_and_without_a_champion_is_whole():
    said = words_of(page(GOOD, champion=None, f1={"boosting": {}}))
    assert "F1 in the gate weeks" not in said


def test_the_page_needs_nothing_but_itself():
    text = page(GOOD, BAD)
    assert "<script" not in text
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize(
    ("checks", "mode", "says"),
    [
        ((GOOD,), "enforce", "passed"),
        ((BAD,), "enforce", "refused"),
        ((BAD,), "dry_run", "would be refused"),
        ((), "off", "not checked"),
    ],
)
def test_the_verdict(checks, mode, says):
    assert verdict(GateReport(checks, mode)) == says


def test_the_summary_counts_what_holds():
    assert summary((GOOD, OLD)).startswith("2 of 2 checks hold.")


def test_what_could_not_be_judged_is_not_counted_as_holding():
    unjudged = Check("not worse than the champion", None, "-0.01 or more", passed=True, says="no week", judged=False)
    assert summary((GOOD, unjudged)) == ("1 of 1 checks hold. Not judged, for want of weeks or a model to compare: 1.")
    assert {"not", "judged"} < set(Reader(page(GOOD, unjudged)).words)
    assert unjudged.verdict == "not judged"


def test_the_summary_tells_the_first_reason_and_names_the_others():
    said = summary((GOOD, BAD, replace(BAD, name="calibrated"), replace(BAD, name="not constant")))
    assert said == f"1 of 4 checks hold. {BAD.reason}. Nor do: calibrated, not constant."
