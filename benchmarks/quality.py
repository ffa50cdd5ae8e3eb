"""How good the lists would have been on real data: a backtest of every model that races. `make bench`."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.page import write_section
from benchmarks.speed import JOURNEY, SHARED
from semana.pipeline import ingest
from semana.pipeline.backtest import backtest
from semana.pipeline.weekly import Order
from semana.settings import read_settings
from semana.stores.home import open_home

# Title, source, files, as-of (the last day of the last test week), test weeks, bar.
SETS: tuple[tuple[str, str, list[Path], date, int, str], ...] = (
    (
        "SodAI",
        "sodai",
        [SHARED / "sodai" / f"{name}.parquet" for name in ("clientes", "productos", "transacciones")],
        date(2024, 12, 29),
        8,
        "mean F1 of the best baseline ≥ .550",
    ),
    (
        "Complete Journey",
        "complete-journey",
        [JOURNEY / f"{name}.parquet" for name in ("transactions", "products", "demographics")],
        date(2017, 12, 24),
        4,
        "with the learned model: recall@10 .160, NDCG@10 .310",
    ),
    (
        "Online Retail II",
        "online-retail",
        [SHARED / "online_retail" / "invoices.parquet"],
        date(2011, 10, 9),
        4,
        "with the learned model: recall@10 + 8 %, average precision + 20 % over decayed frequency",
    ),
)
COLUMNS = ("f1", "average_precision", "recall_at_10", "ndcg_at_10")


def record_of(source: str, paths: list[Path], as_of: date, weeks: int) -> dict[str, Any]:
    """The record of a backtest of the set's latest weeks, in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        stores = open_home(read_settings(Path(folder) / "home"), create=True)
        now = datetime.now(UTC)
        ingest.land(stores, paths, source=source, table=None, arrival=now)
        return backtest(stores, Order(now, as_of=as_of), weeks=weeks)


def table(title: str, bar: str, record: dict[str, Any]) -> str:
    """The means of every model over the weeks, its difference from the best baseline, and the best one week by week."""
    weeks, models, baseline = record["weeks"], record["models"], record["best_baseline"]
    lines = [
        f"### {title}, {weeks[0]} to {weeks[-1]} ({bar})",
        "",
        f"| model | mean F1 | average precision | recall@10 | NDCG@10 | calibrated .9 to 1.1 | F1 over {baseline} |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, model in models.items():
        means = " | ".join(f"{model['mean'][column]:.3f}" for column in COLUMNS)
        calibrated = sum(0.9 <= week["calibration_all"] <= 1.1 for week in model["weeks"].values())
        over = difference(record, name, baseline)
        lines.append(f"| {name} | {means} | {calibrated} of {len(weeks)} | {over} |")
    within = sum(level["inside"] for level in record["level"].values())
    best = max(models, key=lambda name: models[name]["mean"]["f1"])
    by_week = ", ".join(f"{week} {models[best]['weeks'][week]['f1']:.3f}" for week in weeks)
    covered = models[best]["pooled"]["covered"]
    says = f"Candidates hold {covered:.0%} of the purchases; {within} of {len(weeks)} weekly totals lie in their 80 %."
    return "\n".join([*lines, "", says, f"F1 of {best} by week: {by_week}.", ""])


def difference(record: dict[str, Any], model: str, baseline: str) -> str:
    """The mean weekly difference in F1, with its 95 % interval."""
    for found in record["differences"]:
        if (found["model"], found["baseline"], found["metric"]) == (model, baseline, "f1"):
            return f"{found['mean']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"
    return "–"


def main() -> None:
    """Prints every set that is on this machine into docs/benchmarks.md."""
    parts = [
        "Each week is predicted from what was known before it, by models fitted and calibrated on the weeks before it",
        "(`semana backtest`). Calibration is expected over actual purchases, those outside the candidates included;",
        "the last column is the paired weekly difference with its 95 % interval.",
        "",
    ]
    for title, source, paths, as_of, weeks, bar in SETS:
        if not all(path.exists() for path in paths):
            parts.append(f"### {title}\n\nNot measured: the data is not on this machine.\n")
            continue
        parts.append(table(title, bar, record_of(source, paths, as_of, weeks)))
    write_section("quality", "\n".join(parts))


if __name__ == "__main__":
    main()
