"""Boosted trees (LightGBM) and a regression beside them; kept as LightGBM's own text and JSON, never pickled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from semana.models.base import Rows
from semana.models.logistic import Logistic

_CONSTANTS, _LOGISTIC = "boosting.json", "logistic.json"
_FEW = 1000  # rows
_Odds = TypeVar("_Odds", float, NDArray[np.float64])


class Boosting:
    """Boosted decision trees: they weigh a pair's own history, its customer's rhythm and its product's fortunes.

    The score is the mean of the log-odds of `models` ensembles that differ in their seed, and, with the weight
    `logistic_share`, of a logistic regression. Constants, all numbers: models, trees, learning_rate, leaves, depth,
    rows_per_leaf, feature_share, row_share, l2, logistic_share (0 where it lacks, and no regression).
    """

    learns = True
    reads: tuple[str, ...] = ()

    def __init__(
        self,
        constants: Mapping[str, float],
        *,
        seed: int,
        trees: Sequence[str] = (),
        logistic: Logistic | None = None,
    ) -> None:
        import lightgbm

        self.constants = dict(constants)
        self.seed = seed
        self.trees = tuple(trees)
        self.logistic = logistic
        self._boosters = tuple(lightgbm.Booster(model_str=text) for text in self.trees)

    def fit(self, rows: Rows) -> Self:
        """The model that has learned from labelled rows; equal rows give equal bytes, on however many threads."""
        import lightgbm

        settings = {
            "objective": "binary",
            "num_leaves": int(self.constants["leaves"]),
            "max_depth": int(self.constants["depth"]),
            "learning_rate": self.constants["learning_rate"],
            "min_data_in_leaf": int(self.constants["rows_per_leaf"]),
            "feature_fraction": self.constants["feature_share"],
            "bagging_fraction": self.constants["row_share"],
            "bagging_freq": 1,
            "lambda_l2": self.constants["l2"],
            "max_bin": 127,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }
        data = lightgbm.Dataset(
            rows.values,
            rows.labels,
            weight=rows.weight,
            feature_name=list(rows.names),
            params=settings,
            free_raw_data=True,
        )
        trees = int(self.constants["trees"])
        texts = [
            lightgbm.train({**settings, "seed": self.seed + number}, data, trees).model_to_string()
            for number in range(int(self.constants["models"]))
        ]
        beside = Logistic.fit(rows) if self.constants.get("logistic_share") else None
        return type(self)(self.constants, seed=self.seed, trees=texts, logistic=beside)

    def predict(self, rows: Rows) -> NDArray[np.float64]:
        """The chance of a purchase of each row, before calibration."""
        threads = _threads(rows)
        odds = np.mean(
            [booster.predict(rows.values, raw_score=True, num_threads=threads) for booster in self._boosters], axis=0
        )
        chances: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-self._mixed(odds, lambda beside: beside.predict(rows))))
        return chances

    def explain(self, rows: Rows) -> NDArray[np.float64]:
        """What each feature added to the log-odds of each row, exactly: the trees' TreeSHAP (Lundberg et al., 2020)."""
        threads = _threads(rows)
        parts = [
            np.asarray(booster.predict(rows.values, pred_contrib=True, num_threads=threads))[:, :-1]
            for booster in self._boosters
        ]
        mean: NDArray[np.float64] = np.mean(parts, axis=0)
        return self._mixed(mean, lambda beside: beside.explain(rows))

    def base(self) -> float:
        """The log-odds that no feature has moved: the last column of TreeSHAP, the same for every row."""
        parts = [
            np.asarray(booster.predict(np.zeros((1, booster.num_feature())), pred_contrib=True))
            for booster in self._boosters
        ]
        mean = float(np.mean([part[0, -1] for part in parts]))
        return self._mixed(mean, lambda beside: beside.intercept)

    def _mixed(self, trees: _Odds, said: Callable[[Logistic], _Odds]) -> _Odds:
        if self.logistic is None:
            return trees
        share = self.constants["logistic_share"]
        return trees * (1.0 - share) + said(self.logistic) * share

    def contents(self) -> dict[str, bytes]:
        """Its constants and its regression as JSON, and each ensemble as LightGBM's text."""
        written = {"constants": self.constants, "seed": self.seed}
        texts = {_trees(number): text.encode() for number, text in enumerate(self.trees, 1)}
        beside = {_LOGISTIC: self.logistic.content()} if self.logistic else {}
        return {_CONSTANTS: (json.dumps(written, indent=1, sort_keys=True) + "\n").encode(), **texts, **beside}

    @classmethod
    def from_contents(cls, contents: Mapping[str, bytes]) -> Self:
        """The model with the trees and the regression in its files."""
        written = json.loads(contents[_CONSTANTS])
        known = {"model-1.txt": "model.txt"}  # how the first ensemble was called once
        named = {known.get(name, name): content for name, content in contents.items()}
        texts = [named[_trees(n)].decode() for n in range(1, int(written["constants"]["models"]) + 1)]
        beside = Logistic.from_content(contents[_LOGISTIC]) if written["constants"].get("logistic_share") else None
        return cls(written["constants"], seed=written["seed"], trees=texts, logistic=beside)


def _trees(number: int) -> str:
    """The file of an ensemble, counted from 1."""
    return "model.txt" if number == 1 else f"model-{number}.txt"


def _threads(rows: Rows) -> int:
    """One for a few rows: waiting for other threads takes longer than the work. 0 is as many as there are cores."""
    return 1 if len(rows) < _FEW else 0
