"""Whether the features of today are those that a bundle's model was made for."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from semana.features.build import FEATURES

# Raised when a feature changes what it means under the same name: models that learned from the old one are then marked.
MEANING = 1


def feature_contract(names: Sequence[str]) -> str:
    """The hash of what a model with these features is promised."""
    return sha256(f"{MEANING} {' '.join(names)}".encode()).hexdigest()[:12]


def unsupported(names: Sequence[str], contract: str) -> str | None:
    """Why the features `names`, promised by `contract`, can no longer be made; None where they can."""
    gone = [name for name in names if name not in FEATURES]
    if gone:
        return f"it reads features that are made no longer: {', '.join(gone)}"
    return None if contract == feature_contract(names) else "its features have another meaning now"
