"""A customer is forgotten: nothing in the home names them any more, and everything else is as it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import semana as semana_package
from tests import shop
from tests.journey.command import in_process, semana, summary

KNOWN = 26  # weeks delivered: enough for a golden set
TARGET = shop.FIRST + KNOWN
SOMEBODY = "c2-to-forget"
FORGET = ("forget", SOMEBODY, "--reason", "asked for it")


def named(frame: pl.DataFrame) -> pl.DataFrame:
    """The delivery with text as ids of customers; that of customer 2 stands nowhere by chance."""
    ids = pl.col("customer_id").cast(pl.String)
    return frame.with_columns(
        customer_id=pl.when(ids == "2").then(pl.lit(SOMEBODY)).otherwise(pl.concat_str(pl.lit("c"), ids))
    )


@pytest.fixture(scope="module")
def _known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named")
    home, files = folder / "home", folder / "files"
    shop.write(named(shop.customers()), files / "customers.csv")
    shop.write(shop.products(), files / "products.parquet")
    for number, ending in enumerate((".parquet", ".csv", ".parquet")):
        weeks = shop.WEEKS[9 * number : min(9 * number + 9, KNOWN)]
        shop.write(named(shop.transactions(*weeks)), files / f"transactions-{number}{ending}")
    in_process(home, "ingest", str(files), "--source", "canonical", "--as-of", str(TARGET.start))
    ours = named(shop.transactions(TARGET)).sort(pl.col("customer_id") != SOMEBODY, maintain_order=True)
    wrong = ours.with_columns(quantity=pl.lit(None, pl.Float64))
    semana(home, "ingest", str(shop.write(wrong, folder / "transactions-bad.csv")), code=65)
    moved = ours.with_columns(quantity=pl.col("customer_id"))
    semana(home, "ingest", str(shop.write(moved, folder / "transactions-moved.csv")), code=65)
    twice = named(shop.transactions(shop.WEEKS[3])).head(250)
    back = summary(home, "ingest", str(shop.write(twice, folder / "transactions-again.csv")))["deliveries"][0]["hash"]
    in_process(home, "deliveries", "retract", back, "--reason", "twice")
    params = (Path(__file__).parents[2] / "params.yaml").read_text()
    (home / "params.yaml").write_text(params.replace("personal_frequency, boosting]", "personal_frequency]"))
    in_process(home, "run", "--as-of", str(TARGET.start))
    told = {"customer_id": SOMEBODY, "result": "no", "note": None, "when": "2025-03-31T08:00:00+00:00"}
    stores = semana_package.open(home)
    stores.results.note(TARGET, told)
    line = {"customer_id": SOMEBODY, "product_id": 0, "date": "1970-01-01", "order_id": "o", "quantity": 1, "amount": 1}
    stores.inbox.post("transactions", {"lines": [line]}, request="wrong", now=datetime.now(UTC))
    semana(home, "ingest")
    return home


@pytest.fixture
def known(_known: Path, tmp_path: Path) -> Path:
    """A home that knows SOMEBODY from files of both kinds, refused and retracted ones, a list and a golden set."""
    return Path(shutil.copytree(_known, tmp_path / "home"))


def telling(home: Path) -> Iterator[str]:
    """The files in which SOMEBODY is named, by their bytes or in a cell."""
    for path in sorted(each for each in home.rglob("*") if each.is_file()):
        if path.suffix in (".parquet", ".arrow"):
            frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ipc(path)
            found = frame.select(pl.col(pl.String)).select(pl.any_horizontal(pl.all().str.contains(SOMEBODY).any()))
            if found.width and found.item():
                yield str(path.relative_to(home))
        elif SOMEBODY.encode() in path.read_bytes():
            yield str(path.relative_to(home))


def others(home: Path) -> pl.DataFrame:
    """The current list of everybody else."""
    rows = pl.read_parquet(home / "published" / f"week={TARGET}" / "predictions.parquet")
    return rows.filter(pl.col("customer_id") != SOMEBODY)


def test_nothing_names_who_is_forgotten_and_all_else_is_as_it_was(known: Path) -> None:
    before, rooms = others(known), {path.split("/")[0] for path in telling(known)}
    expected = "landing staged rejected prepared scores published golden calls alerts runs telemetry"
    assert set(expected.split()) <= rooms
    told = summary(known, *FORGET)
    assert told["files"] == 5
    assert told["golden"]
    assert told["results"] == 1
    assert told["messages"] == 3  # of the file whose columns moved: an alert, drift's report and why the step failed
    (gone,) = (each for each in semana_package.open(known).landing.judged(latest=9) if each["retracted"])
    assert (gone["file"], gone["says"]) == ("transactions-again.csv", "retracted: twice")
    assert list(telling(known)) == []
    assert others(known).equals(before)
    assert "wrong" not in semana(known, "doctor")
    assert "is unknown among 39 customers" in semana(known, "list", "--customer", SOMEBODY, code=64)
    assert "nothing that has landed" in semana(known, *FORGET, code=64)
    assert "asked for it" in semana(known, "deliveries")
    lines = [line.split() for line in semana(known, "deliveries").splitlines()]
    (back,) = (line[-1] for line in lines if line[:2] == ["retracted", "by"])
    assert back in {line[0] for line in lines if line[1:3] == ["retraction", "of"]}
    shop.write(
        named(shop.transactions(TARGET)).filter(pl.col("customer_id") != SOMEBODY),
        known / "drop" / "canonical" / "transactions-next.csv",
    )
    assert summary(known, "run", "--as-of", str((TARGET + 1).start), "--json")["target_week"] == str(TARGET + 1)
    assert list(telling(known)) == []


def test_a_file_that_is_delivered_again_as_it_was_brings_nobody_back(known: Path, tmp_path: Path) -> None:
    semana(known, *FORGET)
    again = shop.write(named(shop.transactions(*shop.WEEKS[9:18])), tmp_path / "transactions-renamed.csv")
    assert summary(known, "ingest", str(again))["deliveries"][0]["outcome"] == "already landed"
    assert list(telling(known)) == []


def test_a_past_list_made_again_is_the_one_of_then_without_them(known: Path) -> None:
    semana(known, *FORGET)
    before = others(known)
    semana(known, "run", "--week", str(TARGET), "--as-recorded", "--reason", "again")
    assert list(telling(known)) == []
    assert others(known)["customer_id"].unique().sort().equals(before["customer_id"].unique().sort())


def test_killed_at_a_write_it_is_finished_by_calling_it_again(known: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.journey.killer", str(tmp_path / "victims"), "--home", str(known), *FORGET]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    victims = sorted((tmp_path / "victims").iterdir())
    halves = [victim for victim in victims if (victim / "forgetting.json").exists()]
    assert len(halves) > 40
    assert "not well: forgetting" in semana(halves[len(halves) // 2], "doctor", code=65)
    for victim in halves[:: len(halves) // 8]:
        in_process(victim, *FORGET)
        assert list(telling(victim)) == [], victim.name
        assert others(victim).equals(others(known)), victim.name


def test_a_list_that_was_changed_by_hand_is_not_made_good_by_forgetting(known: Path) -> None:
    path = known / "published" / f"week={TARGET}" / "rev=1" / "predictions.parquet"
    others(known).write_parquet(path)
    assert "is not as it was published" in semana(known, *FORGET, code=65)
