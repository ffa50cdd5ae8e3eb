"""A backtest for people: the sentence, the table of 80 columns, and a page that needs nothing but itself."""

from __future__ import annotations

import copy
import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from rich.console import Console

from semana.reports import canvas, figures
from semana.reports.backtest import backtest_page, backtest_report, verdict

WEEKS = ["2024-W52", "2025-W01", "2025-W02"]
METRICS = ("f1", "precision", "recall_at_10", "ndcg_at_10", "map", "average_precision", "purchases")


def model(f1: float, importance: dict[str, float] | None = None) -> dict[str, Any]:
    metrics = dict.fromkeys(METRICS, 0.5) | {"f1": f1}
    return {
        "mean": metrics,
        "pooled": {"calibration": 0.9, "ece": 0.01, "covered": 0.97},
        "weeks": {week: {"f1": f1 + n / 100} for n, week in enumerate(WEEKS)},
        "kinds": {"repeat": {"f1": f1}, "explore": {"f1": None}},
        "segments": {"largest": metrics, "type: <b>kiosk</b>": metrics},
        "reliability": [{"predicted": 0.1, "bought": 0.2, "pairs": 100}, {"predicted": 0.8, "bought": 0.7, "pairs": 9}],
        "gains": [{"pairs": 0.0, "found": 0.0}, {"pairs": 10.0, "found": 0.6}, {"pairs": 40.0, "found": 0.9}],
        "lift": [{"share": 0.1, "times": 6.7}, {"share": 0.4, "times": 2.5}],
        "importance": importance,
    }


def difference(name: str, mean: float, low: float | None, high: float | None) -> list[dict[str, Any]]:
    shared = {"model": name, "baseline": "decayed_frequency", "mean": mean, "low": low, "high": high, "weeks": 3}
    return [shared | {"metric": metric} for metric in ("f1", "average_precision", "recall_at_10", "ndcg_at_10", "map")]


RECORD: dict[str, Any] = {
    "id": "0123456789ab",
    "made_from": {"source": "corner & sons", "as_of": "2025-01-12", "position": 7, "semana": "0.1.0"},
    "weeks": WEEKS,
    "models": {
        "boosting": model(0.6, {"weeks_bought": 3.0, "popularity": 1.0}),
        "decayed_frequency": model(0.56),
        "personal_frequency": model(0.5),
    },
    "best_baseline": "decayed_frequency",
    "differences": difference("boosting", 0.04, 0.01, 0.07) + difference("personal_frequency", -0.06, -0.13, 0.01),
    "level": {
        week: {"forecast": 20.0, "low": 15.0, "high": 25.0, "bought": bought, "inside": bought < 26}
        for week, bought in zip(WEEKS, (18, 24, 31), strict=True)
    },
}


class Page(HTMLParser):
    """Every tag of a page with its attributes, and that each is closed where it must be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text() -> str:
    return backtest_page(RECORD)


def test_the_page_is_well_formed_and_has_a_figure_for_each_question(text):
    page = Page(text)
    assert page.open == []
    titles = re.findall(r"<figure class=\"card\">\s*<h2>(.*?)</h2>", text)
    assert titles == [
        "F1 by week",
        "Better than the best baseline?",
        "Cumulative gains",
        "Lift",
        "Are the probabilities right?",
        "Who is served well?",
        "Purchases of the week",
        "Importance of features",
    ]


def test_the_page_needs_nothing_but_itself(text):
    page = Page(text)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in page.tags)
    reaching = {"src", "href", "xlink:href", "srcset", "action", "background"}
    assert [attributes for _, attributes in page.tags if reaching & attributes.keys()] == []
    assert re.findall(r"https?:|//[a-z]|url\(|@import", text) == []


def test_words_of_the_data_are_words_on_the_page(text):
    assert "corner &amp; sons" in text
    assert "&lt;b&gt;kiosk&lt;/b&gt;" in text
    assert "<b>kiosk" not in text


def test_the_page_has_a_light_and_a_dark_dress_and_fits_a_phone(text):
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport" content="width=device-width' in text
    light, dark = (set(re.findall(r"(--\w+):", part)) for part in text.split("prefers-color-scheme: dark", 1))
    assert light == dark
    assert set(re.findall(r"var\((--\w+)\)", text)) <= light


def test_no_figure_holds_a_place_that_is_no_number(text):
    assert re.findall(r"(?<![a-z])(?:nan|inf|None)(?![a-z])", text) == []
    for tag, attributes in Page(text).tags:
        if tag == "text":
            assert 0 <= float(attributes["x"] or 0) <= canvas.WIDTH


def test_the_table_fits_eighty_columns_and_marks_what_is_sure():
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(backtest_report(RECORD, where="backtests/0123456789ab/backtest.html"))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith(" personal_frequency  0.500") for line in lines)
    assert any("+.040 ±.030*" in line for line in lines)
    assert any("-.060 ±.070 " in line for line in lines)
    assert "2 of 3 weeks inside the 80 % interval of the forecast." in "\n".join(lines)


def test_the_verdict_says_what_is_best_and_how_sure_that_is():
    assert verdict(RECORD) == (
        "Best is boosting, with a mean F1 of 0.600 over 3 weeks. That is +0.040 against decayed_frequency, the best "
        "baseline (95 % interval +0.010 to +0.070)."
    )


def test_the_verdict_knows_when_no_model_beats_the_baseline():
    worse = copy.deepcopy(RECORD)
    worse["models"]["boosting"]["mean"]["f1"] = 0.4
    assert "It is a baseline: none of the other models beats it." in verdict(worse)


def test_one_week_and_one_model_make_a_page_too():
    week = WEEKS[0]
    one = copy.deepcopy(RECORD)
    only = one["models"]["boosting"]
    only["weeks"] = {week: only["weeks"][week]}
    one |= {"weeks": [week], "models": {"boosting": only}, "best_baseline": None, "differences": []}
    one["level"] = {week: one["level"][week]}
    assert Page(backtest_page(one)).open == []
    assert verdict(one) == "Best is boosting, with a mean F1 of 0.600 over 1 week."


@pytest.mark.parametrize(
    ("first", "last", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.47, 0.63, [0.5, 0.55, 0.6]),
        (-13, 11, [-10, -5, 0, 5, 10]),
        (-45, 90, [-25, 0, 25, 50, 75]),
        (0, 20884, [0, 5000, 10000, 15000, 20000]),
    ],
)
def test_ticks_are_round(first, last, ticks):
    assert canvas.Scale(first, last, 0, 100).ticks == ticks


def test_a_scale_goes_straight_from_values_to_places():
    up = canvas.Scale(0, 2, 200, 0)
    assert [up(value) for value in (0, 0.5, 2)] == [200, 150, 0]


def test_more_models_than_colours_still_have_a_mark():
    assert "m7" in figures.mark_of(7)


@pytest.mark.parametrize("name", ["milk", "TIENDA DE CONVENIENCIA Y MAYORISTA", "x" * 99])
def test_a_name_gets_the_room_it_needs_and_at_most_half_of_the_figure(name):
    assert canvas.room_for([name]) <= canvas.WIDTH / 2
    assert canvas.short(name).removesuffix("…") in name
    assert canvas.short("milk") == "milk"
