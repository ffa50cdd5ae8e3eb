"""What a model makes of pairs with their features, a batch at a time, wherever they are worked out.

Each takes its scorers along as the files of their bundles, to other processes and other machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from semana.data import schemas as s
from semana.models.base import rows_from
from semana.models.scorer import Scorer

FACTS = [*s.PAIR, s.REPEAT, s.LAST_BOUGHT, s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.USUAL_AMOUNT]
_JUDGED = [*s.PAIR, s.REPEAT, s.USUAL_AMOUNT, s.BOUGHT]
_REASONS = pl.List(pl.Struct({"code": pl.String, "value": pl.Float64, "contribution": pl.Float64}))


@dataclass(frozen=True)
class Scoring:
    """Gives the facts of each pair, and its score by each scorer under that one's name.

    Of a past week, where it is told what was bought, the facts are that and what lists are decided by.
    """

    scorers: Mapping[str, Scorer]

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each of the batch, in its order."""
        facts = batch.select(_JUDGED if s.BOUGHT in batch.columns else FACTS)
        if batch.is_empty():
            return facts.with_columns(pl.lit(0.0).alias(name) for name in self.scorers)
        features = {scorer.recipe.features for scorer in self.scorers.values()}
        rows = {names: rows_from(batch, names) for names in features}
        return facts.with_columns(
            pl.Series(name, scorer.scores(rows[scorer.recipe.features])) for name, scorer in self.scorers.items()
        )

    def __reduce__(self) -> tuple[Callable[..., Scoring], tuple[Any, ...]]:
        return _scoring, ({name: scorer.contents() for name, scorer in self.scorers.items()},)


@dataclass(frozen=True)
class Reasoning:
    """Gives each pair with the reasons of its score."""

    scorer: Scorer

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each of the batch, in its order."""
        pairs = batch.select(s.PAIR)
        if batch.is_empty():
            return pairs.with_columns(pl.lit(None, dtype=_REASONS).alias(s.REASONS))
        reasons = self.scorer.reasons(rows_from(batch, self.scorer.recipe.features))
        return pairs.with_columns(reasons.cast(_REASONS).alias(s.REASONS))

    def __reduce__(self) -> tuple[Callable[..., Reasoning], tuple[Any, ...]]:
        return _reasoning, (self.scorer.contents(),)


def _scoring(contents: Mapping[str, Mapping[str, bytes]]) -> Scoring:
    return Scoring({name: Scorer.from_contents(files) for name, files in contents.items()})


def _reasoning(contents: Mapping[str, bytes]) -> Reasoning:
    return Reasoning(Scorer.from_contents(contents))
