"""Models score pairs: one interface; baselines, calibration, level of the week, and the scorer holding them. Pure."""

from semana.models.base import Model
from semana.models.baselines import DecayedFrequency, PersonalFrequency, RecentRepeat
from semana.models.boosting import Boosting

MODELS: dict[str, type[Model]] = {
    "decayed_frequency": DecayedFrequency,
    "recent_repeat": RecentRepeat,
    "personal_frequency": PersonalFrequency,
    "boosting": Boosting,
}
BASELINES = ("decayed_frequency", "recent_repeat", "personal_frequency")
