"""The drift page: the distributions of what moved, named, in an order that people expect."""

from __future__ import annotations

import re
from typing import Any

from semana.reports.drift import drift_page


def report(*shapes: dict[str, Any]) -> dict[str, Any]:
    return {
        "judged_week": "2025-W10",
        "verdict": "not enough data",
        "worst": None,
        "absent": [],
        "weeks": [],
        "moved": [],
        "shapes": list(shapes),
        "telling": None,
        "deliveries": [],
    }


def of_kinds(column: str, bins: list[str], now: list[float], then: list[float]) -> dict[str, Any]:
    return {"column": column, "kind": "category", "bins": bins, "now": now, "then": then}


def test_days_of_the_week_keep_their_order_and_other_kinds_stand_by_size() -> None:
    days, now, then = ["1", "2", "3"], [0.1, 0.5, 0.4], [0.5, 0.1, 0.4]
    page = drift_page(report(of_kinds("weekday", days, now, then), of_kinds("segment", ["a", "b", "c"], now, then)))
    assert re.findall(r"class=\"label end\"[^>]*>([^<]+)<", page) == ["1", "2", "3", "a", "b", "c"]


def test_kinds_without_a_name_are_told_in_words_and_dwarf_no_bar() -> None:
    page = drift_page(report(of_kinds("products", ["7 milk", "(other)"], [0.02, 0.98], [0.01, 0.99])))
    assert "All others together: 98%, before 99%." in page
    assert re.findall(r"class=\"label end\"[^>]*>([^<]+)<", page) == ["7 milk"]


def test_a_history_too_short_has_no_empty_chart_and_no_empty_table() -> None:
    page = drift_page(report())
    assert "Score by week" not in page
    assert "Every column" not in page
    assert "Too few weeks are known to judge 2025-W10 by" in page
