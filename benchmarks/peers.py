"""Lists beside other people's recommenders, on the same purchases and weeks, in one run: `make bench-peers`.

The peers rank; they give no probabilities. Their F1 is that of the cut which was best in the week before; ours is that
of the list as published.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.page import PEERS, made_on, untuned, write_section
from benchmarks.pictures import methods
from benchmarks.quality import COLUMNS, SETS
from semana.data import schemas as s
from semana.data.frames import collected
from semana.data.purchases import bought, count_once, weekly_purchases
from semana.data.weeks import Week
from semana.evaluation.backtest import cuts_before
from semana.evaluation.metrics import week_metrics
from semana.evaluation.race import fit_scorers, lists_of_week, sample_share
from semana.models import BASELINES
from semana.pipeline import ingest
from semana.pipeline.backtest import backtest
from semana.pipeline.labels import LabelWeeks, totals_of
from semana.pipeline.order import Order
from semana.pipeline.weekly import run_week
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from semana.stores.runs import Run

HERE = Path(__file__).parent
CHOOSE, TOP = 2, 100  # weeks before the test weeks; products of a customer that are ranked

Seconds = tuple[float, float]  # to learn, and to score a week


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


def seconds_of_ours(stores: Stores, order: Order) -> Seconds:
    """The steps `train` and `predict` of a weekly run that retrains, its golden set frozen, while a rule serves.

    The first run of a home does more, once: the golden set and its models. A rule's is the shorter first run. Neither
    asks a gate, or beside a refused model its predecessor would predict.
    """
    params = stores.params
    ungated = params.model_copy(update={"gate": params.gate.model_copy(update={"mode": "off"})})
    rules = ungated.model_copy(update={"models": params.models.model_copy(update={"race": BASELINES})})
    for each in (rules, ungated):
        run_week(replace(stores, params=each), order)
    newest = {record["step"]: float(record["wall_seconds"]) for record in stores.telemetry.all()}
    return newest["train"], newest["predict"]


def seconds_of_rule(name: str, run: Run, stores: Stores) -> Seconds:
    """What calibrating a rule takes, and a week's list by it: with all features, and nothing held from before."""
    params, totals, examples = stores.params, totals_of(run, stores), LabelWeeks(run, stores)
    week = totals.weeks[-1]
    began = time.perf_counter()
    cuts = cuts_before(week, totals.weeks, params.cuts)
    share = sample_share(examples, totals, cuts, params)
    scorers = fit_scorers([name], examples, totals, cuts, params, share=share, contracts={})
    knows = time.perf_counter()
    list(lists_of_week(scorers, examples, totals, week=week, params=params))
    return knows - began, time.perf_counter() - knows


def left_out(told: Mapping[str, Any]) -> list[str]:
    """A paragraph for each peer that does not learn from all products."""
    return [
        f"{name} learns from the {about['products']:,} products that are bought most, of {about['of']:,}:\n"
        "it inverts a matrix of their square. It scores no other product.\n"
        for name, about in told.items()
        if about.get("products", 0) < about.get("of", 0)
    ]


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
        ours = seconds_of_ours(stores, Order(now, as_of=as_of, retrain="always", reason="measured"))
        run = stores.runs.newest("race")
        assert run is not None
        rules = {name: seconds_of_rule(name, run, stores) for name in BASELINES}
    rows, told = ranked(purchases, weeks)
    models: Mapping[str, Any] = record["models"]
    best = next(name for name in models if name not in BASELINES)
    found = [(f"**semana, {best}**", models[best]["mean"], ours, "")]
    found += [(f"{name}, a rule", models[name]["mean"], rules[name], "") for name in BASELINES if name != best]
    for name, about in told.items():
        mine = rows.filter(pl.col("method") == name).drop("method")
        settings = ", ".join(f"{key} {value:g}" for key, value in about["settings"].items())
        found.append((name, means(mine, purchases, weeks), tuple(about["seconds"]), settings))
    lines = [
        f"### {title}, {weeks[0]} to {weeks[-1]}",
        "",
        "| method | mean F1 | average precision | recall@10 | NDCG@10 | s to learn | s to score | settings |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, mean, took, settings in found:
        cells = [*(f"{mean[each]:.3f}" for each in COLUMNS), *(f"{seconds:.2f}" for seconds in took)]
        lines.append(f"| {name} | {' | '.join(cells)} | {settings} |")
    drawn = {name: {"recall@10": mean["recall_at_10"], "NDCG@10": mean["ndcg_at_10"]} for name, mean, *_ in found}
    shown = {name.strip("*"): values for name, values in drawn.items()}
    picture = methods(f"peers-{source}", shown, caption=f"{title}, by method")
    return "\n".join([*lines, "", *left_out(told), picture, ""])


def main() -> None:
    """Prints every set that is on this machine into docs/benchmarks.md."""
    parts = [
        "TIFU-KNN and UP-CF@r are short ones of ours, written from the papers (`benchmarks/next_basket.py`). Each week",
        "is predicted from the weeks before it; the settings of peers are those of a grid with the best recall@10 in",
        f"the weeks before the first ({CHOOSE} of them). They rank {TOP} products a customer, which bounds their",
        "average precision; F1 is that of the cut that was best in the week before. Seconds are of one week, without",
        "any search for settings. Ours: the steps `train` (label weeks with all features, the race with the rules, the",
        "weeks that judge, the best learned again from all weeks, its portrait, what MLflow is told) and `predict`",
        "(features, scores by it and by the model before, reasons) of a weekly run that retrains; no gate, and a rule",
        "served until then. Rules: calibration on two weeks, whose pairs are counted, and a week's list, both with all",
        f"features. Peers: learning from all weeks before, and the {TOP} best products of everybody; TIFU-KNN and",
        "UP-CF@r learn nothing but who bought what.",
        made_on("lightgbm", "polars", "numpy", others=["implicit", "rectools"]),
        "",
    ]
    for title, source, paths, as_of, weeks, _ in SETS:
        if all(path.exists() for path in paths):
            parts.append(table(title, source, paths, as_of, weeks))
    write_section("peers", "\n".join(parts))


if __name__ == "__main__":
    main()
