"""The scorer: a fitted model with its calibration and its recipe; what a bundle holds and what serves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.errors import ContractError
from semana.models import MODELS
from semana.models.base import Flags, Floats, Model, Rows
from semana.models.calibration import Calibration

_RECIPE, _FEATURES, _CALIBRATION, _CARD = "recipe.json", "features.json", "calibration.json", "card.md"
_COUNTED = 10.0  # a metric from here on is a count of pairs
# A forecast level further from the calibration weeks than this is an error of the forecast.
_MOST_RAISED = 2.0
_REASON = ("code", "value", "contribution")
# Features that say the same to a person, each with the one whose value tells it.
_TOLD_BY = {
    **dict.fromkeys((s.DECAYED_WEEKS, *s.WEEKS_BY_HALF_LIFE.values(), *s.WEEKS_OF_LAST.values()), s.WEEKS_OF_LAST[26]),
    **dict.fromkeys(s.SHARE_BY_HALF_LIFE.values(), s.SHARE_BY_HALF_LIFE[8]),
    s.WEEKS_SINCE: s.DAYS_SINCE,
    s.CUSTOMER_WEEKS_SINCE: s.CUSTOMER_DAYS_SINCE,
}


@dataclass(frozen=True)
class Recipe:
    """How a scorer was made: with the same data it makes the same scorer again. Weeks are written like 2025-W02.

    `contracts` are hashes of what it depends on outside itself (input columns, publication, bundle format), by name.
    """

    family: str
    features: tuple[str, ...]
    constants: Mapping[str, float]
    fit_weeks: tuple[str, ...]
    calibrate_weeks: tuple[str, ...]
    seed: int
    contracts: Mapping[str, str]

    @property
    def last_label_week(self) -> str:
        """The newest week whose purchases it has seen."""
        return max(self.fit_weeks + self.calibrate_weeks)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Recipe:
        """The recipe that these plain values describe."""
        lists = ("features", "fit_weeks", "calibrate_weeks")
        return cls(**{**written, **{name: tuple(written[name]) for name in lists}})


@dataclass(frozen=True)
class Scorer:
    """Gives pairs their probabilities and reasons. `metrics` are those of its gate weeks, for its card."""

    recipe: Recipe
    model: Model
    calibration: Calibration
    metrics: Mapping[str, float]

    def probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """The chance of a purchase for each row, in their order."""
        known = self._known(rows)
        return self.calibration.apply(self.model.predict(known), known.repeat)

    def scores(self, rows: Rows) -> NDArray[np.float64]:
        """The model's own score of each row, in their order: not yet a chance."""
        return self.model.predict(self._known(rows))

    def of_week(self, rows: Rows, *, total: float) -> tuple[Scorer, NDArray[np.float64]]:
        """The scorer of one week, whose probabilities add up to the purchases forecast among its rows; and these.

        `total` counts all purchases of the week. No probability is moved by more than a factor of two. Ask it of the
        whole week's rows once; every later answer for the week comes from the scorer it gives, or from one `at` its
        factor.
        """
        known = self._known(rows)
        return self.of_scores(self.model.predict(known), known.repeat, total=total)

    def of_scores(self, scores: Floats, repeat: Flags, *, total: float) -> tuple[Scorer, NDArray[np.float64]]:
        """The same as `of_week`, from the `scores` of the week's rows and whether each pair was bought before."""
        expected = float(self.calibration.apply(scores, repeat).sum())
        lifted = total * self.calibration.covered / expected if expected else 1.0
        scorer = self.at(float(np.clip(lifted, 1.0 / _MOST_RAISED, _MOST_RAISED)))
        return scorer, scorer.calibration.apply(scores, repeat)

    def at(self, factor: float) -> Scorer:
        """The same scorer with every probability `factor` times as high (at most 1)."""
        return replace(self, calibration=self.calibration.scaled(factor))

    def reasons(self, rows: Rows, *, top: int = 3, among: Flags | None = None) -> pl.Series:
        """For each row a list of (code, value, contribution): the features that moved its score most, strongest first.

        The code is the feature's name, the value what it was (null where unknown), the contribution its part of the
        score; features that count the same thing are one, with their sum. Those that moved nothing are left out. Rows
        that are not `among` those asked for have an empty list.
        """
        if among is not None:
            asked = pl.Series(np.where(among, np.cumsum(among) - 1, len(rows)))
            some = self.reasons(rows.those(among), top=top)
            return pl.concat([some, pl.Series([[]], dtype=some.dtype)], rechunk=True).gather(
                asked.clip(upper_bound=len(some))
            )
        known = self._known(rows)
        parts = _told(self.model.explain(known), known.names)
        moving = np.flatnonzero(parts.any(axis=0)) if parts.any() else np.arange(1)  # a rule reads two of many
        most = min(top, len(moving))
        order = moving[np.argsort(-np.abs(parts[:, moving]), axis=1, kind="stable")[:, :most]].ravel()
        place = np.repeat(np.arange(len(known)), most)
        flat = pl.DataFrame(
            {
                "code": pl.Series(known.names).gather(order),
                "value": pl.Series(known.values[place, order], dtype=pl.Float64).fill_nan(None),
                "contribution": parts[place, order],
            }
        )
        reason = pl.when(pl.col("contribution") != 0).then(pl.struct(_REASON))
        lists = flat.select(reason.alias("reasons"))["reasons"].reshape((len(known), most)).arr.to_list()
        return lists.list.drop_nulls().alias("reasons")

    def contents(self) -> dict[str, bytes]:
        """Its files: recipe, features, calibration, a card for people, and the model's own."""
        return {
            **self.model.contents(),
            _RECIPE: _json(self.recipe.to_json() | {"metrics": dict(self.metrics)}),
            _FEATURES: _json(list(self.recipe.features)),
            _CALIBRATION: _json(self.calibration.to_json()),
            _CARD: card(self.recipe, self.metrics).encode(),
        }

    @classmethod
    def from_contents(cls, contents: Mapping[str, bytes]) -> Scorer:
        """The scorer whose files these are; raises ContractError for a family this semana does not know."""
        written = json.loads(contents[_RECIPE])
        metrics = written.pop("metrics")
        recipe = Recipe.from_json(written)
        model = model_class(recipe.family).from_contents(contents)
        return cls(recipe, model, Calibration.from_json(json.loads(contents[_CALIBRATION])), metrics)

    def _known(self, rows: Rows) -> Rows:
        return rows if rows.names == self.recipe.features else rows.narrowed(self.recipe.features)


def model_class(family: str) -> type[Model]:
    """The class of a model by its name; raises ContractError naming those there are."""
    if family not in MODELS:
        raise ContractError(f"model {family!r} unknown; there are {', '.join(MODELS)}. Change `race` in params.yaml.")
    return MODELS[family]


def card(recipe: Recipe, metrics: Mapping[str, float]) -> str:
    """A page that tells a person what the model is, what it has seen and how it did."""
    kind = model_class(recipe.family)
    about, reads = (kind.__doc__ or "").strip().splitlines()[0], kind.reads or recipe.features
    lines = [
        f"# {recipe.family.replace('_', ' ')}",
        "",
        about,
        "",
        f"- {_learned(recipe)}",
        f"- Seed {recipe.seed}; constants: {_listed(recipe.constants)}.",
        f"- Reads {len(reads)} features: {', '.join(reads)}.",
        "- It predicts purchases, not the effect of a call. It knows a customer's past, not stock, prices or plans.",
        "",
        "## On weeks it had not seen",
        "",
        "The means of the gate's weeks, of the same recipe learned from the weeks before them alone; what serves has",
        "learned from these weeks as well. `calibration` is expected purchases over actual ones among the pairs that",
        "were scored, `calibration_all` over all purchases.",
        "",
    ]
    table = ["| metric | value |", "|---|---|", *(f"| {name} | {_figure(metrics[name])} |" for name in sorted(metrics))]
    return "\n".join(lines + (table if metrics else ["No week was left to judge it on."])) + "\n"


def _figure(value: float) -> str:
    return f"{value:,.1f}" if abs(value) >= _COUNTED else f"{value:.4f}"


def _told(parts: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float64]:
    """The contributions, those of features that say the same summed where the one is that tells it."""
    told, place = parts.copy(), {name: n for n, name in enumerate(names)}
    for name, teller in _TOLD_BY.items():
        if name != teller and name in place and teller in place:
            told[:, place[teller]] += told[:, place[name]]
            told[:, place[name]] = 0.0
    return told


def _learned(recipe: Recipe) -> str:
    if model_class(recipe.family).learns:
        return f"Learned from {_span(recipe.fit_weeks)}, the level of its probabilities included."
    return f"A rule, nothing learned; its probabilities from {_span(recipe.calibrate_weeks)}."


def _span(weeks: tuple[str, ...]) -> str:
    return f"{len(weeks)} weeks, {min(weeks)} to {max(weeks)}" if weeks else "no week"


def _listed(constants: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in sorted(constants.items())) or "none"


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
