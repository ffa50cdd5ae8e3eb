"""Keeping a home well, and the exit codes that schedulers rely on."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from semana.cli import main
from semana.settings import read_settings
from semana.stores.home import open_home
from semana.stores.leases import Leases
from tests import shop
from tests.journey.command import in_process, semana, summary
from tests.journey.conftest import TARGET


def test_a_backup_restores_to_the_same_list(home: Path, tmp_path: Path) -> None:
    summary(home, "backup", str(tmp_path / "home.tar.gz"))
    summary(tmp_path / "again", "restore", str(tmp_path / "home.tar.gz"))
    place = Path("published") / f"week={TARGET}" / "predictions.parquet"
    assert (tmp_path / "again" / place).read_bytes() == (home / place).read_bytes()
    assert "wrong" not in semana(tmp_path / "again", "doctor")


def test_a_backup_is_never_overwritten_and_never_restored_over_a_home(home: Path, tmp_path: Path) -> None:
    summary(home, "backup", str(tmp_path / "home.tar.gz"))
    assert "never overwritten" in semana(home, "backup", str(tmp_path / "home.tar.gz"), code=64)
    assert "not empty" in semana(home, "restore", str(tmp_path / "home.tar.gz"), code=64)


def test_a_cut_off_backup_is_refused_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "home.tar.gz"
    summary(home, "backup", str(archive))
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    assert "not a whole backup" in semana(tmp_path / "again", "restore", str(archive), code=65)
    assert not (tmp_path / "again").exists()


def test_prune_keeps_what_serves_and_every_delivery(home: Path) -> None:
    semana(home, "run", "--week", str(TARGET + -2))
    landed = sorted((home / "landing").rglob("*"))
    found = summary(home, "prune", "--keep-weeks", "1")
    assert found["removed"] == sum(found["folders"].values()) > 0
    assert found["freed_mib"] > 0
    assert [path.name for path in (home / "published").glob("week=*")] == [f"week={TARGET}"]
    assert sorted((home / "landing").rglob("*")) == landed
    assert "wrong" not in semana(home, "doctor")


def test_after_prune_the_gate_still_judges_the_champion(home: Path) -> None:
    champion = open_home(read_settings(home)).ledger.champion()
    assert champion
    assert champion["evidence"]["judged"] != champion["to"]
    summary(home, "prune", "--keep-weeks", "1")
    assert (home / "bundles" / champion["evidence"]["judged"]).is_dir()
    again = ("--as-of", str(TARGET.start), "--retrain", "always", "--reason", "again", "--json")
    run = summary(home, "run", *again)["run"]
    checks = json.loads((home / "runs" / run / "gate.json").read_text())["checks"]
    against = [check for check in checks if "champion" in check["name"]]
    assert against
    assert all(check["judged"] for check in against)


def test_doctor_finds_a_changed_delivery_and_a_changed_bundle(home: Path) -> None:
    delivery = next((home / "landing" / "canonical").glob("*.parquet"))
    delivery.write_bytes(delivery.read_bytes() + b"x")
    for recipe in (home / "bundles").glob("*/recipe.json"):
        recipe.write_text(recipe.read_text().replace("seed", "sead"))
    assert "landed" in (said := semana(home, "doctor", code=65))
    assert "champion" in said


def test_a_broken_ledger_is_found_and_said(home: Path) -> None:
    entry = next((home / "ledger").glob("*.json"))
    entry.write_text(entry.read_text().replace("1.0.0", "9.0.0"))
    extra = json.loads(entry.read_text()) | {"number": 2}
    (home / "ledger" / "00000002.json").write_text(json.dumps(extra))
    assert "chain is broken" in semana(home, "run", "--as-of", str(TARGET.start), code=65)


def test_a_broken_ledger_takes_the_list_from_nobody(home: Path) -> None:
    entry = next((home / "ledger").glob("*.json"))
    entry.write_text(entry.read_text().replace("1.0.0", "1.0.9"))
    assert "recommended" in semana(home, "list", "--top", "3")
    said = semana(home, "run", "--as-of", str(TARGET.start), code=65)
    assert "semana --home NEW restore" in said


def test_who_interrupts_it_is_told_so_by_its_exit_code(home: Path) -> None:
    call = [sys.executable, "-m", "semana.cli", "--home", str(home), "watch", "--every", "1"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert "findings" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert "semana: interrupted" in process.stderr.read()
    assert process.returncode == 130


def test_a_full_disk_is_tried_again(home: Path) -> None:
    call = [sys.executable, "-m", "semana.cli", "--home", str(home), "list", "--top", "3"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 69
    assert "the disk is full: make room" in done.stderr


def test_a_disk_that_duckdb_has_filled_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def filling(**_: object) -> None:
        with duckdb.connect(config={"memory_limit": "60MB", "temp_directory": str(tmp_path)}) as connection:
            connection.execute("SET max_temp_directory_size = '1MB'")
            connection.execute(
                "CREATE TABLE t AS SELECT i, max(i * 7919) OVER (PARTITION BY i % 100000) FROM range(9000000) r(i)"
            )

    monkeypatch.setattr("semana.cli.app", filling)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 69
    assert "the disk is full: make room" in capsys.readouterr().err


def test_what_a_log_line_suggests_names_the_home(home: Path) -> None:
    (home / "exclude.csv").write_text("customer_id,product_id\n2,\n")
    call = [sys.executable, "-m", "semana.cli", "--home", str(home), "list", "--top", "3"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    hint = f'semana --home {home} run --week {TARGET} --as-recorded --reason "..."'
    assert hint in done.stderr
    (home / "drop" / "canonical").mkdir(parents=True)
    waiting = shop.write_week(home / "drop" / "canonical", TARGET)
    semana(home, *shlex.split(hint)[3:])
    assert waiting.exists()
    assert "left out" not in subprocess.run(call, capture_output=True, text=True, check=True).stderr


def test_a_run_under_way_makes_the_second_one_busy(home: Path) -> None:
    leases = Leases(home / "leases", stale_seconds=60)
    with leases.hold("run"):
        assert "Wait" in semana(home, "run", "--as-of", str(TARGET.start), code=75)
        assert "Wait" in semana(home, "predict", "--week", str(TARGET), code=75)
    with leases.hold("train"):
        assert "Wait" in semana(home, "run", "--as-of", str(TARGET.start), code=75)
        assert "Wait" in semana(home, "backup", str(home.parent / "backup.tar.gz"), code=75)
        assert "Wait" in semana(home, "train", "--week", str(TARGET), code=75)
        semana(home, "review", "--week", str(TARGET))
    semana(home, "run", "--as-of", str(TARGET.start))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("run", "--week", "2025-W60"), 64, "2025-W02"),
        (("run", "--as-of", "yesterday"), 64, "2024-12-31"),
        (("run", "--retrain", "often"), 64, "always"),
        (("list", "--customer", "nobody"), 64, "is unknown among"),
        (("nonsense",), 64, "nonsense"),
        (("ingest", "/no/such/file"), 64, "no such"),
        (("ingest", "{home}/prepared"), 64, "no file in it"),
        (("validate", "--table", "foo"), 64, "transactions, customers, products"),
        (("run", "--position", "99999"), 64, "was expected"),
        (("run", "--week", "2030-W01"), 65, "cannot be predicted yet"),
    ],
)
def test_wrong_words_get_the_documented_code_and_the_way_out(
    home: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    assert says in semana(home, *(word.format(home=home) for word in words), code=code)


def test_a_missing_home_and_a_newer_one_are_refused(home: Path, tmp_path: Path) -> None:
    assert f"semana --home {tmp_path / 'nothing'} demo" in semana(tmp_path / "nothing", "list", code=78)
    (home / "format.json").write_text('{"format": 99}')
    assert "newer" in semana(home, "list", code=78)


@pytest.mark.parametrize(
    ("was", "set_to", "said"),
    [
        ("seed: 20240101", "seed: -1", "greater than or equal to 0"),
        ("seed: 20240101", "seed: 4294967296", "less than or equal to"),
        ("race: [", "race: [recent, recent, ", "each name once"),
        ("mode: enforce", "mode: sometimes", "'enforce', 'dry_run' or 'off'"),
        ("mode: enforce", "mode: '\xff'", "UTF-8"),
    ],
)
def test_wrong_params_are_refused_before_anything_begins(home: Path, was: str, set_to: str, said: str) -> None:
    text = (Path(__file__).parents[2] / "params.yaml").read_text()
    assert was in text
    (home / "params.yaml").write_bytes(text.replace(was, set_to).encode("latin-1"))
    assert said in semana(home, "run", "--as-of", str(TARGET.start), code=78)


def test_a_gate_may_be_off_without_quotes(home: Path) -> None:
    text = (Path(__file__).parents[2] / "params.yaml").read_text()
    (home / "params.yaml").write_text(text.replace("mode: enforce", "mode: off"))
    assert open_home(read_settings(home)).params.gate.mode == "off"


def test_a_folder_in_place_of_params_is_refused(home: Path) -> None:
    (home / "params.yaml").unlink()
    (home / "params.yaml").mkdir()
    assert "params.yaml: no file" in semana(home, "doctor", code=78)


def test_unknown_params_are_refused_with_the_allowed_ones(home: Path) -> None:
    text = (Path(__file__).parents[2] / "params.yaml").read_text()
    (home / "params.yaml").write_text(text.replace("quarantine_share", "quarantine_shares"))
    assert "quarantine_share," in semana(home, "list", code=78)


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_the_list_exports_in_every_format_and_the_files_ending_tells_which(
    home: Path, tmp_path: Path, form: str
) -> None:
    semana(home, "list", "--customer", "2", "--format", form, "--out", str(tmp_path / "named"))
    semana(home, "list", "--customer", "2", "--out", str(tmp_path / f"list.{form}"))
    assert (tmp_path / "named").stat().st_size > 100
    if form == "csv":
        first = (tmp_path / "named").read_text().splitlines()[1]
        assert "↑" in first, "the reason is told in words"
    if form != "xlsx":  # which holds the moment at which it was written
        assert (tmp_path / "named").read_bytes() == (tmp_path / f"list.{form}").read_bytes()


def test_a_file_without_an_ending_that_tells_its_format_is_refused(home: Path, tmp_path: Path) -> None:
    assert "--format ''" in semana(home, "list", "--out", str(tmp_path / "list"), code=64)


def test_all_of_a_customers_list_is_what_is_recommended_and_more_rows_go_on_below(home: Path) -> None:
    def rows(top: str) -> list[bool]:
        found = json.loads(semana(home, "list", "--customer", "2", "--top", top, "--format", "json"))
        return [row["recommended"] for row in found]

    everything, more = rows("0"), rows("1000")
    assert all(everything)
    assert more[: len(everything)] == everything
    assert not any(more[len(everything) :])
    assert len(more) > len(everything) > 0


def test_calls_go_to_the_customers_that_buy_most_and_only_the_owners(home: Path) -> None:
    rows = json.loads(semana(home, "calls", "--capacity", "5", "--owner", "south", "--format", "json"))
    assert len(rows) == 5
    assert all(row["customer_id"] >= shop.CUSTOMERS // 2 for row in rows)
    worth = [row["expected_amount"] for row in rows]
    assert worth == sorted(worth, reverse=True)


def test_a_damaged_pointer_is_named_by_list_and_doctor(home: Path) -> None:
    (home / "published" / "current.json").write_text('{"week": ')
    assert "current.json" in semana(home, "list", code=65)
    assert "list" in semana(home, "doctor", code=65)


def test_a_home_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "lies below a file" in semana(tmp_path / "file" / "home", "ingest", code=78)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file" in semana(tmp_path / "file", "run", code=78)


def test_what_was_put_aside_is_told_in_words_on_a_terminal_and_as_json_to_a_program(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = pl.int_range(pl.len()) < 3
    rows = shop.transactions(TARGET).with_columns(quantity=pl.when(first).then(0.0).otherwise("quantity"))
    file = str(shop.write(rows, tmp_path / "transactions-bad.csv"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    in_process(home, "ingest", file)
    landed = [line.split() for line in capsys.readouterr().out.splitlines()]
    hash_ = next(line[0] for line in landed if line[1:2] == ["transactions-bad.csv"])
    in_process(home, "deliveries", "show", hash_)
    page = capsys.readouterr().out
    assert "quantity is 0" in page
    assert "row 1: quantity '0.0'" in page
    assert "days" not in page
    told = summary(home, "deliveries", "show", hash_)
    assert [(each["reason"], each["rows"]) for each in told["put_aside"]] == [("quantity is 0", 3)]
    assert told["tables"]["transactions"]["days"]
    assert told["retraction"] is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("keys", "list"), "There is no key, so the API answers this machine alone. Make one: semana --home {} keys"),
        (("deliveries",), "Nothing has landed yet. Deliver first: semana --home {} ingest PATH"),
        (("models",), "No model has served yet: the first run makes one. Type: semana --home {} run"),
    ],
)
def test_where_there_is_nothing_it_says_what_to_type(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    open_home(read_settings(tmp_path), create=True)
    assert semana(tmp_path, *words).startswith(says.format(tmp_path))


def test_dates_written_in_another_way_are_refused_with_the_key_that_reads_them(home: Path, tmp_path: Path) -> None:
    rows = shop.transactions(TARGET).with_columns(pl.col("date").dt.strftime("%d/%m/%Y"))
    said = semana(home, "ingest", str(shop.write(rows, tmp_path / "transactions-dated.csv")), code=65)
    assert "date is missing or not understood" in said
    assert 'csv: {dates: "%d/%m/%Y", decimal: ","}' in said
