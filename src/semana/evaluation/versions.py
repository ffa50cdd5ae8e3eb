"""The automatic semantic version, computed from two recipes, never typed."""

from __future__ import annotations

from semana.models.scorer import Recipe

FIRST = "1.0.0"


def next_version(version: str | None, previous: Recipe | None, recipe: Recipe) -> str:
    """The version of `recipe` after `version` of `previous`.

    MAJOR: the feature contract changed. MINOR: family, features or constants did. PATCH: the same on newer data.
    """
    if version is None or previous is None:
        return FIRST
    major, minor, patch = (int(part) for part in version.split("."))
    if recipe.contract != previous.contract:
        return f"{major + 1}.0.0"
    if (recipe.family, recipe.features, recipe.constants) != (previous.family, previous.features, previous.constants):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"
