"""Lists beside other people's recommenders, on the same purchases and weeks, in one run: `make bench-peers`.

The peers rank; they give no probabilities. Their F1 is that of the cut which was best in the week before; ours is that
of the list as published.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.page import PEERS, made_on, untuned, write_section
from benchmarks.pictures import methods
from benchmarks.quality import COLUMNS, SETS
from semana.data import schemas as s
from semana.data.purchases import bought, count_once, weekly_purchases
from semana.data.weeks import Week
from semana.evaluation.metrics import week_metrics
from semana.models import BASELINES
from semana.pipeline import ingest
from semana.pipeline.backtest import backtest
from semana.pipeline.order import Order
from semana.pipeline.weekly import run_week
from semana.settings import read_settings
from semana.stores.engine import collected
from semana.stores.home import Stores, open_home

HERE = Path(__file__).parent
CHOOSE, TOP = 2, 100  # weeks before the test weeks; products of a customer that are ranked


def purchases_of(stores: Stores, until: Week) -> pl.DataFrame:
    """Who bought what in which week, up to and with `until`; customers and products as numbers from 0."""
    lines = count_once(stores.landing.lines(stores.landing.position))
    rows = collected(bought(weekly_purchases(lines)).select(*s.PAIR, s.WEEK)).filter(pl.col(s.WEEK) <= until.index)
    dense = (pl.col(key).rank("dense").cast(pl.Int64).sub(1).alias(key) for key in s.PAIR)
    return rows.with_columns(*dense).sort(s.WEEK, *s.PAIR)


def ranked(purchases: pl.DataFrame, weeks: Sequence[Week]) -> tuple[pl.DataFrame, dict[str, Any]]:
    """What each peer would have put before each customer in these weeks and the one before, and how it was set."""
    first = weeks[0].index
    asked = {"choose": [first - n for n in range(CHOOSE, 0, -1)], "rank": [first - 1, *(week.index for week in weeks)]}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = {s.CUSTOMER_ID: "customer", s.PRODUCT_ID: "product", s.WEEK: "week"}
        purchases.rename(names).write_parquet(folder / "purchases.parquet")
        (folder / "weeks.json").write_text(json.dumps(asked))
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        subprocess.run([PEERS, "-m", "benchmarks.ranking_peers", str(folder)], env=environment, check=True)
        rows = pl.read_parquet(folder / "ranked.parquet").rename({new: old for old, new in names.items()})
        return rows.rename({"score": s.PROBABILITY}), json.loads((folder / "methods.json").read_text())


def cut_of(scored: pl.DataFrame, truth: pl.DataFrame) -> float:
    """The score from which on recommending would have given the best F1."""
    hits = scored.join(truth, on=s.PAIR, how="left", maintain_order="left", coalesce=True)
    known = hits.with_columns(pl.col(s.WEEK).is_not_null().alias(s.BOUGHT)).sort(s.PROBABILITY, descending=True)
    scores, found = known[s.PROBABILITY].to_numpy(), np.cumsum(known[s.BOUGHT].to_numpy())
    f1 = 2 * found / (np.arange(1, len(found) + 1) + truth.height)
    whole = np.append(np.diff(scores) != 0, True)  # a cut takes all that have the same score
    return float(scores[int(np.argmax(np.where(whole, f1, -1.0)))])


def means(rows: pl.DataFrame, purchases: pl.DataFrame, weeks: Sequence[Week]) -> dict[str, float]:
    """The mean metrics of one peer over the weeks, each with the cut that was best in the week before."""
    found = []
    for week in weeks:
        last, this = (
            (rows.filter(pl.col(s.WEEK) == index).drop(s.WEEK), purchases.filter(pl.col(s.WEEK) == index))
            for index in (week.index - 1, week.index)
        )
        listed = this[0].with_columns((pl.col(s.PROBABILITY) >= cut_of(*last)).alias(s.RECOMMENDED))
        found.append(week_metrics(listed, this[1]))
    return {name: float(np.mean([each[name] for each in found])) for name in COLUMNS}


def seconds_of(stores: Stores, order: Order) -> float:
    """What learning and scoring a week takes us, features included, in a weekly run that retrains."""
    run_week(stores, order)
    newest = {record["step"]: record["wall_seconds"] for record in stores.telemetry.all()}
    return float(newest["train"] + newest["predict"])


def table(title: str, source: str, paths: Sequence[Path], as_of: date, number: int) -> str:
    """One row per method: ours, the rules, the peers."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "params.yaml").write_text(untuned())
        stores = open_home(read_settings(home), create=True)
        now = datetime.now(UTC)
        ingest.land(stores, list(paths), source=source, table=None, arrival=now)
        record = backtest(stores, Order(now, as_of=as_of), weeks=number)
        weeks = [Week.parse(week) for week in record["weeks"]]
        purchases = purchases_of(stores, weeks[-1])
        seconds = seconds_of(stores, Order(now, as_of=as_of, retrain="always"))
    rows, told = ranked(purchases, weeks)
    models: Mapping[str, Any] = record["models"]
    best = next(name for name in models if name not in BASELINES)
    found = [(f"**semana, {best}**", models[best]["mean"], f"{seconds:.1f}", "")]
    found += [(f"{name}, a rule", models[name]["mean"], "", "") for name in BASELINES if name != best]
    for name, about in told.items():
        mine = rows.filter(pl.col("method") == name).drop("method")
        settings = ", ".join(f"{key} {value:g}" for key, value in about["settings"].items())
        found.append((name, means(mine, purchases, weeks), f"{about['seconds']:.1f}", settings))
    lines = [
        f"### {title}, {weeks[0]} to {weeks[-1]}",
        "",
        "| method | mean F1 | average precision | recall@10 | NDCG@10 | s a week | settings |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, mean, took, settings in found:
        lines.append(f"| {name} | {' | '.join(f'{mean[each]:.3f}' for each in COLUMNS)} | {took} | {settings} |")
    drawn = {name: {"recall@10": mean["recall_at_10"], "NDCG@10": mean["ndcg_at_10"]} for name, mean, *_ in found}
    shown = {name.strip("*"): values for name, values in drawn.items()}
    return "\n".join([*lines, "", methods(f"peers-{source}", shown, caption=f"{title}, by method"), ""])


def main() -> None:
    """Prints every set that is on this machine into docs/benchmarks.md."""
    parts = [
        "TIFU-KNN and UP-CF@r are short ones of ours, written from the papers (`benchmarks/next_basket.py`). Each week",
        "is predicted from the weeks before it; the settings of peers are those of a grid with the best recall@10 in",
        f"the weeks before the first ({CHOOSE} of them). They rank {TOP} products a customer, which bounds their",
        "average precision; F1 is that of the cut that was best in the week before. Seconds: learning and scoring one",
        "week, without any search for settings; ours with all features, calibration and the race.",
        made_on("lightgbm", "polars", "numpy", others=["implicit", "rectools"]),
        "",
    ]
    for title, source, paths, as_of, weeks, _ in SETS:
        if all(path.exists() for path in paths):
            parts.append(table(title, source, paths, as_of, weeks))
    write_section("peers", "\n".join(parts))


if __name__ == "__main__":
    main()
