"""What a trained model is like: its probabilities in weeks that it has not seen, and what moves its scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from semana.data import schemas as s
from semana.evaluation.curves import Curves, curves_of
from semana.evaluation.cuts import Cuts
from semana.evaluation.race import Examples
from semana.models.base import rows_from
from semana.models.level import Totals, forecast_level
from semana.models.scorer import Scorer
from semana.params import Params

# Pairs of a week that tell of probabilities: their curves have settled long before.
_PAIRS = 100_000
# Pairs that tell what moves the scores: exact contributions take a while, and a figure shows no more.
_TELLING = 1_000
_FEATURES = 15


@dataclass(frozen=True)
class Moved:
    """A feature: the mean size of its contributions, and pairs as (its value, its contribution); null is unknown."""

    name: str
    size: float
    pairs: tuple[tuple[float | None, float], ...]


@dataclass(frozen=True)
class Portrait:
    """`curves` and `lift` are of the gate weeks, None where there is none; `moved` the features that move most.

    `lift` holds (share of the pairs taken, the likeliest first; their purchases as a multiple of a random choice's).
    `whole` is the size of all contributions together.
    """

    curves: Curves | None
    lift: tuple[tuple[float, float], ...]
    moved: tuple[Moved, ...]
    whole: float

    def to_json(self) -> dict[str, Any]:
        """Plain values; a feature's pairs are left to the page."""
        importance = {each.name: each.size for each in self.moved}
        return {"curves": asdict(self.curves) if self.curves else None, "lift": self.lift, "importance": importance}

    @property
    def metrics(self) -> Mapping[str, float]:
        """What of it is one number."""
        if self.curves is None:
            return {}
        return {name: getattr(self.curves, name) for name in ("calibration", "ece", "covered")}


def portray(
    judged: Scorer, refitted: Scorer, examples: Examples, totals: Totals, *, cuts: Cuts, params: Params
) -> Portrait:
    """The portrait of a race's winner: `judged` tells of the gate weeks, `refitted` of its scores of the newest week.

    Of large weeks pairs are drawn by chance, the same ones in every run.
    """
    rows = rows_from(examples.some(cuts.all[-1], _TELLING), refitted.recipe.features)
    parts = refitted.model.explain(rows)
    size = np.abs(parts).mean(axis=0)
    order = [int(n) for n in np.argsort(-size, kind="stable")[:_FEATURES] if size[n] > 0]
    moved = tuple(Moved(rows.names[n], float(size[n]), _points(rows.values[:, n], parts[:, n])) for n in order)
    if not cuts.gate:
        return Portrait(None, (), moved, float(size.sum()))
    chances, labels, purchases, drawn, pairs = [], [], 0.0, 0, 0
    for week in cuts.gate:
        some, of_week = examples.some(week, _PAIRS), examples.count(week)
        step = of_week / some.height
        total = forecast_level(totals, target=week, params=params.level).total / step
        chances.append(judged.of_week(rows_from(some, judged.recipe.features), total=total)[1])
        labels.append(some[s.BOUGHT].to_numpy())
        purchases += totals[week] / step
        drawn += some.height
        pairs += of_week
    bought = np.concatenate(labels)
    counted = max(round(purchases), int(bought.sum()))
    curves = curves_of(np.concatenate(chances), bought, purchases=counted, weeks=len(cuts.gate))
    scaled = [(taken * pairs / drawn, share) for taken, share in curves.gains]
    curves = replace(curves, gains=scaled, pairs=pairs / len(cuts.gate))
    return Portrait(curves, curves.lift, moved, float(size.sum()))


def _points(values: Any, parts: Any) -> tuple[tuple[float | None, float], ...]:
    return tuple(
        (None if np.isnan(value) else float(value), float(part)) for value, part in zip(values, parts, strict=True)
    )
