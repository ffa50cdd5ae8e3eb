"""Tuning: constants of boosted trees searched for on weeks before any that calibrates or judges."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semana.models.base import Rows
from semana.models.boosting import Boosting
from semana.params import BoostingParams, TuningParams

if TYPE_CHECKING:
    import optuna

_log = logging.getLogger(__name__)
_HELD_OUT = 2  # of the weeks learned from, the latest
_LEAST = 1e-9  # a chance of zero would make the loss infinite


@dataclass(frozen=True)
class Tuned:
    """The constants to learn with, and the log loss on the held-out weeks: theirs, and that of those it began with."""

    constants: BoostingParams
    loss: float
    began: float
    trials: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"constants": self.constants.model_dump()}


def tune(rows: Rows, constants: BoostingParams, *, seed: int, params: TuningParams) -> Tuned | None:
    """The best constants among `trials`, the given ones first (Bergstra et al., 2011: TPE); None with too few weeks.

    Each trial's trees learn from all weeks but the latest two and are judged on these by weighted log loss. The given
    constants stay where no trial is better by the share `least_gain`. Equal rows and seed give equal constants.
    """
    library = _optuna()
    weeks = np.unique(rows.week) if rows.week is not None else np.array([])
    if len(weeks) <= _HELD_OUT:
        return None
    some = _some(rows, params.rows)
    held = np.isin(np.asarray(some.week), weeks[-_HELD_OUT:])
    learn, judge = some.those(~held), some.those(held)

    def _loss(trial: optuna.Trial) -> float:
        _log.info("constants: trial %s of %s", trial.number + 1, params.trials)
        tried = constants.model_copy(update=_suggested(trial, constants))
        model = Boosting(tried.model_dump() | {"logistic_share": 0.0}, seed=seed).fit(learn)
        return _log_loss(model.predict(judge), judge)

    library.logging.set_verbosity(library.logging.WARNING)
    study = library.create_study(sampler=library.samplers.TPESampler(seed=seed))
    study.enqueue_trial({name: value for name, value in constants.model_dump().items() if name in _SPACE})
    study.optimize(_loss, n_trials=params.trials)
    began, best = float(study.trials[0].value or 0.0), study.best_trial
    found = float(best.value or 0.0)
    if found > began * (1.0 - params.least_gain):
        return Tuned(constants, began, began, params.trials)
    return Tuned(constants.model_copy(update=best.params), found, began, params.trials)


def _optuna() -> ModuleType:
    """The library: a third of a second, and only training ever tunes.

    It keeps the failures of its optional imports with all that lies below them on the stack, a year of rows here: so it
    is imported on a stack of its own.
    """
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(import_module, "optuna").result()


# Lowest and highest value, and whether the steps between are multiplied. A given constant beyond them moves them.
_SPACE: dict[str, tuple[float, float, bool]] = {
    "learning_rate": (0.02, 0.2, True),
    "leaves": (7, 63, True),
    "rows_per_leaf": (50, 2000, True),
    "feature_share": (0.3, 1.0, False),
    "row_share": (0.5, 1.0, False),
    "l2": (0.1, 50.0, True),
}
_WHOLE = ("leaves", "rows_per_leaf")


def _suggested(trial: optuna.Trial, constants: BoostingParams) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (least, most, steps) in _SPACE.items():
        given = getattr(constants, name)
        there = min(most, 2**constants.depth) if name == "leaves" else most  # a tree of that depth has no more
        low, high, log = min(least, given), max(there, given), steps and given > 0
        found[name] = (
            trial.suggest_int(name, int(low), int(high), log=log)
            if name in _WHOLE
            else trial.suggest_float(name, low, high, log=log)
        )
    return found


def _some(rows: Rows, most: int) -> Rows:
    """Every so-many-th row, at most `most` of them."""
    taken = np.zeros(len(rows), dtype=bool)
    taken[:: -(-len(rows) // most)] = True
    return rows.those(taken)


def _log_loss(chance: NDArray[np.float64], rows: Rows) -> float:
    sure = np.clip(np.where(rows.labels, chance, 1.0 - chance), _LEAST, 1.0)
    return float(np.average(-np.log(sure), weights=rows.weight))
