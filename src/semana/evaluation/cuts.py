"""How the complete weeks are divided: fit | calibrate | gate, in this order, disjoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.params import CutParams


@dataclass(frozen=True)
class Cuts:
    """The label weeks of a race: what models learn from, what makes probabilities of scores, what judges them.

    Models whose scores are chances already have nothing to calibrate, and learn from the calibrate weeks too.
    """

    fit: tuple[Week, ...]
    calibrate: tuple[Week, ...]
    gate: tuple[Week, ...]

    @property
    def learned(self) -> tuple[Week, ...]:
        """What a model learns from that needs no calibration: every week before those that judge."""
        return self.fit + self.calibrate

    @property
    def all(self) -> tuple[Week, ...]:
        """Every label week, in order."""
        return self.fit + self.calibrate + self.gate


def week_cuts(complete: Sequence[Week], params: CutParams, *, exclude: frozenset[Week] = frozenset()) -> Cuts:
    """The cuts of the complete weeks, the gate's the latest; weeks in `exclude` (golden ones) are no labels.

    The first complete week has no history to be predicted from, so it is no label either. A history too short for all
    gives the gate and the calibration at most a third each, the calibration at least one; what remains is fitted on.
    Raises ContractError where not even one label week remains.
    """
    labels = [week for week in sorted(complete)[1:] if week not in exclude]
    if not labels:
        golden = len(exclude & set(complete))
        told = f" besides {golden} golden ones" if golden else ""
        raise ContractError(
            f"weeks without a hole that have landed{told}: {len(complete) - golden}. At least two are needed, one to "
            f"know and one to learn from (a week that lacks usual trading days is none). Ingest more history."
        )
    third = len(labels) // 3
    gate = min(params.gate_weeks, third)
    calibrate = min(params.calibrate_weeks, max(1, third))
    ends = len(labels) - gate
    begins = ends - calibrate
    fit = labels[max(0, begins - params.fit_weeks) : begins]
    return Cuts(tuple(fit), tuple(labels[begins:ends]), tuple(labels[ends:]))
