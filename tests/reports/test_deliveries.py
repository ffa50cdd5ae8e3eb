"""What was delivered, on a terminal: which rows were put aside and why, what was taken back, a row a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from semana.reports.deliveries import deliveries_table, delivery_report, landed_report

HASH = "0acfc17361d4336558c1ae191038b9fc23e0f48f30eb43847595cf1c36b3d19c"
COUNTS = {"rows": 960, "kept": 939, "quarantined": 21, "filtered": 0, "repeated": 0}


def printed(what: RenderableType, *, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def shown(**facts: Any) -> str:
    delivery = {
        "hash": HASH,
        "delivered": HASH,
        "file": "transactions.csv",
        "source": "canonical",
        "position": 3,
        "arrival": datetime(2024, 11, 4, 12, tzinfo=UTC),
        "posted": False,
        "accepted": None,
        "tables": {"transactions": {**COUNTS, "days": {"2024-09-30": 939}}},
        "put_aside": [
            {
                "table": "transactions",
                "reason": "quantity is 0",
                "rows": 20,
                "first": [{"row": 4, "value": "Menge '0'"}],
            },
            {
                "table": "transactions",
                "reason": "customer_id is missing",
                "rows": 1,
                "first": [{"row": 9, "value": ""}],
            },
        ],
        "retraction": None,
    }
    return printed(delivery_report({**delivery, **facts}))


def test_a_delivery_tells_which_rows_were_put_aside_and_why() -> None:
    text = shown()
    said = ("quantity is 0", "20", "row 4: Menge '0'", "customer_id is missing", "row 9", f"quarantine/{HASH[:8]}")
    assert [word for word in said if word not in text] == []
    assert "row 9:" not in text
    assert "days" not in text
    assert "retracted" not in text
    assert "defined anew" not in text


def test_a_delivery_without_bad_rows_says_so_and_a_retracted_one_by_what() -> None:
    back = {"number": 7, "arrival": "2024-12-01T00:00:00+00:00", "reason": "the wrong branch"}
    text = shown(put_aside=[], retraction=back)
    assert "No row was put aside." in text
    assert "by 7, 2024-12-01: the wrong branch" in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_deliveries_mark_what_was_taken_back_and_break_no_name(width: int) -> None:
    file = "transactions-2024-W40.parquet"
    row = {"position": 1, "hash": HASH, "what": file, "state": "retracted by 2", "rows": 1960, "put aside": 21}
    days = {"from": "2024-09-30", "to": "2024-10-19", "arrived": "2024-11-04"}
    text = printed(deliveries_table([{**row, **days}]), width=width)
    assert all(each in text for each in (file, "retracted by 2", HASH[:8], "1,960", "21", *days.values()))
    assert HASH not in text


@pytest.mark.parametrize("width", [80, 120])
def test_what_landed_is_a_row_a_file_and_table(width: int) -> None:
    tables = {"transactions": {**COUNTS, "repeated": 2}, "products": {**COUNTS, "quarantined": 0}}
    one = {"outcome": "landed", "file": "online-2024.csv", "hash": HASH, "position": 1, "tables": tables}
    again = {**one, "outcome": "already landed", "file": "again.csv", "tables": {"products": COUNTS}}
    live = {"week": "2024-W44", "until": "2024-11-02", "odd": [], "projected_lines": None}
    letters = {"taken": 0, "refused": 0}
    summary = {
        "step": "ingest",
        "rows": {},
        "deliveries": [one, again],
        "position": 1,
        "letters": letters,
        "live": live,
    }
    lines = [line.split() for line in printed(landed_report(summary), width=width).splitlines()]
    assert [line for line in lines if line[-4:] == ["960", "939", "21", "2"]]
    assert [line for line in lines if line == ["products", "960", "939", "0", "0"]] or width == 80
    assert any("again.csv" in line for line in lines)
    assert any(line[-2:] == ["already", "landed"] or line[1:3] == ["already", "landed"] for line in lines)
    assert ["position", "1"] in lines
    assert HASH not in printed(landed_report(summary), width=width)


def test_nothing_that_came_is_said_in_words() -> None:
    summary = {"step": "ingest", "rows": {}, "deliveries": [], "position": 4, "letters": {"taken": 0, "refused": 0}}
    assert "Nothing new came." in printed(landed_report({**summary, "live": None}))
