"""Models score pairs: one interface, one registry. Baselines race and may serve like any other. Pure."""

from __future__ import annotations

from semana.models.base import Model
from semana.models.baselines import DecayedFrequency, PersonalFrequency, RecentRepeat

MODELS: dict[str, type[Model]] = {
    model.name: model for model in (DecayedFrequency, RecentRepeat, PersonalFrequency)
}
