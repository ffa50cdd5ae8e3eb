"""The page of a training: well formed, with a figure for each question, and in need of nothing but itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from semana.evaluation.curves import Curves
from semana.evaluation.portrait import Moved, Portrait
from semana.reports.canvas import WIDTH
from semana.reports.swarm import dependence, swarm
from semana.reports.training import training_page
from tests.reports.test_backtest import Page

METRICS = {"f1": 0.5, "precision": 0.5, "recall": 0.5, "average_precision": 0.5, "recommended": 20, "purchases": 20}
RECORD: dict[str, Any] = {
    "best": "boosting",
    "says": "boosting: best mean F1 of 2 weeks <b>",
    "about": {"week": "2025-W02", "source": "corner & sons", "position": "7"},
    "evidence": {name: {"2024-W52": METRICS, "2025-W01": METRICS} for name in ("recent_repeat", "boosting")},
}
CURVES = Curves(0.9, 0.01, 0.97, [(0.1, 0.2, 100), (0.8, 0.7, 9)], [(0.0, 0.0), (10.0, 0.6), (40.0, 0.9)], 100.0)
MOVED = (
    Moved("weeks_since", 0.6, tuple((float(n % 9), (n % 9 - 4) / 5) for n in range(700))),
    Moved("usual_gap", 0.2, ((None, -0.1), (None, 0.2), (3.0, 0.1))),
    Moved("always_unknown", 0.1, ((None, -0.1),)),
)
PORTRAIT = Portrait(CURVES, ((0.1, 6.0), (0.4, 2.2)), MOVED, 1.2)


def titles(text: str) -> list[str]:
    return re.findall(r"<figure class=\"card\">\s*<h2>(.*?)</h2>", text)


def test_the_page_has_a_figure_for_each_question():
    text = training_page(RECORD, PORTRAIT)
    assert Page(text).open == []
    assert titles(text) == [
        "Are the probabilities right?",
        "Lift",
        "Cumulative gains",
        "Importance of features",
        "What moves the scores",
        "weeks since",
        "usual gap",
        "always unknown",
    ]
    assert "corner &amp; sons" in text
    assert "2 weeks &lt;b&gt;" in text


def test_the_page_needs_nothing_but_itself():
    text = training_page(RECORD, PORTRAIT)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in Page(text).tags)
    assert re.findall(r"https?:|//[a-z]|url\(|@import", text) == []
    defined = set(re.findall(r"(--\w+):", text))
    assert set(re.findall(r"var\((--\w+)\)", text)) <= defined


@pytest.mark.parametrize("moved", [MOVED, MOVED[:1], ()])
def test_what_is_not_known_has_no_figure(moved: tuple[Moved, ...]):
    text = training_page({**RECORD, "evidence": {"boosting": {}}}, Portrait(None, (), moved, 1.0))
    assert Page(text).open == []
    assert titles(text)[2:] == [each.name.replace("_", " ") for each in moved]


def test_every_dot_lies_within_its_figure():
    for drawn in (swarm([(each.name, each.pairs) for each in MOVED]), *(dependence(m.name, m.pairs) for m in MOVED)):
        height = float(re.search(r'viewBox="0 0 \d+ (\d+)"', drawn)[1])
        dots = re.findall(r'cx="([^"]+)" cy="([^"]+)"', drawn)
        assert dots
        assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= height for x, y in dots)


def test_dots_of_high_values_are_darker_and_unknown_ones_are_hollow():
    drawn = swarm([(each.name, each.pairs) for each in MOVED[:2]])
    assert {"spot s0", "spot s4", "spot unknown"} <= set(re.findall(r'class="(spot [^"]+)"', drawn))
