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

from benchmarks.distributor import CUSTOMERS, GROWTH, PRODUCTS, WEEKS, beside_sodai, deliveries
from benchmarks.page import untuned, write_section
from benchmarks.pictures import growth as drawn_growth
from semana.pipeline.scoring import candidates_of
from semana.settings import read_settings
from semana.stores.home import open_home
from semana.stores.usage import Usage

FEATURES = "of it, features"
STEPS = ("ingest", "prepare", "detect_drift", "train", "promote", "predict", FEATURES, "publish")
AS_OF = "2025-01-05"
MILLION = 1_000_000
# Of the limit; the rest is LightGBM's, Python's, what is on its way's, and with Spark Java's own and its workers'.
ENGINES_PART = {"polars": 0.0, "duckdb": 1 / 2, "spark": 3 / 8}
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
    weeks: int = WEEKS
    gib: float = 8

    @property
    def shop(self) -> tuple[float, int]:
        """What grows: how many times SodAI, and the weeks of its history."""
        return self.scale, self.weeks


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
        for file in (printed, said):
            file.seek(0)
        out, err = printed.read(), said.read()
    if not ended:
        return "done", out
    last = (err.strip().splitlines() or [""])[-1][-200:]
    return f"ended by signal {-ended}" if ended < 0 else f"exit {ended}: {last}", ""


def features(home: Path) -> dict[str, float]:
    """Seconds and peak MiB of working out the features of the week that the newest run predicted, in this process."""
    stores = open_home(read_settings(home))
    run = stores.runs.all()[-1]
    with Usage() as usage, stores.lake.engine.settling() as settle:
        candidates_of(run, stores, settle).mapped(lambda batch: batch.select("customer_id", "product_id"))
    took = usage.figures
    return {"seconds": took["wall_seconds"], "memory": took["peak_memory_mib"], "written": 0.0}


def measure(engine: str, shop: tuple[float, int], files: Sequence[Path], *, gib: float, folder: Path) -> Took:
    """One home: everything lands, then one weekly run trains, predicts and publishes."""
    scale, weeks = shop
    home = folder / f"{engine}-{scale:g}-{weeks}"
    home.mkdir()
    (home / "params.yaml").write_text(untuned())
    with limited(gib) as group:
        asked = (group, engine, f"{int(gib * 1024 * ENGINES_PART[engine])}MiB")
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
    return Took(engine, scale, found, size, ended.replace("|", "/"), group is not None, weeks, gib)


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
    head = row("seconds, peak MiB", [f"{each.scale:g} ×" for each in mine], "growth")
    return [f"**{engine}**", "", head, "|---" * (len(mine) + 2) + "|", *rows(mine), ""]


def row(name: str, cells: Sequence[str], last: str = "") -> str:
    """A line of a table."""
    return f"| {name} | {' | '.join(cells)} | {last} |"


def rows(mine: Sequence[Took]) -> list[str]:
    """A line for each step, a column for each run."""
    lines = []
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
    return lines


def main() -> None:
    """Measures each engine at each scale and prints the tables into docs/benchmarks.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--engines", nargs="+", default=["polars", "duckdb", "spark"])
    asked.add_argument("--scales", nargs="+", type=float, default=[1, 3, 10, 30, 100])
    asked.add_argument("--long", nargs=3, type=float, default=[30, 5 * WEEKS, 4], help="scale, weeks, GiB of one more")
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
        scale, weeks, within = given.long
        for shop, gib in [*(((each, WEEKS), given.gib) for each in given.scales), ((scale, int(weeks)), within)]:
            same = [each for each in taken if each.gib == gib]
            done = {each.engine for each in same if each.shop == shop}
            done |= {each.engine for each in same if each.ended != "done" and is_larger(shop, each.shop)}
            engines = [engine for engine in given.engines if engine not in done]
            files = deliveries(folder / "files", scale=shop[0], weeks=shop[1]) if engines else []
            for engine in engines:
                taken.append(measure(engine, shop, files, gib=gib, folder=folder))
                if kept:
                    with kept.open("a") as lines:
                        lines.write(json.dumps(asdict(taken[-1])) + "\n")
                write_section("scale", report(taken, given.engines, gib=given.gib))
            shutil.rmtree(folder / "files", ignore_errors=True)


def is_larger(shop: tuple[float, int], other: tuple[float, int]) -> bool:
    """Whether it has at least as many customers and weeks: what an engine could not do there it cannot do here."""
    return all(mine >= theirs for mine, theirs in zip(shop, other, strict=True))


def longer(taken: Sequence[Took]) -> list[str]:
    """Every engine beside the others for a shop of more weeks than the others."""
    lines = []
    for scale, weeks, gib in sorted({(*each.shop, each.gib) for each in taken if each.weeks != WEEKS}):
        mine = [each for each in taken if (*each.shop, each.gib) == (scale, weeks, gib)]
        lines += [f"**{scale:g} times SodAI with a history of {weeks} weeks, in {gib:g} GiB**", ""]
        lines += [row("seconds, peak MiB", [each.engine for each in mine]), "|---" * (len(mine) + 2) + "|"]
        lines += [*rows(mine), ""]
    return lines


def report(measured: Sequence[Took], engines: Sequence[str], *, gib: float) -> str:
    """The tables, and how they were made."""
    taken = [each for each in measured if each.weeks == WEEKS and each.gib == gib]
    lines = [beside_sodai(1, 10), ""]
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
    lines += longer(measured)
    enforced = all(took.limited for took in measured)
    kept = "enforced by a control group" if enforced else "not enforced: this machine allows no control group"
    lines.append(
        f"Memory: {gib:g} GiB for all of a command where no other is told, {kept}. {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, {platform.machine()}. A run retrains, with no tuning."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
