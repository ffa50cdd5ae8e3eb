"""What each step of a weekly run takes as the shop grows, on each engine, within a limit of memory: `make bench-scale`.

A run of its own process in a control group of that limit (where none can be made, the limit is asked for and not
enforced, and the table says so). A run that the limit ends is told as such.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.distributor import beside_sodai, deliveries
from benchmarks.page import write_section
from semana.settings import read_settings
from semana.stores.home import open_home

ROOT = Path(__file__).resolve().parents[1]
STEPS = ("ingest", "prepare", "detect_drift", "train", "promote", "predict", "publish")
AS_OF = "2025-01-05"
_GIB = 2**30
_GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Took:
    """Seconds, peak MiB and MiB written of each step; `ended` says how the run did: "done", or why not."""

    engine: str
    scale: float
    steps: dict[str, dict[str, float]]
    home_bytes: int
    ended: str


@contextlib.contextmanager
def limited(gib: float) -> Iterator[Path | None]:
    """A control group whose processes get no more memory, swap included; None where none can be made."""
    old = _GROUPS / "memory"
    folder = (old if old.is_dir() else _GROUPS) / f"semana-{os.getpid()}"
    names = ("memory.limit_in_bytes",) if old.is_dir() else ("memory.max", "memory.swap.max")
    try:
        folder.mkdir()
        for name in names:
            (folder / name).write_text(str(int(gib * _GIB) if name != "memory.swap.max" else 0))
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        yield None
        return
    try:
        yield folder
    finally:
        folder.rmdir()


def semana(group: Path | None, home: Path, engine: str, memory: str, *words: str) -> str:
    """How the command ended, started as a member of the group: "done", or what ended it."""

    def join() -> None:
        if group:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    environment = {**os.environ, "SEMANA_ENGINE": engine, "SEMANA_SPARK_MASTER": "local[*]"}
    if engine != "polars":
        environment["SEMANA_ENGINE_MEMORY"] = memory
    call = [sys.executable, "-m", "semana.cli", "--home", str(home), *words]
    done = subprocess.run(call, env=environment, preexec_fn=join, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return f"ended by signal {-done.returncode}: memory"
    return "done" if done.returncode == 0 else f"exit {done.returncode}: {done.stderr.strip().splitlines()[-1][-200:]}"


def measure(engine: str, scale: float, files: Sequence[Path], *, gib: float, folder: Path) -> Took:
    """One home: everything lands, then one weekly run trains, predicts and publishes."""
    home = folder / f"{engine}-{scale:g}"
    home.mkdir()
    text = (ROOT / "params.yaml").read_text()
    (home / "params.yaml").write_text(text.replace("trials: 10", "trials: 0"))
    with limited(gib) as group:
        # Half of the limit for the engine; the other for LightGBM, Python and what is on its way.
        asked = (group, home, engine, f"{gib / 2:g}GiB" if gib % 2 == 0 else f"{int(gib * 512)}MiB")
        ended = semana(*asked, "ingest", *map(str, files), "--source", "canonical")
        if ended == "done":
            ended = semana(*asked, "run", "--as-of", AS_OF, "--retrain", "always", "--reason", "measured")
    records = open_home(read_settings(home)).telemetry.all()
    steps = {record["step"]: record for record in records if record["outcome"] == "done"}
    found = {
        step: {
            "seconds": steps[step]["wall_seconds"],
            "memory": steps[step]["peak_memory_mib"],
            "written": steps[step]["bytes_written"] / 2**20,
        }
        for step in STEPS
        if step in steps
    }
    size = max((record["home_bytes"] for record in records), default=0)
    shutil.rmtree(home)
    return Took(engine, scale, found, size, ended)


def growth(taken: Sequence[Took], *steps: str) -> str:
    """The exponent of the seconds of these steps as the scale grows: the slope of a line through the logarithms."""
    whole = [each for each in taken if set(steps) <= set(each.steps)]
    if len({each.scale for each in whole}) == 1 or not whole:
        return ""
    costs = [sum(each.steps[step]["seconds"] for step in steps) for each in whole]
    return f"{np.polyfit(np.log([each.scale for each in whole]), np.log(costs), 1)[0]:.2f}"


def table(taken: Sequence[Took], engine: str) -> list[str]:
    """Seconds and peak memory of every step at every scale."""
    mine = [each for each in taken if each.engine == engine]

    def row(name: str, cells: Sequence[str], last: str = "") -> str:
        return f"| {name} | {' | '.join(cells)} | {last} |"

    lines = [f"**{engine}**", "", row("seconds, peak MiB", [f"{each.scale:g} ×" for each in mine], "growth")]
    lines.append("|---" * (len(mine) + 2) + "|")
    for step in STEPS:
        cells = [
            f"{each.steps[step]['seconds']:.1f}, {each.steps[step]['memory']:,.0f}" if step in each.steps else "–"
            for each in mine
        ]
        lines.append(row(step, cells, growth(mine, step)))
    totals = [f"{sum(step['seconds'] for step in each.steps.values()):.1f}" for each in mine]
    lines.append(row("all", totals, growth(mine, *STEPS)))
    lines.append(row("disk of the home, MiB", [f"{each.home_bytes / 2**20:,.0f}" for each in mine]))
    lines.append(row("", [each.ended for each in mine]))
    return [*lines, ""]


@cache
def enforced() -> bool:
    """Whether this machine lets us limit memory."""
    with limited(1) as group:
        return group is not None


def main() -> None:
    """Measures each engine at each scale and prints the tables into docs/benchmarks.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--engines", nargs="+", default=["polars", "duckdb", "spark"])
    asked.add_argument("--scales", nargs="+", type=float, default=[1, 3, 10, 30, 100])
    asked.add_argument("--gib", type=float, default=8)
    given: Any = asked.parse_args()
    taken = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for scale in given.scales:
            files = deliveries(folder / f"files-{scale:g}", scale=scale)
            for engine in given.engines:
                if any(each.engine == engine and each.ended != "done" for each in taken):
                    continue  # what a smaller shop could not do
                taken.append(measure(engine, scale, files, gib=given.gib, folder=folder))
                print(taken[-1], flush=True)
            shutil.rmtree(folder / f"files-{scale:g}")
    lines = [beside_sodai(1), ""]
    for engine in given.engines:
        lines += table(taken, engine)
    kept = "enforced by a control group" if enforced() else "not enforced: this machine allows no control group"
    lines.append(
        f"Memory: {given.gib:g} GiB for all of a command, {kept}. {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, {platform.machine()}. A run retrains, with no tuning."
    )
    write_section("scale", "\n".join(lines))


if __name__ == "__main__":
    main()
