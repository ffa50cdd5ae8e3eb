"""What each step of a weekly run takes as the shop grows, on each engine, within a limit of memory: `make bench-scale`.

A run of its own process in a control group of that limit (where none can be made, the limit is asked for and not
enforced, and the table says so). A run that the limit ends is told as such.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.distributor import CUSTOMERS, GROWTH, PRODUCTS, beside_sodai, deliveries
from benchmarks.page import untuned, write_section
from benchmarks.pictures import growth as drawn_growth
from semana.pipeline.scoring import candidates_of
from semana.settings import read_settings
from semana.stores.home import open_home

FEATURES = "of it, features"
STEPS = ("ingest", "prepare", "detect_drift", "train", "promote", "predict", FEATURES, "publish")
AS_OF = "2025-01-05"
MILLION = 1_000_000
LONGEST = 2 * 3600  # seconds of a command
_GIB = 2**30
_GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Took:
    """Seconds, peak MiB and MiB written of each step.

    `ended` says how the run did ("done", or why not), `limited` whether its memory was.
    """

    engine: str
    scale: float
    steps: dict[str, dict[str, float]]
    home_bytes: int
    ended: str
    limited: bool


@contextlib.contextmanager
def limited(gib: float) -> Iterator[Path | None]:
    """A control group whose processes get no more memory; None where none can be made. The machine should not swap."""
    old = _GROUPS / "memory"
    folder = (old if old.is_dir() else _GROUPS) / f"semana-{os.getpid()}-{time.monotonic_ns()}"
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
        for _ in range(60):  # a Java that was left ends by and by
            with contextlib.suppress(OSError):
                folder.rmdir()
                break
            time.sleep(1)


def started(group: Path | None, engine: str, memory: str, module: str, *words: str) -> tuple[str, str]:
    """How the program ended, started as a member of the group: "done", or what ended it; and what it printed."""
    environment = {**os.environ, "SEMANA_ENGINE": engine, "SEMANA_SPARK_MASTER": "local[*]"}
    if engine != "polars":
        environment["SEMANA_ENGINE_MEMORY"] = memory
    call = [sys.executable, "-m", module, *words]
    if group:
        call = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(group / "cgroup.procs"), *call]
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:  # a Java keeps pipes open
        process = subprocess.Popen(call, env=environment, start_new_session=True, stdout=printed, stderr=said)
        try:
            ended = process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            return f"not done in {LONGEST // 60} minutes", ""
        finally:
            with contextlib.suppress(ProcessLookupError):  # that Java would outlive it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        told = [file.seek(0) or file.read() for file in (printed, said)]
    if ended < 0:
        return f"ended by signal {-ended}", ""
    return ("done", told[0]) if not ended else (f"exit {ended}: {told[1].strip().splitlines()[-1][-200:]}", "")


def features(home: Path) -> dict[str, float]:
    """Seconds and peak MiB of working out the features of the week that the newest run predicted, in this process."""
    stores = open_home(read_settings(home))
    run = stores.runs.all()[-1]
    began = time.perf_counter()
    with stores.lake.engine.settling() as settle:
        candidates_of(run, stores, settle).mapped(lambda batch: batch.select("customer_id", "product_id"))
    took, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": took, "memory": peak, "written": 0.0}


def measure(engine: str, scale: float, files: Sequence[Path], *, gib: float, folder: Path) -> Took:
    """One home: everything lands, then one weekly run trains, predicts and publishes."""
    home = folder / f"{engine}-{scale:g}"
    home.mkdir()
    (home / "params.yaml").write_text(untuned())
    with limited(gib) as group:
        # Half of the limit for the engine; the other for LightGBM, Python and what is on its way.
        asked = (group, engine, f"{int(gib * 512)}MiB")
        own = (*asked, "semana.cli", "--home", str(home))
        ended, _ = started(*own, "ingest", *map(str, files), "--source", "canonical")
        if ended == "done":
            ended, _ = started(*own, "run", "--as-of", AS_OF, "--retrain", "always", "--reason", "measured")
        records = open_home(read_settings(home)).telemetry.all()
        found: dict[str, dict[str, float]] = {}
        for record in records:
            step, seconds = record["step"], record["wall_seconds"]
            if record["outcome"] == "done" and step in STEPS and seconds > found.get(step, {}).get("seconds", -1.0):
                found[step] = {
                    "seconds": seconds,
                    "memory": record["peak_memory_mib"],
                    "written": record["bytes_written"] / 2**20,
                }
        if ended == "done":
            _, printed = started(*asked, "benchmarks.scale", "--features", str(home))
            found |= {FEATURES: json.loads(printed)} if printed else {}
    size = max((record["home_bytes"] for record in records), default=0)
    shutil.rmtree(home)
    return Took(engine, scale, found, size, ended, group is not None)


def slope(taken: Sequence[Took], *steps: str) -> float | None:
    """The exponent of the seconds of these steps as the scale grows: the slope of a line through the logarithms."""
    whole = [each for each in taken if set(steps) <= set(each.steps)]
    if len({each.scale for each in whole}) < 2:
        return None
    costs = [sum(each.steps[step]["seconds"] for step in steps) for each in whole]
    return float(np.polyfit(np.log([each.scale for each in whole]), np.log(costs), 1)[0])


def growth(taken: Sequence[Took], *steps: str) -> str:
    """The same for people."""
    found = slope(taken, *steps)
    return "" if found is None else f"{found:.2f}"


def extrapolated(taken: Sequence[Took], engine: str) -> list[str]:
    """What a million customers and ten thousand products would take an engine by what was measured, step by step."""
    mine = sorted((t for t in taken if t.engine == engine and t.ended == "done"), key=lambda took: took.scale)
    if len(mine) < 2:
        return []
    largest, times = mine[-1], MILLION / CUSTOMERS / mine[-1].scale
    products = PRODUCTS * round((MILLION / CUSTOMERS) ** GROWTH)
    lines = [
        f"**A million customers, {products:,} products, on {engine}** (not measured): {times:.2f} times the largest",
        f"that was. A step takes its seconds there times {times:.2f} to the power of its growth, 1 at the least; its",
        "memory, which grows more slowly, at most so many times that.",
        "",
        f"| step | s at {largest.scale:g} × | growth | s at a million customers | GiB at most |",
        "|---|---|---|---|---|",
    ]
    total = 0.0
    for step in (name for name in STEPS if name in largest.steps):
        seconds, power = largest.steps[step]["seconds"], max(1.0, slope(mine[-2:], step) or 1.0)
        total += seconds * times**power if step != FEATURES else 0.0
        most = largest.steps[step]["memory"] * times / 1024
        lines.append(f"| {step} | {seconds:.1f} | {power:.2f} | {seconds * times**power:,.0f} | {most:.0f} |")
    return [*lines, f"| all | | | {total:,.0f} ({total / 3600:.1f} hours) | |", ""]


def table(taken: Sequence[Took], engine: str) -> list[str]:
    """Seconds and peak memory of every step at every scale."""
    mine = sorted((each for each in taken if each.engine == engine), key=lambda took: took.scale)

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
    whole = [step for step in STEPS if step != FEATURES]
    totals = [f"{sum(each.steps[step]['seconds'] for step in whole if step in each.steps):.1f}" for each in mine]
    lines.append(row("all", totals, growth(mine, *whole)))
    lines.append(row("disk of the home, MiB", [f"{each.home_bytes / 2**20:,.0f}" for each in mine]))
    lines.append(row("", [each.ended for each in mine]))
    return [*lines, ""]


def main() -> None:
    """Measures each engine at each scale and prints the tables into docs/benchmarks.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--engines", nargs="+", default=["polars", "duckdb", "spark"])
    asked.add_argument("--scales", nargs="+", type=float, default=[1, 3, 10, 30, 100])
    asked.add_argument("--gib", type=float, default=8)
    asked.add_argument("--kept", type=Path, help="what was measured, a line each; what is there is not done again")
    asked.add_argument("--features", type=Path, help="a home: what its features take, printed as JSON")
    given: Any = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started ends too
    if given.features:
        print(json.dumps(features(given.features)))
        return
    kept: Path | None = given.kept
    taken = [Took(**json.loads(line)) for line in kept.read_text().splitlines()] if kept and kept.exists() else []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for scale in given.scales:
            done = {each.engine for each in taken if each.scale == scale}
            failed = {each.engine for each in taken if each.ended != "done"}  # what a smaller shop could not do
            engines = [engine for engine in given.engines if engine not in done | failed]
            files = deliveries(folder / f"files-{scale:g}", scale=scale) if engines else []
            for engine in engines:
                taken.append(measure(engine, scale, files, gib=given.gib, folder=folder))
                if kept:
                    with kept.open("a") as lines:
                        lines.write(json.dumps(asdict(taken[-1])) + "\n")
                write_section("scale", report(taken, given.engines, gib=given.gib))
            shutil.rmtree(folder / f"files-{scale:g}", ignore_errors=True)


def report(taken: Sequence[Took], engines: Sequence[str], *, gib: float) -> str:
    """The tables, and how they were made."""
    lines = [beside_sodai(1), ""]
    for engine in engines:
        lines += table(taken, engine)
    reached = {
        engine: max((each.scale for each in taken if each.engine == engine and each.ended == "done"), default=0.0)
        for engine in engines
    }
    if any(reached.values()):
        lines += extrapolated(taken, max(reached, key=lambda engine: reached[engine]))
    whole = [step for step in STEPS if step != FEATURES]
    seconds = {
        engine: {
            each.scale: sum(each.steps[step]["seconds"] for step in whole)
            for each in taken
            if each.engine == engine and each.ended == "done"
        }
        for engine in engines
    }
    seconds = {engine: points for engine, points in seconds.items() if len(points) > 1}
    if seconds:
        caption = "Seconds of a weekly run that retrains, ingest included, as the shop grows"
        lines += [drawn_growth("scale", seconds, across="times as many customers as SodAI", caption=caption), ""]
    enforced = all(took.limited for took in taken)
    kept = "enforced by a control group" if enforced else "not enforced: this machine allows no control group"
    lines.append(
        f"Memory: {gib:g} GiB for all of a command, {kept}. {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, {platform.machine()}. A run retrains, with no tuning."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
