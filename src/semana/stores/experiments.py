"""The experiments of a home: a journal of what was begun and what was stopped, and when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from semana.data.weeks import Week
from semana.errors import UsageError
from semana.evaluation.experiment import Experiment
from semana.stores.journal import Journal

BEGUN, STOPPED = "begun", "stopped"


class Experiments:
    """The experiments under `folder`, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder)

    def all(self) -> list[Experiment]:
        """Every experiment, the oldest first; one that was stopped ends with the last week it ran in.

        Raises ContractError where the chain is broken.
        """
        found: dict[str, Experiment] = {}
        for entry in self.journal.entries():
            last = Week.parse(entry["last"])
            if entry["what"] == BEGUN:
                found[entry["id"]] = Experiment(entry["id"], entry["share"], Week.parse(entry["first"]), last)
            else:
                found[entry["id"]] = replace(found[entry["id"]], last=last)
        return list(found.values())

    def running(self, week: Week) -> Experiment | None:
        """The experiment that the list of the week belongs to."""
        return next((each for each in self.all() if each.runs_in(week)), None)

    def begin(self, *, share: float, first: Week, weeks: int, when: str, findable: float | None) -> Experiment:
        """A new experiment from week `first` on; raises UsageError while another has not ended by then."""
        entries, others = self.journal.entries(), self.all()
        for other in others:
            if other.last >= first:
                raise UsageError(
                    f"experiment {other.id} runs until {other.last}: one at a time. Wait for its end, or stop it: "
                    f"semana experiment stop"
                )
        begun = Experiment(f"{first}-{len(others) + 1}", share, first, first + (weeks - 1))
        self._add(BEGUN, begun, when, after=len(entries), share=share, first=str(first), findable=findable)
        return begun

    def stop(self, experiment: Experiment, *, before: Week, when: str) -> Experiment:
        """Ends the experiment: the list of week `before` is shown to everybody again."""
        stopped = replace(experiment, last=before + -1)
        self._add(STOPPED, stopped, when, after=len(self.journal.entries()))
        return stopped

    def _add(self, what: str, experiment: Experiment, when: str, *, after: int, **more: Any) -> None:
        entry = {"what": what, "id": experiment.id, "last": str(experiment.last), "when": when, **more}
        self.journal.append(entry, after=after)
