"""A pair explained for people, and the calls: tables of 80 columns, in the reader's language."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from semana.reports.explain import explanation
from semana.reports.terminal import calls_table

REASONS = [
    {"code": "weeks_of_last_4", "value": 3.0, "contribution": 1.0},
    {"code": "weeks_since", "value": 1.0, "contribution": -0.3},
    {"code": "days_since", "value": 4.0, "contribution": -0.2},
    {"code": "product_again_next_week", "value": 0.25, "contribution": 0.01},
]
FOUND: dict[str, Any] = {
    "week": "2025-W08",
    "customer_id": 2,
    "customer": "Ana",
    "owner": "north",
    "product_id": "m-1",
    "product": None,
    "probability": 0.345,
    "kind": "overdue",
    "last_bought": "2025-02-12",
    "usual_gap_days": 7.5,
    "base": -1.0,
    "reasons": REASONS,
    "scored": "batch",
    "rank": 3,
    "recommended": True,
    "excluded": False,
    "cut": 0.3,
    "model_version": "1.2.3",
}


def shown(what: RenderableType) -> list[str]:
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(what)
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_a_pair_is_told_with_its_facts_and_reasons_with_bars_in_proportion() -> None:
    lines = shown(explanation(FOUND, top=3, lang="en"))
    assert lines[0] == "2025-W08, customer 2 Ana, product m-1"
    facts = dict(line.strip().split("   ", 1) for line in lines if "   " in line.strip() and "█" not in line)
    assert facts["chance"].strip() == "34%"
    assert facts["recommended"].strip() == "yes (the list begins at 30%)"
    assert facts["usual gap"].strip() == "7.5 days"
    told = [tuple(line.split(maxsplit=2)) for line in lines if "█" in line]
    assert told == [
        ("raises", "█" * 16, "bought in 3 of the last 4 weeks"),
        ("lowers", "█" * 8, "last bought 1 week ago"),
        ("raises", "█", "25% of its buyers take it again the next week"),
    ]


def test_it_is_told_in_spanish() -> None:
    said = "\n".join(shown(explanation(FOUND, top=1, lang="es")))
    for words in ("cliente 2 Ana, producto m-1", "7,5 días", "atrasado", "sí (la lista empieza en 30 %)", "sube"):
        assert words in said
    assert "última compra hace" not in said  # one reason was asked for


@pytest.mark.parametrize(
    ("recommended", "lang", "says"),
    [
        (False, "en", "no (exclude.csv names it)"),
        (False, "es", "no (excluido por exclude.csv)"),
        (True, "en", "yes (exclude.csv names it since)"),
    ],
)
def test_an_excluded_pair_says_so(recommended: bool, lang: str, says: str) -> None:
    found = FOUND | {"recommended": recommended, "excluded": True, "probability": 0.9}
    assert any(line.endswith(says) for line in shown(explanation(found, top=1, lang=lang)))


def test_a_pair_scored_now_says_so() -> None:
    live = FOUND | {"scored": "live", "rank": None, "recommended": False, "usual_gap_days": None, "last_bought": None}
    said = "\n".join(shown(explanation(live, top=5, lang="en")))
    assert "scored now" in said
    assert "no (the list begins at 30%)" in said
    assert "never" in said
    assert "usual gap" not in said


CALL = {"customer_id": 12345678, "products": 12, "expected_purchases": 8.25, "expected_amount": 1234.5}


@pytest.mark.parametrize(("label", "owner"), [("Ultramarinos La Esquina de Valparaíso", "zona norte"), (None, None)])
def test_calls_name_customer_and_owner_where_the_source_does(label: str | None, owner: str | None) -> None:
    lines = shown(calls_table([CALL | {"label": label, "owner": owner}], title="2025-W08, 1 calls"))
    assert max(map(len, lines)) <= 80
    said = " ".join(" ".join(lines).split())
    assert ("Ultramarinos" in said, "zona norte" in said, "owner" in said) == ((label is not None),) * 3
    assert "1,234.50" in said
    assert "None" not in said
