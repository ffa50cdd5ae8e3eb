"""A scorer: a fitted model with its calibration and recipe. What a bundle holds, and all that serving needs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from semana.data.weeks import Week
from semana.models import MODELS
from semana.models.base import Floats, Model, Rows
from semana.models.calibration import Calibration

REASONS = 3
_SCALE = (0.25, 4.0)  # the level may not bend the chances further than this


@dataclass(frozen=True)
class Recipe:
    """How a scorer was made: the same recipe, data and seed give the same bytes."""

    family: str
    features: tuple[str, ...]
    constants: dict[str, Any]
    contract: str
    seed: int
    label_weeks: tuple[str, ...]

    @property
    def last_label_week(self) -> Week:
        """The newest week it learned from."""
        return max(Week.parse(week) for week in self.label_weeks)


@dataclass(frozen=True)
class Scorer:
    """Rows to chances, with reasons."""

    recipe: Recipe
    model: Model
    calibration: Calibration

    def probabilities(self, rows: Rows) -> Floats:
        """Calibrated chances (n,)."""
        return self.calibration.apply(self.model.predict(rows), rows)

    def scaled(self, chances: Floats, *, total: float) -> Floats:
        """The chances bent to the week's forecast total: they add up to its share that falls on candidate pairs."""
        expected = float(chances.sum())
        factor = np.clip(total * self.calibration.coverage / expected, *_SCALE) if expected > 0 else 1.0
        return np.clip(chances * factor, 0.0, 0.999)

    def reasons(self, rows: Rows) -> tuple[list[str], Floats, Floats]:
        """The features that count, with their values and contributions, (n, k) each: the same k codes for every row."""
        codes = list(self.model.features)
        values = np.column_stack([rows.column(code) for code in codes])
        return codes, values, self.model.explain(rows)

    def contents(self) -> dict[str, bytes]:
        """The files of the scorer, by name; equal scorers give equal bytes."""
        return {
            **self.model.contents(),
            "recipe.json": _json(asdict(self.recipe)),
            "features.json": _json(list(self.recipe.features)),
            "calibration.json": _json({"knots": self.calibration.knots, "coverage": self.calibration.coverage}),
            "card.md": self._card().encode(),
        }

    @classmethod
    def from_contents(cls, contents: dict[str, bytes]) -> Scorer:
        """The scorer in those files."""
        recipe = json.loads(contents["recipe.json"])
        calibration = json.loads(contents["calibration.json"])
        knots = {kind: tuple((x, y) for x, y in points) for kind, points in calibration["knots"].items()}
        made = Recipe(
            **{**recipe, "features": tuple(recipe["features"]), "label_weeks": tuple(recipe["label_weeks"])}
        )
        return cls(made, MODELS[made.family].from_contents(contents), Calibration(knots, calibration["coverage"]))

    def _card(self) -> str:
        recipe = self.recipe
        return (
            f"# {recipe.family}\n\n{(type(self.model).__doc__ or '').strip()}\n\n"
            f"- learned from the weeks {', '.join(recipe.label_weeks)}\n"
            f"- reads {', '.join(recipe.features)}\n"
            f"- {self.calibration.coverage:.1%} of the purchases of those weeks fell on candidate pairs\n"
            f"- constants: {json.dumps(recipe.constants, sort_keys=True)}; seed {recipe.seed}\n"
        )


def contract_of(features: tuple[str, ...]) -> str:
    """The hash of what a model of this code reads; a bundle with another one cannot be served by it."""
    return hashlib.sha256(" ".join(features).encode()).hexdigest()[:16]


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
