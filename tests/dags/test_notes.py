"""A step's summary as an operator reads it."""

from __future__ import annotations

from semana_airflow.notes import note_of


def test_what_decides_stands_first_and_numbers_are_readable() -> None:
    summary = {
        "step": "decide",
        "seconds": 0.0123456,
        "rows": {"transactions": 1234567, "customers": None},
        "retrain": True,
        "reasons": ["told to retrain", "drift since 2025-W01, most in returns"],
        "deliveries": [{"file": "a.csv", "outcome": "landed", "hash": "abc", "tables": {"transactions": {"kept": 5}}}],
    }
    assert note_of(summary).splitlines() == [
        "retrain: yes",
        "reasons: told to retrain; drift since 2025-W01, most in returns",
        "rows:",
        "  transactions: 1,234,567",
        "  customers: none",
        "seconds: 0.01235",
        "deliveries: 1",
        "  - file a.csv; outcome landed; tables transactions kept 5",
    ]
