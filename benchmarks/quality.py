"""How good the lists would have been, week by week, on real data: every model beside the others. `make bench`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.page import write_section
from benchmarks.speed import JOURNEY, SHARED
from semana.data import catalog
from semana.data import schemas as s
from semana.data.purchases import bought, during
from semana.data.weeks import Week, weeks_between
from semana.evaluation.cuts import Cuts
from semana.evaluation.metrics import week_metrics
from semana.evaluation.race import fit_scorers, list_of_week
from semana.models import BASELINES
from semana.models.level import forecast_level
from semana.models.scorer import Scorer
from semana.params import Params
from semana.pipeline import ingest, prepare
from semana.pipeline.labels import examples_of, totals_of
from semana.pipeline.weekly import Order, begin
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from semana.stores.runs import Run

SETS: tuple[tuple[str, str, list[Path], date, str, str, str], ...] = (
    (
        "SodAI",
        "sodai",
        [SHARED / "sodai" / f"{name}.parquet" for name in ("clientes", "productos", "transacciones")],
        date(2024, 12, 31),
        "2024-W45",
        "2024-W52",
        "mean F1 of the best baseline ≥ .550",
    ),
    (
        "Complete Journey",
        "complete-journey",
        [JOURNEY / f"{name}.parquet" for name in ("transactions", "products", "demographics")],
        date(2017, 12, 31),
        "2017-W48",
        "2017-W51",
        "with the learned model: recall@10 .160, NDCG@10 .310",
    ),
    (
        "Online Retail II",
        "online-retail",
        [SHARED / "online_retail" / "invoices.parquet"],
        date(2011, 10, 9),
        "2011-W37",
        "2011-W40",
        "with the learned model: recall@10 + 8 %, average precision + 20 % over decayed frequency",
    ),
)
COLUMNS = ("f1", "average_precision", "recall_at_10", "ndcg_at_10")


def prepared(source: str, paths: list[Path], as_of: date, folder: str) -> tuple[Run, Stores]:
    """A home with the whole set landed and its tables prepared."""
    stores = open_home(read_settings(Path(folder) / "home"), create=True)
    now = datetime.now(UTC)
    ingest.land(stores, paths, source=source, table=None, arrival=now)
    run = begin(stores, Order(now, as_of=as_of))
    prepare.run(run, stores)
    return run, stores


def weeks_of(run: Run, stores: Stores, first: Week, last: Week) -> Iterator[tuple[Week, str, dict[str, float]]]:
    """The figures of every model in every week, each calibrated on the two weeks before it and on nothing later."""
    examples, totals = examples_of(run, stores), totals_of(run, stores)
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    for week in weeks_between(first, last):
        known = [each for each in totals if each < week]
        cuts = Cuts((), tuple(known[-stores.params.cuts.calibrate_weeks :]), ())
        scorers = fit_scorers(BASELINES, examples, totals, cuts, stores.params, contracts={})
        truth = bought(during(purchases, week)).select(s.PAIR).collect("polars").to_native()
        frame = examples(week)
        for name, scorer in scorers.items():
            past = {each: totals[each] for each in known}
            yield week, name, judged(scorer, frame, truth, past, week=week, params=stores.params)


def judged(
    scorer: Scorer, frame: pl.DataFrame, truth: pl.DataFrame, totals: dict[Week, int], *, week: Week, params: Params
) -> dict[str, float]:
    """The figures of the list that the scorer would have published."""
    level = forecast_level(totals, target=week, params=params.level)
    within = level.low <= truth.height <= level.high
    listed = list_of_week(scorer, frame, totals, week=week, params=params)
    return week_metrics(listed, truth) | {"level within": float(within)}


def table(title: str, bar: str, found: list[tuple[Week, str, dict[str, float]]]) -> str:
    """The means of every model over the weeks, and the best one's figures week by week."""
    weeks = sorted({week for week, _, _ in found})
    lines = [
        f"### {title}, {weeks[0]} to {weeks[-1]} ({bar})",
        "",
        "| model | mean F1 | average precision | recall@10 | NDCG@10 | calibrated .9 to 1.1 | level in its 80 % |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in BASELINES:
        mine = [figures for _, model, figures in found if model == name]
        means = " | ".join(f"{np.mean([figures[column] for figures in mine]):.3f}" for column in COLUMNS)
        calibrated = sum(0.9 <= figures["calibration"] <= 1.1 for figures in mine)
        within = int(sum(figures["level within"] for figures in mine))
        lines.append(f"| {name} | {means} | {calibrated} of {len(mine)} | {within} of {len(mine)} |")
    best = max(BASELINES, key=lambda name: np.mean([figures["f1"] for _, model, figures in found if model == name]))
    by_week = ", ".join(f"{week} {figures['f1']:.3f}" for week, model, figures in found if model == best)
    return "\n".join([*lines, "", f"F1 of {best} by week: {by_week}.", ""])


def main() -> None:
    """Prints every set that is on this machine into docs/benchmarks.md."""
    parts = ["Each week is predicted from what was known before it, calibrated on the two weeks before it.", ""]
    for title, source, paths, as_of, first, last, bar in SETS:
        if not all(path.exists() for path in paths):
            parts.append(f"### {title}\n\nNot measured: the data is not on this machine.\n")
            continue
        with tempfile.TemporaryDirectory() as folder:
            run, stores = prepared(source, paths, as_of, folder)
            found = list(weeks_of(run, stores, Week.parse(first), Week.parse(last)))
        parts.append(table(title, bar, found))
    write_section("quality", "\n".join(parts))


if __name__ == "__main__":
    main()
