"""The tables of the terminal: what is left out is said, in both languages, and nothing is wider than it must be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from rich.console import Console

from semana.reports.comparison import comparison
from semana.reports.terminal import calls_table, facts_table, list_table

FIGURES = ("f1", "average_precision", "recall_at_10", "ndcg_at_10")


def row(product: str, chance: float, *, recommended: bool) -> dict[str, Any]:
    return {
        "customer_id": 7,
        "product_id": product,
        "probability": chance,
        "kind": "usual",
        "usual_quantity": 17_600.0,
        "last_bought": date(2024, 12, 1),
        "recommended": recommended,
        "product": None,
        "reasons": [{"code": "streak", "value": 4.0, "contribution": 0.5}],
    }


def printed(table: Any, *, width: int = 120) -> str:
    console = Console(width=width, record=True)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ["product", "chance", "why", "75%", "17,600", "usual", "1 of 5 recommended", "· not recommended"]),
        ("es", ["producto", "probabilidad", "por qué", "75 %", "17.600", "habitual", "1 de 5", "· no recomendado"]),
    ],
)
def test_a_list_is_of_one_language_and_says_what_it_leaves_out(lang: str, said: list[str]) -> None:
    rows = [row("milk", 0.75, recommended=True), row("tea", 0.01, recommended=False)]
    text = printed(list_table(rows, title="2024-W50", who="product_id", lang=lang, recommended=5))
    assert [word for word in said if word not in text] == []


@pytest.mark.parametrize(("lang", "heads"), [("en", "chance kind qty last"), ("es", "prob. tipo cant. última")])
@pytest.mark.parametrize("both", [False, True])
def test_a_list_of_long_names_is_readable_at_80_columns(lang: str, heads: str, both: bool) -> None:
    named = {"customer": "Bar La Esquina, Calle Mayor", "product": "HISPANIC CARBONATED BEVERAGES"}
    rows = [{**row("935796", chance, recommended=True), **named} for chance in (0.75, 0.5)]
    text = printed(list_table(rows, title="2024-W50", who="product_id", both=both, lang=lang), width=80)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    told = ("bought 4 weeks in a row", "comprado 4 semanas seguidas")[lang == "es"]
    assert any(line.endswith(heads) for line in lines)
    assert sum(line.startswith(f"935796 {named['product']}") for line in lines) == 2
    assert lines.count(f"↑ {told}") == 2
    assert sum(line.startswith(f"7 {named['customer']}") for line in lines) == 2 * both
    assert max(map(len, text.splitlines())) <= 80


def test_calls_break_no_name_at_80_columns() -> None:
    called = {"customer_id": 7, "label": "Bar La Esquina, Calle Mayor", "owner": "north", "products": 12}
    expected = {"expected_purchases": 7.34, "expected_amount": 12345.6}
    text = printed(calls_table([{**called, **expected}], title="2024-W50"), width=80)
    assert "7 Bar La Esquina, Calle Mayor" in text
    assert "12,345.60" in text


def test_a_whole_list_has_nothing_below_it() -> None:
    text = printed(list_table([row("milk", 0.75, recommended=True)], title="", who="product_id", recommended=1))
    assert "recommended" not in text


def test_facts_are_a_line_each_nested_ones_too() -> None:
    nested = {"x": 0.123456, "in_it": {"deep": [{"a": 1}, {"a": 2}]}}
    text = printed(facts_table({"to_do": ["a", "b"], "left": nested, "held": True, "none": None, "no": []}))
    assert [" ".join(line.split()) for line in text.splitlines() if line.strip()] == [
        "to do a",
        "b",
        "left x: 0.1235",
        "in it:",
        "deep:",
        "a: 1",
        "a: 2",
        "held yes",
        "none –",
        "no –",
    ]
    places = [
        next(line for line in text.splitlines() if word in line).index(word) for word in ("in it", "deep", "a: 1")
    ]
    assert places == sorted(set(places))


def compared(low: float, high: float) -> str:
    model = {
        "bundle": "b",
        "family": "boosting",
        "seed": 1,
        "features": 2,
        "fit_weeks": 3,
        "last_label_week": "2024-W01",
        "gate": dict.fromkeys(FIGURES, 0.5),
        "fault": None,
    }
    interval = {"mean": (low + high) / 2, "low": low, "high": high}
    return printed(
        comparison(
            {
                "models": {"1.0.0": model, "1.0.1": model},
                "features": {"only_first": [], "only_second": []},
                "constants": {},
                "contracts": [],
                "realised": {
                    "weeks": ["2024-W02", "2024-W03"],
                    "difference": dict.fromkeys(FIGURES, interval),
                },
            }
        )
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.03, "1.0.1 was better"), (-0.03, -0.01, "1.0.0 was better"), (-0.01, 0.02, "neither was better")],
)
def test_a_comparison_ends_with_its_verdict(low: float, high: float, verdict: str) -> None:
    assert verdict in compared(low, high)
