"""Columns as delivered: nothing is coerced in a way that could lose something."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semana.data.values import INTEGER, TEXT, looks_numeric, read_dates, read_ids, read_numbers, read_text
from semana.errors import ContractError


def ids(values: list[Any], *, kind: str | None = None, csv: bool = False) -> list[Any]:
    return read_ids(pl.Series(values), kind=kind, csv=csv, where="f.csv: column 'id'").to_list()


@pytest.mark.parametrize(
    ("values", "csv", "read"),
    [
        ([1, 2, None], False, [1, 2, None]),
        ([1.0, 2.0, None], False, [1, 2, None]),
        (["1", "2"], False, ["1", "2"]),
        (["1", "2", "", " "], True, [1, 2, None, None]),
        (["007", "1"], True, ["007", "1"]),
        (["17850.0", "3.0", ""], True, [17850, 3, None]),
        (["85123A", "10.5"], True, ["85123A", "10.5"]),
        (["99999999999999999999"], True, ["99999999999999999999"]),
    ],
)
def test_ids_are_integers_only_where_every_one_stays_as_it_is(values: list[Any], csv: bool, read: list[Any]) -> None:
    assert ids(values, csv=csv) == read


@pytest.mark.parametrize(
    ("values", "kind", "csv"),
    [
        ([1.5, 2.0], None, False),
        ([float(2**60)], None, False),
        ([float("inf")], None, False),
        (["1.5", "2.0"], None, True),
        (["A1", "2"], INTEGER, False),
        (["007"], INTEGER, True),
    ],
)
def test_ids_that_would_be_changed_refuse_the_file(values: list[Any], kind: str | None, csv: bool) -> None:
    with pytest.raises(ContractError, match=r"f.csv: column 'id' holds .*Fix the export"):
        ids(values, kind=kind, csv=csv)


def test_integers_become_text_where_text_has_landed_and_text_integers_where_it_loses_nothing() -> None:
    assert ids([1, 2], kind=TEXT) == ["1", "2"]
    assert ids(["1", "2"], kind=INTEGER) == [1, 2]


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1).map(str), st.text(min_size=1)), min_size=1))
def test_ids_of_a_csv_are_never_changed(values: list[str]) -> None:
    column = pl.Series(values, dtype=pl.String)
    try:
        read = read_ids(column, kind=None, csv=True, where="f")
    except ContractError:
        return
    for before, after in zip(values, read, strict=True):
        if after is None:
            assert not before.strip()
        else:
            assert str(after) in (before, before.removesuffix(".0")) or float(before) == after


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2025-01-06", date(2025, 1, 6)),
        (" 2025-01-06 ", date(2025, 1, 6)),
        ("2025-01-06T23:59", date(2025, 1, 6)),
        ("2025-01-06 23:59:59.999999", date(2025, 1, 6)),
        ("2025-01-07T00:30Z", date(2025, 1, 6)),
        ("2025-01-06T23:30:00-08:00", date(2025, 1, 7)),
        ("2025-01-06T23:30:00-0500", date(2025, 1, 6)),
        ("2025-01-06T23:30:00+05:45", date(2025, 1, 6)),
        ("06/01/2025", None),
        ("2025-02-30", None),
        ("2025-01-06T25:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_written_dates_are_local_ones(text: str, read: date | None) -> None:
    column = pl.Series([text, None])
    assert read_dates(column, timezone="America/New_York", utc=False).to_list() == [read, None]


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime.fromisoformat("2025-01-07T04:59"), "America/New_York", date(2025, 1, 6)),
        (datetime.fromisoformat("2025-01-07T05:00"), "America/New_York", date(2025, 1, 7)),
        (datetime.fromisoformat("2025-07-07T03:59"), "America/New_York", date(2025, 7, 6)),
        (datetime.fromisoformat("2025-07-07T04:00"), "America/New_York", date(2025, 7, 7)),
        # The clock is set forward at midnight: 00:30 does not exist on that day in Asuncion.
        (datetime.fromisoformat("2023-10-01T03:59"), "America/Asuncion", date(2023, 9, 30)),
        (datetime.fromisoformat("2023-10-01T04:00"), "America/Asuncion", date(2023, 10, 1)),
        # The hour that happens twice in London.
        (datetime.fromisoformat("2025-10-26T00:30"), "Europe/London", date(2025, 10, 26)),
        (datetime.fromisoformat("2025-10-26T01:30"), "Europe/London", date(2025, 10, 26)),
        (datetime.fromisoformat("2025-12-31T11:00"), "Pacific/Auckland", date(2026, 1, 1)),
    ],
)
def test_a_utc_moment_counts_on_its_local_day(moment: datetime, zone: str, day: date) -> None:
    naive = pl.Series([moment])
    assert read_dates(naive, timezone=zone, utc=True).item() == day
    assert read_dates(naive, timezone=zone, utc=False).item() == moment.date()
    aware = pl.Series([moment.replace(tzinfo=UTC)])
    assert read_dates(aware, timezone=zone, utc=False).item() == day
    assert read_dates(pl.Series([f"{moment:%Y-%m-%dT%H:%M}Z"]), timezone=zone, utc=False).item() == day


def test_local_timestamps_in_an_hour_that_does_not_exist_keep_their_day() -> None:
    column = pl.Series([datetime.fromisoformat("2023-10-01T00:30"), datetime.fromisoformat("2025-03-09T02:30")])
    assert read_dates(column, timezone="America/Asuncion", utc=False).to_list() == [date(2023, 10, 1), date(2025, 3, 9)]


def test_numbers_tell_blank_from_no_number() -> None:
    read = read_numbers(pl.Series(["1.5", " 2 ", "", None, "1,5", "1e3"]))
    assert read.is_null().to_list() == [False, False, True, True, False, False]
    assert read.is_nan().fill_null(False).to_list() == [False, False, False, False, True, False]
    assert read[5] == 1000


def test_text_reads_a_whole_number_the_same_however_it_came() -> None:
    for column in (pl.Series([80]), pl.Series([80.0]), pl.Series(["80"]), pl.Series(["80.0"])):
        assert read_text(column).to_list() == ["80"]


@pytest.mark.parametrize(
    ("written", "text", "read"),
    [
        ("%d/%m/%Y", ["28/04/2026", " 1/2/2026", "04/28/2026", "2026-04-28", ""], [28, 1, None, None, None]),
        ("%d/%m/%Y %H:%M", ["28/04/2026 23:59", "28/04/2026"], [28, None]),
        ("%d.%m.%y", ["28.04.26"], [28]),
    ],
)
def test_dates_as_the_source_writes_them(written: str, text: list[str], read: list[int | None]) -> None:
    found = read_dates(pl.Series(text), timezone="America/Asuncion", utc=False, written=written)
    assert [day and day.day for day in found] == read


def test_decimal_commas_are_read_where_declared_and_what_is_ambiguous_is_no_number() -> None:
    found = read_numbers(pl.Series(["2,5", "-3", "1.234,50", "1.234", "2.5", "1.23,4", "a", None]), decimal=",")
    assert str(found.to_list()) == "[2.5, -3.0, 1234.5, 1234.0, nan, nan, nan, None]"


@pytest.mark.parametrize(("decimal", "numeric"), [(".", [True, False]), (",", [False, True])])
def test_what_looks_numeric_goes_by_the_decimal_sign(decimal: str, numeric: list[bool]) -> None:
    found = [looks_numeric(pl.Series([text, "7"]), decimal=decimal) for text in ("2.5", "2,5")]
    assert found == numeric
