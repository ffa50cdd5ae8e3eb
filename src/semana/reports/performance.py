"""Realised performance as a page: how every list did, and who served when and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from semana.data import schemas as s
from semana.reports import figures
from semana.reports.pages import page

_SHOWN = (
    ("f1", "F1", ".3f"),
    ("lift", "over usual", ".2f"),
    ("recall_at_10", "recall@10", ".3f"),
    ("ndcg_at_10", "NDCG@10", ".3f"),
    ("calibration", "calibration", ".2f"),
    ("recommended", "listed", ",.0f"),
    ("purchases", "bought", ",.0f"),
)
_PART_SHOWN = (
    ("f1", "F1", ".3f"),
    ("precision", "bought of listed", ".0%"),
    ("recall", "listed of bought", ".0%"),
    ("recommended", "listed", ",.0f"),
    ("purchases", "bought", ",.0f"),
)
_COUNTS = ("recommended", "purchases", "hits")
_LATEST = 8  # weeks of which parts are told
_BACK = "rolled back"  # the ledger's word for it
_LINES = {"list that served": ("champion", "f1"), "shadow": ("shadow", "f1"), "the usual": ("champion", "reference_f1")}
_WORDS = {
    "F1": "of the listed pairs: the harmonic mean of how many were bought and how much of what was bought was listed",
    "the usual": "the pairs bought most often lately, as many as were bought in the week before: no model at all",
    "over usual": "the list's F1 divided by that of the usual",
    "calibration": "expected purchases divided by actual ones, among the scored pairs",
    "shadow": "the model that served before, still scored to compare; back to it where the one that serves falls below",
}


def performance_page(
    rows: Sequence[Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
    *,
    effects: Sequence[str] = (),
    parts: Sequence[Mapping[str, Any]] = (),
    estimate: Mapping[str, Any] | None = None,
) -> str:
    """The page of reviewed weeks (`rows` of the dataset performance) under the ledger's `entries`.

    `parts` are rows of performance_parts with their week, `estimate` what the current list can be expected to reach.
    """
    weeks = sorted({row[s.WEEK] for row in rows})
    by_role = {(row[s.WEEK], row["role"]): row for row in rows}
    champions = [by_role[week, "champion"] for week in weeks]
    lines = {
        name: [by_role[week, role][metric] if (week, role) in by_role else None for week in weeks]
        for name, (role, metric) in _LINES.items()
    }
    spans = {"list that served": [interval(row, "f1") for row in champions]}
    drawn = (
        (
            "F1 by week",
            "A line stands where another model began to serve (↩ where it came back); bars are 95 % intervals.",
            figures.weekly_lines(weeks, lines, what="F1", events=_events(entries), spans=spans),
        ),
        (
            "Expected against actual purchases",
            "Of the scored pairs, as a ratio; at 1 the probabilities added up to what was bought.",
            figures.weekly_lines(
                weeks, {"calibration": [row.get("calibration") for row in champions]}, what="Calibration", level=1.0
            ),
        ),
    )
    return page(
        "performance.html",
        weeks=weeks,
        says=_verdict(champions),
        legend=[(figures.mark_of(n), name) for n, name in enumerate(lines)],
        figures=[dict(zip(("title", "says", "drawn"), each, strict=True)) for each in drawn],
        heads=[head for _, head, _ in _SHOWN],
        rows=[
            {
                "week": row[s.WEEK],
                "version": row[s.MODEL_VERSION],
                "role": row["role"],
                "cells": [_cell(row.get(name), form) for name, _, form in _SHOWN],
            }
            for row in rows
        ],
        entries=[_told(entry) for entry in reversed(entries)],
        effects=effects,
        part_heads=[head for _, head, _ in _PART_SHOWN],
        parts=[
            {
                "part": row["part"],
                "name": row["name"],
                "cells": [_cell(row[name], form) for name, _, form in _PART_SHOWN],
            }
            for row in part_means(parts)
        ],
        estimate=estimate_in_words(estimate) if estimate else None,
        words=_WORDS,
    )


def interval(row: Mapping[str, Any], figure: str) -> tuple[float, float] | None:
    """The 95 % interval of a reviewed list's figure; None where none was kept."""
    low, high = row.get(f"{figure}_low"), row.get(f"{figure}_high")
    return None if low is None or high is None or math.isnan(low) or math.isnan(high) else (float(low), float(high))


def part_means(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each part over its latest weeks: counts summed, and what follows from them."""
    weeks = sorted({row[s.WEEK] for row in parts})[-_LATEST:]
    sums: dict[tuple[str, str], dict[str, float]] = {}
    for row in parts:
        if row[s.WEEK] in weeks:
            mine = sums.setdefault((row["part"], row["name"]), dict.fromkeys(_COUNTS, 0.0) | {"weeks": 0.0})
            mine["weeks"] += 1
            for name in _COUNTS:
                mine[name] += row[name]
    return [
        {
            "part": part,
            "name": name,
            **mine,
            "f1": _share(2 * mine["hits"], mine["recommended"] + mine["purchases"]),
            "precision": _share(mine["hits"], mine["recommended"]),
            "recall": _share(mine["hits"], mine["purchases"]),
        }
        for (part, name), mine in sorted(sums.items())
    ]


def estimate_in_words(estimate: Mapping[str, Any]) -> str:
    """What the list of a week without a truth can be expected to reach."""
    low, high = estimate["low"], estimate["high"]
    between = "too few weeks for an interval" if low is None else f"80 % interval {low:.3f} to {high:.3f}"
    note = f"; {estimate['note']}" if estimate["note"] else ""
    return f"The list of {estimate[s.WEEK]} can be expected to reach an F1 of {estimate['f1']:.3f} ({between}{note})."


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _verdict(champions: Sequence[Mapping[str, Any]]) -> str:
    f1, usual = (sum(row[name] for row in champions) / len(champions) for name in ("f1", "reference_f1"))
    weeks = f"{len(champions)} week{'' if len(champions) == 1 else 's'}"
    return f"Over {weeks} the lists reached a mean F1 of {f1:.3f}; what each customer usually buys, {usual:.3f}."


def _events(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By week what its ledger entries did, in a word: the version that began to serve, the last of them."""
    return {entry["week"]: f"{'↩ ' if _back(entry) else ''}{entry['version']}" for entry in entries}


def _back(entry: Mapping[str, Any]) -> bool:
    return bool(entry["kind"] == _BACK)


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    back = f"rolled back from {entry['evidence']['rolled_back']}" if _back(entry) else entry["kind"]
    return {
        "week": entry["week"],
        "version": entry["version"],
        "model": entry["evidence"]["model"],
        "kind": back,
        "back": _back(entry),
        "by": entry["by"],
        "why": "; ".join(entry["why"]),
    }
