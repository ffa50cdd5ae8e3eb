"""Source definitions: what they may say, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from semana.data.sources import Source, holidays_of, parse_source, tables_of
from semana.errors import ConfigurationError, ContractError

ROOT = Path(__file__).resolve().parents[2]
LEAST = "tables: {transactions: {files: ['*'], columns: {customer_id: c, product_id: p, date: d}}}\n"


def built_in(name: str) -> Source:
    return parse_source(name, (ROOT / "sources" / f"{name}.yaml").read_text())


@pytest.mark.parametrize("path", sorted((ROOT / "sources").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_built_in_source_is_readable_and_its_calendar_known(path: Path) -> None:
    source = parse_source(path.stem, path.read_text())
    holidays_of(source, date(2024, 1, 1), date(2024, 12, 31))


def test_a_source_needs_no_more_than_its_order_lines() -> None:
    source = parse_source("mine", LEAST)
    assert source.timezone == "UTC"
    assert source.tables.customers is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LEAST + "timezon: UTC", "timezon: unknown key; allowed here: name, timezone, timestamps"),
        (LEAST + "calendar: {land: PY}", "calendar.land: unknown key; allowed here: country, subdivision, extra"),
        (LEAST + "timezone: America/Atlantis", "no such time zone"),
        (LEAST + "timestamps: maybe", "timestamps"),
        (LEAST + "closed_weeks: [2025-W60]", "closed_weeks"),
        (LEAST + "filters: [{column: a}]", "exactly one of present, matches, not_matches"),
        (LEAST + "filters: [{column: a, matches: '('}]", "not a regular expression"),
        (
            LEAST + "filters: [{column: a, equals: b}]",
            "unknown key; allowed here: column, present, matches, not_matches",
        ),
        (LEAST.replace("date: d", "day: d"), "unknown column day; allowed: customer_id"),
        (LEAST.replace("date: d", "date: d, label: n"), "label stands beside `columns`, not in it"),
        (LEAST.replace(", date: d", ""), "date must be mapped"),
        (LEAST.replace("files: ['*']", "files: []"), "files"),
        (LEAST.replace("transactions", "sales"), "unknown key; allowed here: transactions, customers, products"),
        ("tables: {}", "tables.transactions: is missing here; add it"),
        ("just text", "keys were expected"),
        ("tables: [", "not YAML"),
    ],
)
def test_a_faulty_source_is_refused_with_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^sources/mine\.yaml: ") as refused:
        parse_source("mine", text)
    assert says.lower() in str(refused.value).lower()


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("categorical: [label]", "has a name that we use"),
        ("numeric: [Seen]", "has a name that we use"),
        ("categorical: [a], numeric: [A]", "a and A have one name"),
        ("categorical: [a], numeric: [a]", "both categorical and numeric"),
        ("attributes: auto, numeric: [a]", "either attributes: auto"),
    ],
)
def test_attributes_are_declared_without_contradiction(extra: str, says: str) -> None:
    text = LEAST[:-2] + f", customers: {{files: [c], columns: {{customer_id: c}}, {extra}}}}}"
    with pytest.raises(ConfigurationError) as refused:
        parse_source("mine", text)
    assert says in str(refused.value)


def test_a_file_name_tells_its_table_whatever_its_case() -> None:
    sodai = built_in("sodai")
    assert tables_of(sodai, "Transacciones_2025-W02.PARQUET") == ("transactions",)
    assert tables_of(sodai, "clientes.csv") == ("customers",)


def test_a_flat_file_holds_all_three_tables() -> None:
    assert tables_of(built_in("online-retail"), "invoices.parquet") == ("transactions", "customers", "products")


def test_a_file_of_no_table_is_refused_with_the_patterns() -> None:
    with pytest.raises(ContractError, match=r"sales.csv: .*transactions: \*transacciones\*.*--table"):
        tables_of(built_in("sodai"), "sales.csv")


def test_the_fingerprint_follows_what_is_said_and_not_how() -> None:
    assert parse_source("a", LEAST).fingerprint == parse_source("a", "# a comment\n\n" + LEAST).fingerprint
    assert parse_source("a", LEAST).fingerprint != parse_source("a", LEAST + "timestamps: utc").fingerprint


def test_holidays_are_the_countrys_and_the_shops_own() -> None:
    source = parse_source("mine", LEAST + "calendar: {country: PY, extra: [2025-02-03, 2031-01-01]}")
    found = holidays_of(source, date(2025, 1, 1), date(2025, 5, 1))
    assert found[date(2025, 2, 3)] == "own holiday"
    assert date(2025, 5, 1) in found
    assert list(found) == sorted(found)
    assert all(date(2025, 1, 1) <= day <= date(2025, 5, 1) for day in found)


def test_an_unknown_country_is_a_faulty_source() -> None:
    source = parse_source("mine", LEAST + "calendar: {country: XX}")
    with pytest.raises(ConfigurationError, match="Write a country code"):
        holidays_of(source, date(2025, 1, 1), date(2025, 12, 31))
