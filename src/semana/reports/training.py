"""A training for people: one page of what was learned from, how every model did, and what moves the winner's scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semana.evaluation.portrait import Portrait
from semana.reports import figures, swarm
from semana.reports.pages import page

_DEPENDENCE = 6  # features whose contribution is drawn against their value: the ones that move most
_SHOWN = (
    ("f1", "F1"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("average_precision", "AP"),
    ("recommended", "recommended"),
    ("purchases", "bought"),
)


def training_page(record: Mapping[str, Any], portrait: Portrait) -> str:
    """The page of a race's record (`train`): light and dark, without a script and without anything from elsewhere."""
    means = {name: _means(weeks) for name, weeks in record["evidence"].items()}
    heads = [(key, head) for key, head in _SHOWN if any(key in found for found in means.values())]
    rows = [
        {"name": name, "cells": [_figure(found.get(key)) for key, _ in heads]} for name, found in means.items() if found
    ]
    gate = sorted({week for weeks in record["evidence"].values() for week in weeks})
    return page(
        "training.html",
        best=record["best"],
        says=record["says"],
        about=record["about"],
        heads=[head for _, head in heads],
        rows=rows,
        gate=gate,
        figures=[{"title": title, "says": says, "drawn": drawn} for title, says, drawn in _figures(record, portrait)],
    )


def _figures(record: Mapping[str, Any], portrait: Portrait) -> list[tuple[str, str, Any]]:
    best, found = record["best"], []
    if curves := portrait.curves:
        per_week = sum(weeks["purchases"] for weeks in record["evidence"][best].values()) / len(
            record["evidence"][best]
        )
        found = [
            (
                "Are the probabilities right?",
                "Share bought against probability in the gate weeks, in groups with equally many expected purchases.",
                figures.reliability({best: curves.reliability}),
            ),
            ("Lift", "Of the candidate pairs of a gate week.", figures.lift({best: portrait.lift})),
            (
                "Cumulative gains",
                "The share of all purchases of a gate week among its likeliest pairs.",
                figures.gains({best: curves.gains}, purchases=per_week, covered=curves.covered),
            ),
        ]
    importance = {each.name: each.size for each in portrait.moved}
    if importance:
        rows = [(each.name, each.pairs) for each in portrait.moved]
        found += [
            (
                "Importance of features",
                "Mean size of each feature's contribution.",
                figures.bars(importance, whole=portrait.whole, model=0),
            ),
            ("What moves the scores", "Contributions of each feature, pair by pair (SHAP values).", swarm.swarm(rows)),
        ]
    found += [
        (each.name.replace("_", " "), "Contribution by value.", swarm.dependence(each.name, each.pairs))
        for each in portrait.moved[:_DEPENDENCE]
    ]
    return found


def _means(weeks: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    names = next(iter(weeks.values()), {})
    return {name: sum(metrics[name] for metrics in weeks.values()) / len(weeks) for name in names}


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if value <= 1 else f"{value:,.0f}"
