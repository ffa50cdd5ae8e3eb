"""Semantic versions of models, computed from two recipes and never typed."""

from __future__ import annotations

from semana.models.scorer import Recipe

FIRST = "1.0.0"


def next_version(previous: Recipe | None, version: str | None, recipe: Recipe) -> str:
    """The version of `recipe`, made after `previous`, which is `version` (None: there was none).

    MAJOR: a contract changes (input columns, publication, bundle format). MINOR: features, family or constants.
    PATCH: the same recipe on newer data. One that comes after a model whose recipe cannot be read is MINOR.
    """
    if version is None:
        return FIRST
    major, minor, patch = (int(part) for part in version.split("."))
    if previous is None:
        return f"{major}.{minor + 1}.0"
    if dict(recipe.contracts) != dict(previous.contracts):
        return f"{major + 1}.0.0"
    if _make(recipe) != _make(previous):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _make(recipe: Recipe) -> tuple[object, ...]:
    return recipe.family, recipe.features, dict(recipe.constants), recipe.seed
