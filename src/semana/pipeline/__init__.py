"""The weekly run: its steps, in order, each with what it needs. `semana run` walks this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from semana.stores.home import Stores
from semana.stores.runs import Run


@dataclass(frozen=True)
class Step:
    """A step of the weekly run; its module of the same name holds `run(run, stores)`, which returns its summary."""

    name: str
    needs: tuple[str, ...]
    says: str

    @property
    def function(self) -> Callable[[Run, Stores], dict[str, Any]]:
        """What the step does."""
        function: Callable[[Run, Stores], dict[str, Any]] = import_module(f"semana.pipeline.{self.name}").run
        return function


INGEST = Step("ingest", (), "lands what came and fixes the run's position")
STEPS = (
    INGEST,
    Step("validate", ("ingest",), "checks the landed whole against our own promises"),
    Step("prepare", ("validate",), "makes the clean tables and tells which weeks are complete"),
    Step("review", ("prepare",), "compares past lists with what was then bought"),
    Step("detect_drift", ("prepare",), "tells whether customers behave unlike before, by more than they used to"),
    Step("decide", ("review", "detect_drift"), "decides whether to retrain, with every reason"),
    Step("train", ("decide",), "lets all models race; the best is the challenger"),
    Step("promote", ("train",), "lets the challenger through the gate, or refuses it"),
    Step("predict", ("promote",), "scores every candidate pair of the target week"),
    Step("publish", ("predict",), "turns scores into the list and switches readers to it"),
)
