"""Other people's recommenders on the purchases of a folder, in an environment of their own (.venv-peers).

`python -m benchmarks.ranking_peers FOLDER` reads purchases.parquet (customer, product and week as numbers) and
weeks.json (`choose`: the weeks to choose settings by, `rank`: those to predict), and writes ranked.parquet: for each of
these what each method, with the settings that did best before, would have put before each customer, and methods.json:
the settings, the seconds that learning and scoring a week took, and how many products it leaves out. Each week is
predicted from the weeks before it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product as combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import CosineRecommender
from numpy.typing import NDArray
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import EASEModel
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks.next_basket import Baskets, tifu_knn, up_cf

TOP = 100  # products that are kept of each customer
LOOKED_AT = 10
EASE, EASE_AT_MOST = "RecTools EASE", 6000  # products: it inverts a matrix of their square

Shape = tuple[int, int]
Scores = NDArray[np.float64]
Learned = Callable[[], Scores]  # scores every product for every customer
Method = Callable[..., Learned]


def decayed(known: pd.DataFrame, shape: Shape, *, week: int, half_life: float) -> sparse.csr_matrix:
    """Customers by products: the weeks in which it was bought, older ones counting less."""
    weight = 0.5 ** ((week - known["week"].to_numpy()) / half_life)
    return sparse.csr_matrix((weight, (known["customer"], known["product"])), shape=shape)


def als(known: pd.DataFrame, shape: Shape, week: int, *, factors: int, alpha: float, half_life: float) -> Learned:
    """Implicit's alternating least squares."""
    model = AlternatingLeastSquares(factors=factors, alpha=alpha, iterations=15, random_state=1, num_threads=0)
    with threadpool_limits(1, "blas"):  # its own threads call it
        model.fit(decayed(known, shape, week=week, half_life=half_life), show_progress=False)
    return lambda: np.asarray(model.user_factors @ model.item_factors.T, dtype=np.float64)


def item_knn(known: pd.DataFrame, shape: Shape, week: int, *, neighbours: int, half_life: float) -> Learned:
    """Implicit's item neighbours by cosine; a product is its own neighbour too."""
    matrix = decayed(known, shape, week=week, half_life=half_life)
    model = CosineRecommender(K=neighbours, num_threads=0)
    model.fit(matrix, show_progress=False)
    return lambda: np.asarray((matrix @ model.similarity).todense(), dtype=np.float64)


def ease(known: pd.DataFrame, shape: Shape, week: int, *, regularization: float, half_life: float) -> Learned:
    """RecTools' EASE, on the products that are bought most where they are many."""
    popular = known["product"].value_counts().index[:EASE_AT_MOST]
    some = known[known["product"].isin(popular)]
    frame = pd.DataFrame(
        {
            Columns.User: some["customer"],
            Columns.Item: some["product"],
            Columns.Weight: 0.5 ** ((week - some["week"]) / half_life),
            Columns.Datetime: pd.Timestamp("2020-01-06") + pd.to_timedelta(some["week"] * 7, unit="D"),
        }
    )
    frame = frame.groupby([Columns.User, Columns.Item], as_index=False).agg(
        {Columns.Weight: "sum", Columns.Datetime: "max"}
    )
    dataset = Dataset.construct(frame)
    model = EASEModel(regularization=regularization)
    model.fit(dataset)

    def scores() -> Scores:
        found = np.zeros(shape)
        users, items = dataset.user_id_map.external_ids, dataset.item_id_map.external_ids
        found[np.ix_(users, items)] = dataset.get_user_item_matrix() @ model.weight
        return found

    return scores


def own_and_alike(known: pd.DataFrame, shape: Shape, _: int, **settings: Any) -> Learned:
    """TIFU-KNN, ours from the paper: it learns nothing but who bought what in which basket."""
    return partial(tifu_knn, _baskets(known, shape), **settings)


def alike(known: pd.DataFrame, shape: Shape, _: int, **settings: Any) -> Learned:
    """UP-CF@r, ours from the paper: it learns as little."""
    return partial(up_cf, _baskets(known, shape), **settings)


def _baskets(known: pd.DataFrame, shape: Shape) -> Baskets:
    customer, product, week = (known[name].to_numpy() for name in ("customer", "product", "week"))
    return Baskets.of(customer, product, week, shape)


# What the papers and the libraries' documents suggest to try.
METHODS: dict[str, tuple[Method, dict[str, list[Any]]]] = {
    "implicit ALS": (als, {"factors": [32, 128], "alpha": [1.0, 10.0], "half_life": [8.0, 26.0]}),
    "implicit item-kNN": (item_knn, {"neighbours": [20, 100], "half_life": [4.0, 13.0]}),
    EASE: (ease, {"regularization": [50.0, 500.0], "half_life": [4.0, 13.0]}),
    "TIFU-KNN": (
        own_and_alike,
        {"groups": [3, 7], "within": [0.9], "between": [0.6, 0.8], "neighbours": [100, 300], "own": [0.5, 0.8]},
    ),
    "UP-CF@r": (alike, {"recent": [5, 25], "asymmetry": [0.5, 0.75], "locality": [5.0, 20.0]}),
}


def settings_of(grid: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination."""
    yield from (dict(zip(grid, each, strict=True)) for each in combinations(*grid.values()))


def top_of(scores: Scores, most: int) -> NDArray[np.int64]:
    """The products of each customer with the highest scores, the highest first; equals by their number."""
    part = np.sort(np.argpartition(-scores, min(most, scores.shape[1] - 1), axis=1)[:, :most], axis=1)
    order = np.argsort(-np.take_along_axis(scores, part, axis=1), axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1)


def recall(scores: Scores, truth: pd.DataFrame) -> float:
    """Recall@10 over the customers who bought."""
    top = top_of(scores, LOOKED_AT)
    bought = truth.groupby("customer")["product"].agg(set)
    return float(np.mean([len(set(top[who]) & what) / len(what) for who, what in bought.items()]))


def main(folder: Path) -> None:
    """Chooses the settings of each method, then ranks the weeks to predict."""
    purchases = pd.read_parquet(folder / "purchases.parquet")
    weeks = json.loads((folder / "weeks.json").read_text())
    shape = int(purchases["customer"].max()) + 1, int(purchases["product"].max()) + 1
    parts, told = [], {}
    for name, (method, grid) in METHODS.items():

        def learned(week: int, settings: dict[str, Any], method: Method = method) -> Learned:
            return method(purchases[purchases["week"] < week], shape, week, **settings)

        reached = []
        for settings in settings_of(grid):
            found = [
                recall(learned(week, settings)(), purchases[purchases["week"] == week]) for week in weeks["choose"]
            ]
            reached.append((float(np.mean(found)), settings))
        best = max(reached, key=lambda each: each[0])[1]
        seconds = np.zeros(2)
        for week in weeks["rank"]:
            began = time.perf_counter()
            score = learned(week, best)
            knows = time.perf_counter()
            scores = score()
            top = top_of(scores, TOP)
            seconds += knows - began, time.perf_counter() - knows
            rows = np.repeat(np.arange(shape[0]), top.shape[1])
            values = np.take_along_axis(scores, top, axis=1).ravel()
            parts.append(
                pd.DataFrame({"method": name, "week": week, "customer": rows, "product": top.ravel(), "score": values})
            )
        told[name] = {"settings": best, "seconds": (seconds / len(weeks["rank"])).tolist()}
        print(name, told[name], flush=True)
    there = purchases.loc[purchases["week"] < weeks["rank"][-1], "product"].nunique()
    told[EASE] |= {"products": min(EASE_AT_MOST, there), "of": there}
    pd.concat(parts).to_parquet(folder / "ranked.parquet")
    (folder / "methods.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
