"""Words for what the data holds as codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_REASONS = {
    "decayed_weeks": "bought often lately",
    "weeks_of_last_4": "bought in {value:.0f} of the last 4 weeks",
    "weeks_bought": "bought in {value:.0f} weeks",
    "popularity": "{value:.0%} of the buyers of a week buy it",
}


def reason_in_words(reasons: Iterable[Mapping[str, Any]]) -> str:
    """The reason that counts most, in words that a sales agent understands; "" where there is none."""
    ordered = sorted(reasons, key=lambda reason: -abs(float(reason["contribution"])))
    if not ordered:
        return ""
    first = ordered[0]
    return _REASONS.get(str(first["code"]), str(first["code"])).format(value=float(first["value"]))
