"""How good the lists would have been on real data: a backtest of every model that races. `make bench`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.page import made_on, write_section
from benchmarks.speed import JOURNEY, SHARED
from semana.models import BASELINES
from semana.pipeline import ingest
from semana.pipeline.backtest import backtest
from semana.pipeline.order import Order
from semana.settings import read_settings
from semana.stores.home import open_home


@dataclass(frozen=True)
class Bar:
    """What a mean or a count is held to: at least `least`; with `over` that many times what this baseline reaches."""

    metric: str
    least: float | None
    moonshot: float | None
    over: str | None = None


CALIBRATED, INSIDE = "weeks calibrated .9 to 1.1", "weekly totals inside their 80 %"
ABOVE = "differences from the baselines whose 95 % interval is above zero"
# Title, source, files, as-of (the last day of the last test week), test weeks, bars.
SETS: tuple[tuple[str, str, list[Path], date, int, tuple[Bar, ...]], ...] = (
    (
        "SodAI",
        "sodai",
        [SHARED / "sodai" / f"{name}.parquet" for name in ("clientes", "productos", "transacciones")],
        date(2024, 12, 29),
        8,
        (
            Bar("f1", 0.590, 0.605),
            Bar("average_precision", 0.645, 0.665),
            Bar(CALIBRATED, 5, 6),
            Bar(INSIDE, None, 6),
        ),
    ),
    (
        "Complete Journey",
        "complete-journey",
        [JOURNEY / f"{name}.parquet" for name in ("transactions", "products", "demographics")],
        date(2017, 12, 24),
        4,
        (Bar("recall_at_10", 0.160, 0.168), Bar("ndcg_at_10", 0.310, 0.325)),
    ),
    (
        "Online Retail II",
        "online-retail",
        [SHARED / "online_retail" / "invoices.parquet"],
        date(2011, 10, 9),
        4,
        (
            Bar("recall_at_10", 1.08, 1.18, over="decayed_frequency"),
            Bar("average_precision", 1.20, 1.55, over="decayed_frequency"),
        ),
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


def table(title: str, bars: tuple[Bar, ...], record: dict[str, Any]) -> str:
    """The means of every model over the weeks, the bars, the differences from every baseline, the best week by week."""
    weeks, models = record["weeks"], record["models"]
    best = max(models, key=lambda name: models[name]["mean"]["f1"])
    others = [name for name in BASELINES if name != best]
    lines = [
        f"### {title}, {weeks[0]} to {weeks[-1]}",
        "",
        "| model | mean F1 | average precision | recall@10 | NDCG@10 | calibrated .9 to 1.1 | ECE, pooled |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, model in models.items():
        means = " | ".join(f"{model['mean'][column]:.3f}" for column in COLUMNS)
        calibrated = f"{counts(record, name)[CALIBRATED]} of {len(weeks)}"
        lines.append(f"| {name} | {means} | {calibrated} | {model['pooled']['ece']:.4f} |")
    lines += ["", f"| {best} | measured | bar | moonshot |", "|---|---|---|---|"]
    every = Bar(ABOVE, len(others) * len(COLUMNS), None)
    lines += [held_to(bar, record, best) for bar in (*bars, every)]
    lines += ["", f"| {best} over | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(difference(record, best, name, metric) for metric in COLUMNS)} |" for name in others
    ]
    by_week = ", ".join(f"{week} {models[best]['weeks'][week]['f1']:.3f}" for week in weeks)
    ratios = ", ".join(f"{models[best]['weeks'][week]['calibration_all']:.2f}" for week in weeks)
    covered, inside = models[best]["pooled"]["covered"], counts(record, best)[INSIDE]
    says = [
        f"Candidates hold {covered:.0%} of the purchases; {inside} of {len(weeks)} weekly totals lie in their 80 %.",
        f"F1 of {best} by week: {by_week}.",
        f"Expected over actual purchases by week: {ratios}.",
    ]
    return "\n".join([*lines, "", *says, ""])


def counts(record: dict[str, Any], model: str) -> dict[str, int]:
    """Of how many weeks, and of how many differences, what a bar asks is true."""
    return {
        CALIBRATED: sum(0.9 <= week["calibration_all"] <= 1.1 for week in record["models"][model]["weeks"].values()),
        INSIDE: sum(level["inside"] for level in record["level"].values()),
        ABOVE: sum(
            found["low"] > 0
            for found in record["differences"]
            if found["model"] == model and found["metric"] in COLUMNS
        ),
    }


def held_to(bar: Bar, record: dict[str, Any], best: str) -> str:
    """A row that says whether a bar, and its moonshot, was reached or missed."""
    counted = counts(record, best)
    value, what = (record["models"][best]["mean"] | counted)[bar.metric], bar.metric
    if bar.over:
        value /= record["models"][bar.over]["mean"][bar.metric]
        what = f"{bar.metric} over {bar.over}"

    def said(number: float) -> str:
        if bar.over:
            return f"{number - 1:+.1%}"
        return f"{number}" if bar.metric in counted else f"{number:.3f}"

    limits = (bar.least, bar.moonshot)
    held = ("" if each is None else f"{said(each)}: {'reached' if value >= each else 'missed'}" for each in limits)
    return f"| {what} | {said(value)} | {' | '.join(held)} |"


def difference(record: dict[str, Any], model: str, baseline: str, metric: str) -> str:
    """The mean weekly difference in a metric, with its 95 % interval."""
    for found in record["differences"]:
        if (found["model"], found["baseline"], found["metric"]) == (model, baseline, metric):
            return f"{found['mean']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"
    return "–"


def main() -> None:
    """Prints every set that is on this machine into docs/benchmarks.md."""
    parts = [
        "Each week is predicted from what was known before it, by models fitted and calibrated on the weeks before it",
        "(`semana backtest`); everything was chosen on earlier weeks. Calibration is expected over actual purchases,",
        "those outside the candidates included; differences are paired by week, with their 95 % intervals.",
        made_on("lightgbm", "polars", "numpy"),
        "",
    ]
    for title, source, paths, as_of, weeks, bars in SETS:
        if not all(path.exists() for path in paths):
            parts.append(f"### {title}\n\nNot measured: the data is not on this machine.\n")
            continue
        parts.append(table(title, bars, record_of(source, paths, as_of, weeks)))
    write_section("quality", "\n".join(parts))


if __name__ == "__main__":
    main()
