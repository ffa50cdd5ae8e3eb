"""A step's summary as an operator reads it."""

from __future__ import annotations

from semana_airflow.notes import note_of, shortened


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
        "seconds: 0.01235",
        "deliveries: 1",
        "  - file a.csv; outcome landed; tables transactions kept 5",
    ]


def test_a_long_list_is_shown_in_part_and_says_how_much_is_missing() -> None:
    files = [{"file": f"{n}.csv", "outcome": "landed"} for n in range(1000)]
    found = note_of({"deliveries": files, "told": [f"told {n}" for n in range(1000)], "steps": {"ingest": None}})
    assert found.splitlines()[0] == "deliveries: 1,000"
    assert "  - file 11.csv; outcome landed\n  - and 988 more\n" in found
    assert "told 11; and 988 more" in found
    assert "ingest" not in found


def test_a_note_is_no_longer_than_airflow_shows() -> None:
    found = note_of({"reasons": ["x" * 1000] * 10})
    assert len(found) < 4000
    assert found.endswith("the rest: in its XCom, or in its log")
    assert shortened("short") == "short"
