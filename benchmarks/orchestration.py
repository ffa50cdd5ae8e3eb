"""What the DAG takes over `semana run` on the same data: `make bench-airflow`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from benchmarks.page import write_section
from benchmarks.speed import SHARED, timed
from tests.airflow.scheduler import Airflow

SODAI = SHARED / "sodai"
BEFORE, AS_OF = "2024-12-23", "2024-12-31"  # the list before, and the one that is measured
BAR, MOONSHOT = 60, 20  # seconds


def in_airflow(airflow: Airflow, retrain: str) -> float:
    """Seconds from the trigger of a DAG run to its end; what its tasks came to stands in the home."""
    run = airflow.trigger(as_of=AS_OF, retrain=retrain)
    assert airflow.done(run, seconds=900) == "success", airflow.states(run)
    about = airflow.ask("GET", f"/api/v2/dags/semana_weekly/dagRuns/{quote(run)}")
    queued, ended = (datetime.fromisoformat(about[name]) for name in ("queued_at", "end_date"))
    return (ended - queued).total_seconds()


def main() -> None:
    """Runs the same week of SodAI in copies of one home, alone and as a DAG run, with and without retraining."""
    if not SODAI.exists():
        sys.exit("the data is not on this machine")
    lines = ["| SodAI, the week after its last | `semana run` | DAG | overhead | bar |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        timed("--home", f"{folder}/base", "ingest", str(SODAI), "--source", "sodai")
        timed("--home", f"{folder}/base", "run", "--as-of", BEFORE)
        home = place / "home"
        semana = Path(sys.executable).parent / "semana"
        settings = {"SEMANA_SCHEDULE": "never", "SEMANA_LIVE_SCHEDULE": "never"}
        airflow = Airflow(place, {"SEMANA_BIN": str(semana), "SEMANA_HOME": str(home), **settings})
        try:
            airflow.until_said("is ready", seconds=180)
            for says, retrain in (("without retraining", "never"), ("with retraining", "always")):
                taken = []
                for how in (
                    lambda mode=retrain: timed("--home", str(home), "run", "--as-of", AS_OF, "--retrain", mode),
                    lambda mode=retrain: in_airflow(airflow, mode),
                ):
                    shutil.rmtree(home, ignore_errors=True)
                    shutil.copytree(place / "base", home)
                    taken.append(how())
                alone, dag = taken
                bar = f"≤ {BAR} s, moonshot {MOONSHOT} s"
                lines.append(f"| {says} | {alone:.1f} s | {dag:.1f} s | {dag - alone:.1f} s | {bar} |")
        finally:
            airflow.end()
    write_section("airflow", "\n".join(lines))


if __name__ == "__main__":
    main()
