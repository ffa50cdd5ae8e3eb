"""What each step of a weekly run takes as the shop grows, on each engine, within a limit of memory: `make bench-scale`.

A home lives two weeks: its first, which trains, and an ordinary one. Each command is a process of its own in a control
group of that limit (where none can be made, the limit is asked for and not enforced, and the table says so). A command
that the limit ends is told as such.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.distributor import WEEKS, beside_sodai, deliveries
from benchmarks.page import made_on, untuned, write_section
from benchmarks.scale_tables import AS_OF, BEFORE, FEATURES, STEPS, Steps, Took, report
from semana.pipeline.scoring import candidates_of
from semana.settings import read_settings
from semana.stores.home import open_home
from semana.stores.telemetry import Telemetry
from semana.stores.usage import Usage

# Of the limit; the rest is LightGBM's, Python's, what is on its way's, and with Spark Java's own and its workers'.
ENGINES_PART = {"polars": 0.0, "duckdb": 1 / 2, "spark": 3 / 8}
_PACKAGES = {"polars": "polars", "duckdb": "duckdb", "spark": "pyspark"}
LONGEST = 2 * 3600  # seconds of a command
_GIB, _MIB = 2**30, 2**20
_GROUPS = Path("/sys/fs/cgroup")
Asked = tuple[Path | None, str, str]  # the control group, the engine, its part of the memory


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


@contextlib.contextmanager
def sizes_of(folder: Path) -> Iterator[list[int]]:
    """What the folder takes on the disk, looked at once a second."""
    sizes: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(1):
            sizes.append(size_of(folder))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield sizes
    finally:
        ended.set()
        thread.join()


def size_of(folder: Path) -> int:
    """Bytes on the disk of all files under the folder; what is removed meanwhile counts as nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += 512 * (Path(place) / name).lstat().st_blocks
    return total


def features(home: Path) -> dict[str, float]:
    """What working out the features of the week that the newest run predicted takes, in this process."""
    stores = open_home(read_settings(home))
    run = stores.runs.all()[-1]
    with Usage() as usage, stores.lake.engine.settling() as settle:
        candidates_of(run, stores, settle).mapped(lambda batch: batch.select("customer_id", "product_id"))
    return taken_of(usage.figures)


def taken_of(record: dict[str, Any]) -> dict[str, float]:
    """Seconds, peak MiB and MiB written of a record."""
    written = record["bytes_written"] / _MIB
    return {"seconds": record["wall_seconds"], "memory": record["peak_memory_mib"], "written": written}


def summed(records: Sequence[dict[str, Any]]) -> Steps:
    """What each step took that is done; ingest is the landing of files and the run's look into its drop folder."""
    found: Steps = {}
    for record in records:
        if record["outcome"] == "done" and record["step"] in STEPS:
            new = taken_of(record)
            old = found.get(record["step"], dict.fromkeys(new, 0.0))
            sums = {figure: old[figure] + new[figure] for figure in new}
            found[record["step"]] = {**sums, "memory": max(old["memory"], new["memory"])}
    return found


def lived(asked: Asked, home: Path, files: Sequence[Path], as_of: str, retrain: str) -> tuple[str, Steps]:
    """A week of the home: the files land on the day `as_of`, then the weekly run. How it ended, what its steps took."""
    telemetry, own = Telemetry(home / "telemetry"), (*asked, "semana.cli", "--home", str(home))
    before = len(telemetry.all())
    ended, _ = started(*own, "ingest", *map(str, files), "--source", "canonical", "--as-of", as_of)
    if ended == "done":
        ended, _ = started(*own, "run", "--as-of", as_of, "--retrain", retrain)
    return ended, summed(telemetry.all()[before:])


def measure(engine: str, shop: tuple[float, int], files: Sequence[Path], *, gib: float, folder: Path) -> Took:
    """One home: its first week, which trains, then an ordinary one, for which the newest week's file lands."""
    scale, weeks = shop
    home = folder / f"{engine}-{scale:g}-{weeks}"
    home.mkdir()
    (home / "params.yaml").write_text(untuned())
    ordinary: Steps = {}
    with limited(gib) as group, sizes_of(home) as sizes:
        asked = (group, engine, f"{int(gib * 1024 * ENGINES_PART[engine])}MiB")
        ended, trains = lived(asked, home, files[:-1], BEFORE, "always")
        if ended == "done":
            _, printed = started(*asked, "benchmarks.scale", "--features", str(home))
            trains |= {FEATURES: json.loads(printed)} if printed else {}
            ended, ordinary = lived(asked, home, files[-1:], AS_OF, "never")
            ended = ended if ended == "done" else f"in the ordinary week: {ended}"
    size = size_of(home)
    shutil.rmtree(home)
    ended = ended.replace("|", "/")
    made = made_on("lightgbm", "numpy", _PACKAGES[engine], java=engine == "spark")
    most = max([*sizes, size])
    return Took(engine, scale, trains, ordinary, size, most, ended, group is not None, weeks, gib, made)


def main() -> None:
    """Measures each engine at each scale and prints the tables into docs/benchmarks.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--engines", nargs="+", default=["polars", "duckdb", "spark"])
    asked.add_argument("--scales", nargs="+", type=float, default=[1, 10, 100])
    asked.add_argument("--long", nargs=3, type=float, default=[10, 800, 4], help="scale, weeks, GiB of one more")
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
    beside = beside_sodai(1, 10)
    if taken:
        write_section("scale", report(taken, given.engines, gib=given.gib, beside=beside))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        scale, weeks, within = given.long
        for shop, gib in [*(((each, WEEKS), given.gib) for each in given.scales), ((scale, int(weeks)), within)]:
            same = [each for each in taken if each.gib == gib]
            done = {each.engine for each in same if each.shop == shop}
            done |= {each.engine for each in same if not each.is_done and is_larger(shop, each.shop)}
            engines = [engine for engine in given.engines if engine not in done]
            files = deliveries(folder / "files", scale=shop[0], weeks=shop[1]) if engines else []
            for engine in engines:
                taken.append(measure(engine, shop, files, gib=gib, folder=folder))
                if kept:
                    with kept.open("a") as lines:
                        lines.write(json.dumps(asdict(taken[-1])) + "\n")
                write_section("scale", report(taken, given.engines, gib=given.gib, beside=beside))
            shutil.rmtree(folder / "files", ignore_errors=True)


def is_larger(shop: tuple[float, int], other: tuple[float, int]) -> bool:
    """Whether it has at least as many customers and weeks: what an engine could not do there it cannot do here."""
    return all(mine >= theirs for mine, theirs in zip(shop, other, strict=True))


if __name__ == "__main__":
    main()
