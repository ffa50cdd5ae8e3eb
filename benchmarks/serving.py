"""How fast the API answers, beside a bare route that returns the same bytes; what a million pairs cost: `make bench`.

The load comes from `wrk` (Debian's package of that name), on the same machine.
"""

from __future__ import annotations

import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import psutil

from benchmarks.asking import Asker, ready
from benchmarks.page import made_on, write_section
from benchmarks.pictures import methods
from benchmarks.serving_peers import Answers, rows_of_peers
from semana.data import catalog
from semana.data.frames import collected
from semana.data.weeks import Week
from semana.pipeline.explain import explain
from semana.settings import read_settings
from semana.stores.home import Stores, open_home

ROOT = Path(__file__).resolve().parents[1]
SODAI = ROOT.parent / "shared" / "data" / "sodai"
SEMANA = (sys.executable, "-m", "semana.cli")
ROUNDS, SECONDS, CONNECTIONS = 3, 6, 16
BARE = 8791
CUSTOMERS, EACH = 16_000, 63


def main() -> None:
    """Measures everything and prints it into docs/benchmarks.md; a home of SodAI may be named, which saves its run."""
    if not shutil.which("wrk"):
        sys.exit("wrk is needed to load the server: apt-get install wrk")
    lines = ["| what | measured | bar | moonshot |", "|---|---|---|---|"]
    answers: Answers = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "sodai"
        lines += of_sodai(home, answers) if SODAI.exists() else ["| SodAI | its data is not here | | |"]
        lines += of_a_million(Path(folder) / "million", answers)
    lines += ["", drawn(answers), ""]
    lines.append(
        f"Load: wrk, {CONNECTIONS} connections, {ROUNDS} × {SECONDS} s each in turn, the median round; the cores"
    )
    lines.append("are shared with it.")
    lines.append(made_on("fastapi", "uvicorn", "lightgbm", "polars", others=["mlflow", "bentoml"]))
    write_section("serving", "\n".join(lines))


def drawn(answers: Answers) -> str:
    """How long one asker waits for each kind of answer."""
    rows = {
        kind: {"median": 1000 * statistics.median(each), "p95": 1000 * float(np.quantile(each, 0.95))}
        for kind, each in answers.items()
    }
    return methods("serving", rows, caption="Milliseconds until an answer is there, one asker", said="{:g}".format)


def of_sodai(home: Path, answers: Answers) -> Iterator[str]:
    """The list and live scores of a real home, which is made where it is not there."""
    if not home.exists():
        home.mkdir()
        text = (ROOT / "params.yaml").read_text()
        (home / "params.yaml").write_text(re.sub(r"trials: \d+", "trials: 0", text))
        for words in (("ingest", str(SODAI), "--source", "sodai"), ("run", "--as-of", "2024-12-31")):
            subprocess.run([*SEMANA, "--home", str(home), *words], check=True, capture_output=True)
    stores = open_home(read_settings(home))
    customers = rows_of(stores)["customer_id"].unique().sort().to_list()
    with api(home) as (port, _):
        ask = Asker(port)
        one = f"/v1/customers/{customers[100]}/predictions"
        body = ask.get(one)
        with tempfile.TemporaryDirectory() as folder, bare(body, Path(folder) / "body.json"):
            yield from beside(port, one, len(body), customers)
        yield from live(Asker(port), stores, customers, answers)  # the first connection has been closed meanwhile
    entry = stores.ledger.champion()
    assert entry
    yield from rows_of_peers(home / "bundles" / entry["to"], answers)


def beside(port: int, one: str, size: int, customers: Sequence[int]) -> Iterator[str]:
    """Requests a second and p99 of one customer's list, and of all customers in turn, beside the bare route."""
    script = every(customers)
    rounds = [(load(BARE, one), load(port, one), load(port, "/", script)) for _ in range(ROUNDS)]
    parts = zip(*rounds, strict=True)
    limit, same, random = (tuple(statistics.median(each) for each in zip(*part, strict=True)) for part in parts)
    yield f"| a bare FastAPI route, {size / 1000:.1f} kB | {limit[0]:,.0f} requests/s, p99 {limit[1]:.1f} ms | | |"
    for says, found in (("one customer's list", same), ("the lists of all customers in turn", random)):
        share, tail = found[0] / limit[0], found[1] / limit[1]
        told = f"{found[0]:,.0f} requests/s, {share:.2f} of the bare one; p99 {found[1]:.1f} ms, {tail:.1f} × its"
        yield f"| {says} | {told} | ≥ 0.6; p99 ≤ 3 × | ≥ 0.9 |"


def live(ask: Asker, stores: Stores, customers: Sequence[int], answers: Answers) -> Iterator[str]:
    """Live scores of a customer with all candidates, an explanation, and ten thousand pairs."""
    some = customers[:: max(1, len(customers) // 200)]
    ask.post("/v1/score", {"customer_id": some[0]})
    seconds = answers["live score"] = [ask.timed("/v1/score", {"customer_id": customer}) for customer in some]
    yield row("live score of one customer, all candidates, p95", np.quantile(seconds, 0.95), "≤ 50 ms", "≤ 10 ms")
    yield row("the same, median", statistics.median(seconds))
    bare_scores = [ask.timed("/v1/score", {"customer_id": customer, "reasons": 0}) for customer in some]
    answers["without reasons"] = bare_scores
    yield row("the same without reasons, p95", np.quantile(bare_scores, 0.95), "", "≤ 10 ms")
    week = stores.publications.weeks()[-1]
    product = stores.lake.read(catalog.PRODUCTS, week)["product_id"][0]
    lines = [{"product_id": product, "date": str((week + -1).start)}]
    told = [ask.timed("/v1/score", {"customer_id": each, "purchases": lines}) for each in some[:50]]
    answers["with a purchase added"] = told
    yield row("the same with a purchase of one's own, median", statistics.median(told))
    listed = rows_of(stores).sample(10_000, with_replacement=True, seed=1).select("customer_id", "product_id")
    pairs = {"pairs": listed.to_dicts()}
    ask.post("/v1/predictions", pairs)
    times = [ask.timed("/v1/predictions", pairs) for _ in range(10)]
    answers["10,000 published pairs"] = times
    yield row("10,000 published pairs in one request, median of 10", statistics.median(times), "≤ 200 ms")
    began = time.perf_counter()
    explain(stores, str(week), str(some[0]), str(product), top=3)
    seconds_apart = time.perf_counter() - began
    yield f"| for comparison: `semana explain` of one pair, without its start | {seconds_apart:.2f} s | | |"


def of_a_million(home: Path, answers: Answers) -> Iterator[str]:
    """What a process costs that serves a million pairs."""
    pairs = million(home)
    began = time.perf_counter()
    with api(home) as (port, process):
        started = time.perf_counter() - began
        ask, own = Asker(port), psutil.Process(process.pid)
        yield f"| start until a list of {pairs:,} pairs is served | {started:.2f} s | < 2 s | |"
        yield f"| memory then: resident; of it its own | {memory(own)} | < 300 MB | |"
        for customer in range(0, CUSTOMERS, 8):
            ask.get(f"/v1/customers/{customer}/predictions")
        yield f"| memory after 2,000 customers' lists | {memory(own)} | < 300 MB | |"
        cold = [ask.timed_get(f"/v1/customers/{customer}/predictions") for customer in range(1, CUSTOMERS, 80)]
        answers["a list, asked for first"] = cold
        yield row("a list that nobody asked for before, median", statistics.median(cold))
        before = own.memory_full_info().uss
        began, size = time.perf_counter(), ask.stream("/v1/predictions.csv?recommended=false")
        seconds, grown = time.perf_counter() - began, (own.memory_full_info().uss - before) / 2**20
        yield (
            f"| `/v1/predictions.csv`, {size / 1e6:.0f} MB | {seconds:.1f} s; its own memory grew by {grown:.0f} MB | "
            f"flat | |"
        )
    began = time.perf_counter()
    with api(home, "--workers", "4") as (_, process):
        seconds = time.perf_counter() - began
        workers = [
            each for each in psutil.Process(process.pid).children(recursive=True) if each.memory_info().rss > 2**26
        ]
        each_one = sum(each.memory_full_info().uss for each in workers) / 2**20 / max(1, len(workers))
        yield f"| four workers of it: start; own memory of each | {seconds:.1f} s; {each_one:.0f} MB | | |"


def million(home: Path) -> int:
    """Publishes a synthetic list of a million pairs in a home of its own; returns how many there are."""
    stores, week = open_home(read_settings(home), create=True), Week.parse("2025-W02")
    chance, count = np.random.default_rng(0), CUSTOMERS * EACH
    customer = np.repeat(np.arange(CUSTOMERS), EACH)
    rank = np.tile(np.arange(1, EACH + 1), CUSTOMERS)
    reasons = [
        [{"code": "weeks_of_last_26", "value": 20.0, "contribution": 1.5}] * 3 if place <= 5 else [] for place in rank
    ]
    rows = pl.DataFrame(
        {
            "week": pl.Series([str(week)] * count),
            "week_start": pl.Series([week.start] * count),
            "customer_id": customer,
            "product_id": (customer * 7 + rank * 13) % 20_000,
            "probability": np.sort(chance.random((CUSTOMERS, EACH)), axis=1)[:, ::-1].ravel(),
            "rank": rank.astype(np.int32),
            "recommended": rank <= 12,
            "kind": pl.Series(["usual"] * count),
            "expected_quantity": chance.random(count),
            "expected_amount": chance.random(count),
            "last_bought": pl.Series([week.start] * count),
            "usual_gap_days": chance.random(count),
            "usual_quantity": chance.random(count),
            "reasons": reasons,
            "model_version": pl.Series(["1.0.0"] * count),
            "held_out": pl.Series([False] * count),
        }
    )
    manifest = {
        "week": str(week), "position": 0, "as_of": "2025-01-05", "bundle": "0" * 16, "model_version": "1.0.0",
        "ledger": 0, "cut": 0.2, "late": False, "reason": None, "level": {"total": 1.0, "factor": 1.0},
        "counts": {"pairs": count, "recommended": int(rows["recommended"].sum()), "customers": CUSTOMERS},
    }  # fmt: skip
    stores.publications.publish(rows, manifest, week)
    people = {"customer_id": list(range(CUSTOMERS)), "label": [f"Customer {n}" for n in range(CUSTOMERS)]}
    things = {"product_id": list(range(20_000)), "label": [f"Product {n}" for n in range(20_000)]}
    stores.lake.write(catalog.CUSTOMERS, pl.DataFrame(people).with_columns(owner=pl.lit("north")), week)
    stores.lake.write(catalog.PRODUCTS, pl.DataFrame(things), week)
    return count


@contextmanager
def api(home: Path, *words: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The API of the home, ready; its port and process."""
    command = [*SEMANA, "--home", str(home), "serve", "api", "--port", "0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        ready(port, "/readyz")
        yield port, process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


@contextmanager
def bare(body: bytes, path: Path) -> Iterator[None]:
    """The bare route, ready."""
    path.write_bytes(body)
    command = [sys.executable, str(ROOT / "benchmarks" / "bare.py"), str(path), str(BARE)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        ready(BARE, "/")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def load(port: int, path: str, script: str | None = None) -> tuple[float, float]:
    """Requests a second and p99 in ms."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        if script:
            file.write(script)
            file.flush()
            command[1:1] = ["-s", file.name]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    assert rate
    assert tail
    return float(rate[1]), float(tail[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[tail[2]]


def every(customers: Sequence[int]) -> str:
    """A script for wrk that asks for every customer's list in turn."""
    paths = ", ".join(f'"/v1/customers/{customer}/predictions"' for customer in customers)
    step = 'n = n % #p + 1\n return wrk.format("GET", p[n])'
    return f"local p = {{{paths}}}\nlocal n = 0\nrequest = function()\n {step}\nend"


def rows_of(stores: Stores) -> pl.DataFrame:
    return collected(stores.publications.predictions(stores.publications.weeks()[-1]))


def memory(process: psutil.Process) -> str:
    found = process.memory_full_info()
    return f"{found.rss / 2**20:.0f} MB; {found.uss / 2**20:.0f} MB"


def row(says: str, seconds: float, bar: str = "", moonshot: str = "") -> str:
    return f"| {says} | {1000 * seconds:.1f} ms | {bar} | {moonshot} |"


if __name__ == "__main__":
    main()
