"""What telemetry itself costs a weekly run: the time inside its own functions, on real data. `make bench`."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.page import made_on, write_section
from semana.pipeline import ingest
from semana.pipeline.order import Order
from semana.pipeline.weekly import run_week
from semana.settings import read_settings
from semana.stores import datasets, telemetry, usage
from semana.stores.home import Stores, open_home

SODAI = Path(__file__).resolve().parents[2] / "shared" / "data" / "sodai"
AS_OF = date(2024, 12, 31)
# Where telemetry works: around each step, five times a second beside it, and at every dataset that is touched.
OURS = (
    (usage.Usage, "__enter__"),
    (usage.Usage, "__exit__"),
    (usage.Usage, "_look"),
    (telemetry, "_size"),
    (telemetry, "_sums"),
    (telemetry.Telemetry, "_keep"),
    (datasets, "_note"),
)


@contextmanager
def summed(spent: list[float]) -> Iterator[None]:
    """Adds up the CPU seconds of the thread inside each of OURS; what one calls of another counts once."""
    here = threading.local()

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if getattr(here, "inside", False):
                return function(*args, **options)
            here.inside = True
            began = time.thread_time()
            try:
                return function(*args, **options)
            finally:
                here.inside = False
                spent.append(time.thread_time() - began)

        return call

    kept = [(owner, name, getattr(owner, name)) for owner, name in OURS]
    for owner, name, function in kept:
        setattr(owner, name, wrapped(function))
    try:
        yield
    finally:
        for owner, name, function in kept:
            setattr(owner, name, function)


def row(stores: Stores, retrain: str) -> str:
    """The line of the table for one run."""
    spent: list[float] = []
    began = time.perf_counter()
    with summed(spent):
        run_week(stores, Order(datetime.now(UTC), as_of=AS_OF, retrain=retrain, reason="measured"))
    seconds = time.perf_counter() - began
    return f"| {retrain} | {seconds:.1f} s | {sum(spent):.3f} s | {sum(spent) / seconds:.2%} |"


def main() -> None:
    """Runs SodAI's last week with and without retraining and prints the shares into docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        stores = open_home(read_settings(Path(folder) / "home"), create=True)
        ingest.land(stores, [SODAI], source="sodai", table=None, arrival=datetime.now(UTC))
        run_week(stores, Order(datetime.now(UTC), as_of=AS_OF))
        rows = [row(stores, retrain) for retrain in ("always", "never")]
    head = ["| retraining | weekly run of SodAI | CPU inside telemetry | share (bar: ≤ 1 %) |", "|---|---|---|---|"]
    write_section("telemetry", "\n".join([*head, *rows, "", made_on("lightgbm", "polars", "psutil")]))


if __name__ == "__main__":
    main()
