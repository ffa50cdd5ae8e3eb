"""One delivered table: what is kept, what goes to quarantine and why, and that every row is accounted for."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semana.data import catalog
from semana.data.checks import Usual, check_jumps, check_share, usual_of
from semana.data.cleaning import Cleaned, clean
from semana.data.sources import Source, parse_source
from semana.errors import ContractError
from semana.params import DataParams

ARRIVAL = datetime(2025, 1, 13, 6, tzinfo=UTC)
PARAMS = DataParams(
    quarantine_share=0.05, unit_jump=5, volume_jump=8, jump_lines=2, trading_weeks=13, complete_after_days=2,
    gap_weeks=13, share_jump=0.3, new_kinds=0.5, unknown_ids=0.6, judged_rows=50,
)  # fmt: skip
SHOP = """
timezone: America/Asuncion
filters: [{column: branch, matches: '^north'}]
tables:
  transactions:
    files: ["*sales*"]
    columns: {customer_id: who, product_id: what, date: when, order_id: order, quantity: n, amount: [n, price]}
    optional: [order_id]
  customers:
    files: ["*people*"]
    columns: {customer_id: who}
    categorical: [kind, zone]
    numeric: [visits]
    label: name
    owner: zone
  products:
    files: ["*sales*"]
    columns: {product_id: what, date: when}
    categorical: [words]
    label: words
"""
LINE = {"who": 1, "what": 7, "when": date(2025, 1, 6), "order": 99, "n": 2.0, "price": 1.5}


def source() -> Source:
    return parse_source("shop", SHOP)


def cleaned(*rows: dict[str, Any], table: str = "transactions", csv: bool = False, **options: Any) -> Cleaned:
    raw = pl.DataFrame(list(rows), infer_schema_length=None)
    if csv:
        raw = raw.select(pl.all().cast(pl.String))
    settings = {"source": source(), "file": "f", "ids": {}, "arrival": ARRIVAL, **options}
    return clean(raw, table=table, csv=csv, **settings)


def test_an_order_line_is_staged_under_our_names_and_in_its_week() -> None:
    result = cleaned(LINE)
    assert result.kept.columns == list(catalog.STAGED_TRANSACTIONS.columns)
    assert result.kept.row(0) == (1, 7, date(2025, 1, 6), "99", 2.0, 3.0, 2871)
    assert result.quarantined.height == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"who": None}, "customer_id is missing"),
        ({"what": None}, "product_id is missing"),
        ({"when": None}, "date is missing or not understood"),
        ({"when": date(2025, 1, 15)}, "date is later than the day after arrival"),
        ({"when": date(1970, 1, 1)}, "date is before 1980-01-01"),
        ({"n": None}, "quantity is missing"),
        ({"n": 0.0}, "quantity is 0"),
        ({"n": float("nan")}, "quantity is not a number"),
        ({"n": float("-inf")}, "quantity is not a number"),
        ({"n": 2e9}, "quantity is beyond 1e+09"),
        ({"price": float("nan")}, "amount is not a number"),
        ({"price": 1e9}, "amount is beyond 1e+09"),
    ],
)
@pytest.mark.parametrize("csv", [False, True], ids=["parquet", "csv"])
def test_a_malformed_line_goes_to_quarantine_with_its_place_its_reason_and_what_it_said(
    change: dict[str, Any], reason: str, csv: bool
) -> None:
    result = cleaned(LINE, LINE | change, LINE, csv=csv)
    assert result.kept.height == 2
    (row,) = result.quarantined.rows(named=True)
    assert (row["row"], row["reason"]) == (1, reason)
    assert set(json.loads(row["values"])) == set(LINE)


@pytest.mark.parametrize(
    "change", [{"n": -2.0}, {"n": 0.25}, {"price": None}, {"when": date(2025, 1, 14)}, {"order": None}]
)
def test_returns_fractions_unpriced_lines_and_tomorrow_are_no_faults(change: dict[str, Any]) -> None:
    assert cleaned(LINE | change, LINE).kept.height == 2


def test_a_line_without_its_order_column_has_no_order_number() -> None:
    assert cleaned({key: LINE[key] for key in LINE if key != "order"}).kept["order_id"].to_list() == [None]


def test_a_source_without_quantities_counts_every_line_as_one() -> None:
    text = SHOP.replace(", quantity: n, amount: [n, price]", "")
    result = cleaned(LINE, source=parse_source("shop", text))
    assert result.kept.select("quantity", "amount").row(0) == (1.0, None)


def test_rows_that_are_no_part_of_the_source_are_filtered_and_counted() -> None:
    rows = [LINE | {"branch": branch} for branch in ("north 1", "south", None, "north 2")]
    result = cleaned(*rows)
    assert (result.rows, result.kept.height, result.filtered) == (4, 2, 2)


def test_the_date_is_the_local_one_of_a_moment_with_a_zone() -> None:
    late = datetime(2025, 1, 7, 2, tzinfo=UTC)  # ten or eleven in the evening before in Asuncion
    assert cleaned(LINE | {"when": late}).kept["date"].to_list() == [date(2025, 1, 6)]


def test_customers_have_label_and_owner_and_typed_attributes() -> None:
    row = {"who": 1, "name": "Ana", "kind": "bar", "zone": 80.0, "visits": 2}
    result = cleaned(row, table="customers")
    assert result.kept.rows(named=True) == [
        {"customer_id": 1, "seen": None, "label": "Ana", "owner": "80", "kind": "bar", "zone": "80", "visits": 2.0}
    ]


def test_repeats_of_a_customer_collapse_and_contradictions_go_to_quarantine() -> None:
    row = {"who": 1, "name": "Ana", "kind": "bar", "zone": "a", "visits": 2.0}
    none = row | {"who": None}
    other = row | {"kind": "shop"}
    result = cleaned(row, row, other, row, none, row | {"who": 2}, table="customers")
    assert (result.kept.height, result.repeated, result.quarantined.height) == (2, 2, 2)
    assert result.kept["kind"].to_list() == ["bar", "bar"]
    assert result.quarantined["row"].to_list() == [2, 4]
    assert result.quarantined["reason"][0] == "customer_id is repeated with other attributes"


def test_a_number_that_is_none_is_a_fault_in_a_csv_and_unknown_in_parquet() -> None:
    row = {"who": "1", "name": "Ana", "kind": "bar", "zone": "a", "visits": "often"}
    assert cleaned(row, table="customers", csv=True).quarantined["reason"].to_list() == ["visits is not a number"]
    unknown = row | {"visits": float("nan")}
    assert cleaned(unknown, table="customers").kept["visits"].to_list() == [None]


def test_a_flat_file_gives_each_product_as_seen_on_each_day() -> None:
    rows = [
        LINE | {"words": "old", "when": date(2025, 1, 6)},
        LINE | {"words": "new", "when": date(2025, 1, 8)},
        LINE | {"words": "new!", "when": date(2025, 1, 8)},
        LINE | {"words": None, "when": date(2025, 1, 8)},
        LINE | {"words": "never", "when": None},
    ]
    for order in (rows, rows[::-1]):
        result = cleaned(*order, table="products")
        assert result.kept.rows() == [(7, date(2025, 1, 6), "old", "old"), (7, date(2025, 1, 8), "new!", "new!")]
        assert (result.repeated, result.quarantined.height) == (2, 1)


def test_attributes_are_taken_as_they_come_where_the_source_says_so() -> None:
    text = SHOP.replace("categorical: [words]\n    label: words", "attributes: auto").replace(
        ", date: when}\n    attr", "}\n    attr"
    )
    row = {"what": "1", "Label": "Milk", "size": "0.5", "code": "007", "fresh": "yes", "__index_level_0__": "3"}
    kept = cleaned(row, table="products", csv=True, source=parse_source("shop", text)).kept
    assert kept.rows(named=True) == [
        {"product_id": 1, "seen": None, "label": "Milk", "code": "007", "fresh": "yes", "size": 0.5}
    ]


def shared(result: Cleaned) -> None:
    check_share(result, parse_source("shop", SHOP).table("transactions"), table="transactions", file="f", params=PARAMS)


def test_the_share_of_bad_rows_is_of_those_that_are_the_sources() -> None:
    good, bad, foreign = LINE | {"branch": "north"}, LINE | {"branch": "north", "n": 0.0}, LINE | {"branch": "x"}
    result = cleaned(*[good] * 19, bad, *[foreign] * 50)
    shared(result)
    told = r"f: 2 of 21 rows .* bad \(quantity is 0: 2\).*at most 5%.*row 20 .*: quantity is 0 \(n 0.0\)\. Fix"
    with pytest.raises(ContractError, match=told) as refused:
        shared(cleaned(*[good] * 19, bad, bad, foreign))
    assert "who" not in str(refused.value)


def test_a_file_without_any_row_of_the_source_is_refused() -> None:
    with pytest.raises(ContractError, match="none of its 3 rows passes the source's filters"):
        shared(cleaned(*[LINE | {"branch": "x"}] * 3))


def landed(*sizes: float, days: int = 1) -> Usual:
    rows = [LINE | {"n": size, "when": date(2025, 1, 6 + at % days)} for at, size in enumerate(sizes)]
    return usual_of(cleaned(*rows).kept.lazy())


@pytest.mark.parametrize(("size", "refused"), [(4.9, False), (5.0, True), (0.21, False), (0.2, True), (-6.0, True)])
def test_quantities_may_differ_by_less_than_the_unit_jump(size: float, refused: bool) -> None:
    kept = cleaned(*[LINE | {"n": size}] * 3).kept
    if refused:
        with pytest.raises(ContractError, match=r"the median quantity of a product is .*--accept --reason"):
            check_jumps(kept, landed(1, 1, 1), file="f", params=PARAMS)
    else:
        check_jumps(kept, landed(1, 1, 1), file="f", params=PARAMS)


def test_products_that_never_landed_say_nothing_about_units() -> None:
    kept = cleaned(*[LINE | {"n": 1000.0, "what": 8}] * 3).kept
    check_jumps(kept, landed(1, 1, 1), file="f", params=PARAMS)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "who": st.none() | st.integers(1, 2),
                "what": st.none() | st.integers(1, 2),
                "when": st.none() | st.sampled_from([date(2025, 1, 6), date(2031, 1, 1)]),
                "order": st.none() | st.just("a"),
                "n": st.none() | st.sampled_from([0.0, 1.0, -1.0, float("nan")]),
                "price": st.none() | st.floats(),
                "branch": st.none() | st.sampled_from(["north", "south"]),
                "words": st.none() | st.sampled_from(["a", "b"]),
            }
        ),
        max_size=12,
    ),
    st.sampled_from(["transactions", "products"]),
)
def test_every_row_is_accounted_for_and_the_order_of_rows_does_not_matter(
    rows: list[dict[str, Any]], table: str
) -> None:
    schema = {
        "who": pl.Int64, "what": pl.Int64, "when": pl.Date, "order": pl.String, "n": pl.Float64, "price": pl.Float64,
        "branch": pl.String, "words": pl.String,
    }  # fmt: skip
    raw = pl.DataFrame(rows, schema=schema)
    one, other = (
        clean(frame, table=table, source=source(), file="f", ids={"customer_id": "integer", "product_id": "integer"},
              arrival=ARRIVAL)
        for frame in (raw, raw.reverse())
    )  # fmt: skip
    assert one.rows == len(rows) == one.kept.height + one.quarantined.height + one.filtered + one.repeated
    assert one.kept.equals(other.kept)
    assert one.quarantined["row"].is_sorted()


def test_a_lost_row_is_our_bug() -> None:
    good = cleaned(LINE)
    with pytest.raises(RuntimeError, match="5 rows came in, 1 are accounted for"):
        Cleaned(5, good.kept, good.quarantined, 0, 0)
