"""Two models side by side: how they were made, how they did where both were judged."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.evaluation.intervals import paired_difference
from semana.pipeline.succession import bundle_of
from semana.stores.home import Stores

FIGURES = ("f1", "average_precision", "recall_at_10", "ndcg_at_10")


def compare(stores: Stores, first: str, second: str) -> dict[str, Any]:
    """What tells two versions (or bundles) apart: recipe, gate figures, realised figures of the weeks of both."""
    bundles = {name: bundle_of(stores, name) for name in (first, second)}
    if bundle_of(stores, first) == bundle_of(stores, second):
        raise UsageError(f"{first} and {second} are one model: name two. See: semana models list")
    recipes = [stores.bundles.recipe(bundle) for bundle in bundles.values()]
    one, other = recipes
    constants = sorted(set(one.constants) | set(other.constants))
    return {
        "models": {
            name: {
                "bundle": bundle,
                "family": recipe.family,
                "seed": recipe.seed,
                "features": len(recipe.features),
                "fit_weeks": len(recipe.fit_weeks),
                "last_label_week": recipe.last_label_week,
                "gate": {figure: stores.bundles.metrics(bundle).get(figure) for figure in FIGURES},
                "fault": stores.bundles.fault(bundle),
            }
            for (name, bundle), recipe in zip(bundles.items(), recipes, strict=True)
        },
        "features": {
            "only_first": [name for name in one.features if name not in other.features],
            "only_second": [name for name in other.features if name not in one.features],
        },
        "constants": {
            name: [one.constants.get(name), other.constants.get(name)]
            for name in constants
            if one.constants.get(name) != other.constants.get(name)
        },
        "contracts": sorted(
            name for name in {*one.contracts, *other.contracts} if one.contracts.get(name) != other.contracts.get(name)
        ),
        "realised": _realised(stores, first, second),
    }


def _realised(stores: Stores, first: str, second: str) -> dict[str, Any]:
    """By figure: the difference, second less first, over the weeks that were judged of both."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {first: {}, second: {}}
    for week in stores.lake.weeks(catalog.PERFORMANCE):
        for row in stores.lake.read(catalog.PERFORMANCE, week).to_dicts():
            if row[s.MODEL_VERSION] in found:
                found[row[s.MODEL_VERSION]][str(week)] = row
    both = sorted(set(found[first]) & set(found[second]))
    differences = {}
    for figure in FIGURES if both else ():
        ours, theirs = ({Week.parse(week): found[name][week][figure] for week in both} for name in (second, first))
        interval = vars(paired_difference(ours, theirs))
        differences[figure] = {name: None if isnan(value) else value for name, value in interval.items()}
    return {"weeks": both, "difference": differences}
