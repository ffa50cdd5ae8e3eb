"""Predict: the chance of a purchase in the target week for every candidate pair, by the champion and its shadow."""

from __future__ import annotations

from typing import Any

from semana.pipeline.scoring import score_week
from semana.pipeline.succession import still_serving
from semana.stores.home import Stores
from semana.stores.runs import Run


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes the scores of champion and shadow, and records the forecast level of the week.

    A champion that was damaged since the run chose it gives way to its predecessor.
    """
    still_serving(run, stores)
    return {"step": "predict", **score_week(run, stores)}
