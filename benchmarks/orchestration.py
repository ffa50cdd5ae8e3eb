"""What the DAG takes over `semana run` on the same data: `make bench-airflow`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from benchmarks.page import made_on, untuned, write_section
from benchmarks.speed import SHARED, timed
from tests import shop
from tests.airflow.scheduler import PYTHON, Airflow

# Name, files, source, the day of the list before, and of the one that is measured.
CASES = (
    ("checkerboard shop, 6 400 lines", None, "canonical", "2025-02-10", "2025-02-17"),
    ("SodAI, 250 000 lines", SHARED / "sodai", "sodai", "2024-12-23", "2024-12-31"),
)
BAR, MOONSHOT = 60, 20  # seconds


def in_airflow(airflow: Airflow, as_of: str, retrain: str) -> float:
    """Seconds from the trigger of a DAG run to its end."""
    run = airflow.trigger(as_of=as_of, retrain=retrain)
    assert airflow.done(run, seconds=900) == "success", airflow.states(run)
    about = airflow.ask("GET", f"/api/v2/dags/semana_weekly/dagRuns/{quote(run)}")
    queued, ended = (datetime.fromisoformat(about[name]) for name in ("queued_at", "end_date"))
    return (ended - queued).total_seconds()


def base_home(base: Path, files: Path | None, source: str, day: str) -> None:
    """A home with its history and one list, whose constants were not searched for: that is no part of a weekly run."""
    base.mkdir()
    (base / "params.yaml").write_text(untuned())
    if files is None:
        files = base.parent / "files"
        shop.write_all(files, weeks=shop.WEEKS[:20])
    timed("--home", str(base), "ingest", str(files), "--source", source, "--as-of", "2025-06-01")
    timed("--home", str(base), "run", "--as-of", day)


def main() -> None:
    """Runs the same week in copies of one home, alone and as a DAG run, with and without retraining."""
    lines = ["| what | `semana run` | DAG | overhead | bar |", "|---|---|---|---|---|"]
    for name, files, source, before, as_of in CASES:
        if files is not None and not files.exists():
            lines.append(f"| {name} | not measured: the data is not on this machine | | | |")
            continue
        with tempfile.TemporaryDirectory() as folder:
            base, home = Path(folder) / "base", Path(folder) / "home"
            base_home(base, files, source, before)
            semana = Path(sys.executable).parent / "semana"
            settings = {"SEMANA_SCHEDULE": "never", "SEMANA_LIVE_SCHEDULE": "never"}
            airflow = Airflow(Path(folder), {"SEMANA_BIN": str(semana), "SEMANA_HOME": str(home), **settings})
            try:
                airflow.until_said("is ready", seconds=180)
                for says, retrain in (("without retraining", "never"), ("with retraining", "always")):
                    shutil.copytree(base, home, dirs_exist_ok=True)
                    alone = timed("--home", str(home), "run", "--as-of", as_of, "--retrain", retrain)
                    shutil.rmtree(home)
                    shutil.copytree(base, home)
                    dag = in_airflow(airflow, as_of, retrain)
                    home.rename(home.with_name(f"after-{retrain}"))  # Airflow still hands over what its tasks took
                    bar = f"≤ {BAR} s, moonshot {MOONSHOT} s"
                    lines.append(f"| {name}, {says} | {alone:.1f} s | {dag:.1f} s | {dag - alone:.1f} s | {bar} |")
                    print(lines[-1], flush=True)
            finally:
                airflow.end()
    lines += ["", made_on("lightgbm", "polars", others=["apache-airflow"], python=PYTHON)]
    write_section("airflow", "\n".join(lines))


if __name__ == "__main__":
    main()
