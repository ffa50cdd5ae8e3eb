"""`semana explain`, and names beside ids, as a person calls them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from semana.errors import UsageError
from semana.features.build import FEATURES
from semana.reports.words import merged
from tests.journey.command import in_process, semana
from tests.journey.conftest import TARGET


def test_a_pair_of_the_list_is_explained_with_its_published_chance(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_process(home, "explain", "2", "0", "--format", "json")
    found = json.loads(capsys.readouterr().out)
    rows = pl.read_parquet(home / "published" / f"week={TARGET}" / "predictions.parquet")
    row = rows.row(by_predicate=(pl.col("customer_id") == 2) & (pl.col("product_id") == 0), named=True)
    assert {name: found[name] for name in ("probability", "rank", "scored")} == {
        "probability": row["probability"],
        "rank": row["rank"],
        "scored": "batch",
    }
    moved = [abs(reason["contribution"]) for reason in found["reasons"]]
    assert len(moved) == 5
    assert moved == sorted(moved, reverse=True)
    assert {reason["code"] for reason in found["reasons"]} <= set(FEATURES)


@pytest.mark.parametrize(
    ("lang", "says"),
    [
        ("en", ("customer 2 Customer 2, product 0 Milk", "raises")),
        ("es", ("cliente 2 Customer 2, producto 0 Milk", "sube")),
    ],
)
def test_it_speaks_the_readers_language_in_80_columns(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str, says: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    in_process(home, "explain", "2", "0", "--lang", lang, "--week", str(TARGET))
    said = capsys.readouterr().out
    assert max(len(line) for line in said.splitlines()) <= 80
    in_process(home, "explain", "2", "0", "--top", "0", "--format", "json", "--week", str(TARGET))
    strongest, _ = merged(json.loads(capsys.readouterr().out)["reasons"], lang)[0]
    for words in (*says, strongest):
        assert words in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("explain", "2", "0", "--lang", "fr"), "en or es"),
        (("list", "--lang", "fr"), "en or es"),
        (("explain", "2", "0", "--format", "csv"), "table or json"),
        (("explain", "0", "nothing"), "product 'nothing' is unknown"),
        (("explain", "2", "0", "--week", "2024-W01"), "no list was published for 2024-W01"),
    ],
)
def test_what_cannot_be_explained_says_what_can(home: Path, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        in_process(home, *words)


def test_the_way_back_to_dropped_tables_leads_there(home: Path) -> None:
    shutil.rmtree(home / "prepared" / f"week={TARGET}")
    way = semana(home, "explain", "2", "0", code=64).split("Make them once more: semana ")[1]
    semana(home, *way.split())
    assert "Milk" in semana(home, "explain", "2", "0")


def test_lists_and_calls_name_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_process(home, "list", "--customer", "2", "--lang", "es")
    said = capsys.readouterr().out
    assert f"{TARGET}, cliente 2 Customer 2" in said
    assert "↑" in said
    in_process(home, "list", "--product", "0")
    assert f"{TARGET}, product 0 Milk" in capsys.readouterr().out
    in_process(home, "calls", "--capacity", "3", "--format", "csv")
    head, *calls = capsys.readouterr().out.splitlines()
    assert head == "customer_id,label,owner,products,expected_purchases,expected_amount"
    assert all(call.split(",")[1].startswith("Customer ") for call in calls)
    in_process(home, "calls", "--capacity", "3")
    assert "Customer " in capsys.readouterr().out
