"""A backtest for people: two tables for the terminal, and one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from semana.reports import figures
from semana.reports.pages import page
from semana.reports.terminal import titled_table

Record = Mapping[str, Any]

_PARTS = 8  # segments that a figure shows: those with most purchases
_FEATURES = 15
# Heading, where the value lies in a model's part of the record, and which is better.
_COLUMNS: tuple[tuple[str, str, str, Callable[[float], float]], ...] = (
    ("F1", "mean", "f1", float),
    ("precision", "mean", "precision", float),
    ("recall@10", "mean", "recall_at_10", float),
    ("NDCG@10", "mean", "ndcg_at_10", float),
    ("MAP", "mean", "map", float),
    ("AP", "mean", "average_precision", float),
    ("calibr.", "pooled", "calibration", lambda value: -abs(value - 1)),
    ("ECE", "pooled", "ece", lambda value: -value),
)
_COMPARED = {name: heading for heading, _, name, _ in _COLUMNS}
_SHOWN = ("f1", "average_precision", "recall_at_10", "ndcg_at_10")
_WORDS = {
    "F1": "of the recommended pairs: 2 × hits ÷ (recommended + bought). Every purchase counts, candidates or not.",
    "precision": "the share of the recommended pairs that were bought.",
    "recall@10, NDCG@10, MAP": (
        "of each customer's ranking, the mean over the customers who bought in the week; "
        "all that they bought is wanted, new products included."
    ),
    "AP": "average precision of all pairs by probability; purchases outside the candidates count as missed.",
    "calibr.": "expected ÷ actual purchases, all weeks together; 1 is right. Those outside the candidates are missed.",
    "ECE": (
        "the mean distance of probability and share bought, over 15 groups of equally many pairs, all weeks together; "
        "a purchase outside the candidates counts as a pair of probability 0."
    ),
    "95 % interval": "Student's t interval of the paired weekly differences: the unit of evidence is the week.",
    "repeat, explore": "pairs that the customer had bought before, or had not; each ranked on its own.",
    "largest": "the tenth of the customers with most purchases in the 13 weeks before.",
    "newcomers": "customers who first bought in the 4 weeks before, or not before the week.",
}


def backtest_report(record: Record, *, where: str) -> Group:
    """How every model did, in 80 columns, and `where` the page lies."""
    models, weeks = record["models"], record["weeks"]
    span = f"{weeks[0]} to {weeks[-1]}" if len(weeks) > 1 else weeks[0]
    heads = ("F1", "prec.", "rec@10", "NDCG", "MAP", "AP", "calib.", "ECE")
    table = titled_table(f"backtest, {span}", ("model", "left"), *((head, "right") for head in heads), tight=True)
    for name, model in models.items():
        table.add_row(name, *(_figure(_value(model, *column[1:3])) for column in _COLUMNS))
    best = record["best_baseline"]
    rows = _differences(record, best)
    lines = [Text(_level_says(record)), Text(_covered_says(record)), Text(f"The page: {where}")]
    if not rows:
        return Group(table, *lines)
    compared = titled_table(
        f"against {best}, by week, with 95 % intervals",
        ("model", "left"),
        *((_COMPARED[metric], "right") for metric in _SHOWN),
        tight=True,
    )
    for name, cells in rows.items():
        said = (f"{cells[metric]['mean']} {cells[metric]['half']}{cells[metric]['star']}" for metric in _SHOWN)
        compared.add_row(name, *said)
    sure = "* the interval leaves out zero" if len(weeks) > 1 else "one week alone has no interval"
    return Group(table, compared, Text(sure), *lines)


def backtest_page(record: Record) -> str:
    """The page: tables and figures, light and dark, without a script and without anything from elsewhere."""
    names = list(record["models"])
    best = record["best_baseline"]
    rows = _differences(record, best)
    return page(
        "backtest.html",
        id=record["id"],
        made=record["made_from"],
        weeks=record["weeks"],
        models=names,
        best_baseline=best,
        verdict=verdict(record),
        marks={name: figures.mark_of(n) for n, name in enumerate(names)},
        table=_table(record),
        differences={
            "heads": [_COMPARED[metric] for metric in next(iter(rows.values()), {})],
            "rows": [{"name": name, "cells": list(cells.values())} for name, cells in rows.items()],
        },
        figures=_figures(record, names),
        words=_WORDS,
    )


def verdict(record: Record) -> str:
    """The outcome in a sentence or two."""
    models, weeks, baseline = record["models"], record["weeks"], record["best_baseline"]
    best = max(models, key=lambda name: models[name]["mean"]["f1"] or 0.0)
    said = f"Best is {best}, with a mean F1 of {_figure(models[best]['mean']['f1'])} over {_weeks(len(weeks))}."
    if baseline is None or best == baseline:
        rivals = "the other models" if len(models) > 1 else None
        return said if rivals is None or baseline is None else f"{said} It is a baseline: none of {rivals} beats it."
    (found,) = (d for d in record["differences"] if (d["model"], d["baseline"], d["metric"]) == (best, baseline, "f1"))
    sure = (
        "too few weeks to say how sure that is"
        if found["low"] is None
        else f"95 % interval {found['low']:+.3f} to {found['high']:+.3f}"
    )
    return f"{said} That is {found['mean']:+.3f} against {baseline}, the best baseline ({sure})."


def _table(record: Record) -> dict[str, Any]:
    models = record["models"]
    best = {
        heading: _best([_value(model, part, name) for model in models.values()], better)
        for heading, part, name, better in _COLUMNS
    }
    rows = []
    for name, model in models.items():
        found = [(heading, _value(model, part, metric)) for heading, part, metric, _ in _COLUMNS]
        cells = [{"value": _figure(value), "best": value in best[heading]} for heading, value in found]
        rows.append({"name": name, "cells": cells})
    return {"heads": [heading for heading, *_ in _COLUMNS], "rows": rows}


def _best(values: Sequence[float | None], better: Callable[[float], float]) -> set[float | None]:
    """The best of the values, as often as it occurs; nothing where all are the same."""
    known = {value for value in values if value is not None}
    if len(known) < 2:
        return set()
    most = max(better(value) for value in known)
    return {value for value in known if better(value) == most}


def _differences(record: Record, baseline: str | None) -> dict[str, dict[str, dict[str, str]]]:
    """By model and metric: the mean difference from the baseline in words, and on which side of zero it surely lies."""
    rows: dict[str, dict[str, dict[str, str]]] = {}
    for found in record["differences"]:
        if found["baseline"] == baseline and found["mean"] is not None:
            low, high = found["low"], found["high"]
            side = "" if low is None else "better" if low > 0 else "worse" if high < 0 else ""
            rows.setdefault(found["model"], {})[found["metric"]] = {
                "mean": _bare(f"{found['mean']:+.3f}"),
                "half": "" if low is None else _bare(f"±{(high - low) / 2:.3f}"),
                "side": side,
                "star": "*" if side else "",
            }
    return rows


def _figures(record: Record, names: Sequence[str]) -> list[dict[str, Any]]:
    models, weeks, level = record["models"], record["weeks"], record["level"]
    bought = sum(each["bought"] for each in level.values()) / len(level)
    best = record["best_baseline"]
    covered = max(model["pooled"]["covered"] or 0.0 for model in models.values())
    f1 = {name: [models[name]["weeks"][week]["f1"] for week in weeks] for name in names}
    drawn = [("F1 by week", "Of the recommended pairs.", figures.weekly_lines(weeks, f1, what="F1"))]
    if rows := _relative(record, names, best):
        says = f"Mean weekly difference from {best}, in percent of its mean, with 95 % intervals."
        drawn.append(("Better than the best baseline?", says, figures.differences(rows)))
    found = {name: [(each["pairs"], each["found"]) for each in models[name]["gains"]] for name in names}
    promised = {
        name: [(each["predicted"], each["bought"], each["pairs"]) for each in models[name]["reliability"]]
        for name in names
    }
    parts = _parts(models, names)
    by = next((f" ({name.split(': ')[0]})" for name in models[names[0]]["segments"] if ": " in name), "")
    drawn += [
        (
            "Cumulative gains",
            "The share of all purchases of a week that lie among its likeliest pairs.",
            figures.gains(found, purchases=bought, covered=covered),
        ),
        (
            "Lift",
            "Purchases among the likeliest pairs, as a multiple of those among as many chosen at random.",
            figures.lift({name: [(each["share"], each["times"]) for each in models[name]["lift"]] for name in names}),
        ),
        (
            "Are the probabilities right?",
            "Share bought against probability, in 15 groups with equally many expected purchases.",
            figures.reliability(promised),
        ),
        ("Who is served well?", f"F1 by kind of pair and by segment{by}.", figures.dots(parts, what="F1")),
        (
            "Purchases of the week",
            f"Forecast, and what came: {_level_says(record)}",
            figures.level_band(weeks, [level[week] for week in weeks]),
        ),
    ]
    for n, name in enumerate(names):
        if importance := models[name]["importance"]:
            most = dict(sorted(importance.items(), key=lambda item: -item[1])[:_FEATURES])
            says = f"What moves the scores of {name}, as fitted for the last week: mean size of each contribution."
            drawn.append(("Importance of features", says, figures.bars(most, whole=sum(importance.values()), model=n)))
    return [{"title": title, "says": says, "drawn": figure} for title, says, figure in drawn]


def _relative(
    record: Record, names: Sequence[str], baseline: str | None
) -> list[tuple[str, int, str, float, float | None, float | None]]:
    """The differences from the baseline in percent of its mean, by metric and then by model."""
    rows = []
    for metric in _SHOWN:
        for found in record["differences"]:
            if (found["baseline"], found["metric"]) != (baseline, metric) or found["mean"] is None:
                continue
            whole = record["models"][baseline]["mean"][metric]
            if whole:
                low, high = (None if found[end] is None else 100 * found[end] / whole for end in ("low", "high"))
                mean = 100 * found["mean"] / whole
                rows.append((_COMPARED[metric], names.index(found["model"]), found["model"], mean, low, high))
    return rows


def _parts(models: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, dict[str, float | None]]]:
    """The kinds, the two standing segments, and the largest of the attribute's: each with every model's F1."""
    first = models[names[0]]
    by_size = sorted(first["segments"], key=lambda name: (":" in name, -first["segments"][name]["purchases"]))
    kinds = [(kind, {name: models[name]["kinds"][kind]["f1"] for name in names}) for kind in first["kinds"]]
    segments = [
        (part.split(": ", 1)[-1], {name: models[name]["segments"][part]["f1"] for name in names})
        for part in by_size[:_PARTS]
    ]
    return kinds + segments


def _level_says(record: Record) -> str:
    inside = sum(each["inside"] for each in record["level"].values())
    return f"{inside} of {_weeks(len(record['level']))} inside the 80 % interval of the forecast."


def _covered_says(record: Record) -> str:
    covered = next(iter(record["models"].values()))["pooled"]["covered"]
    return "" if covered is None else f"{100 * covered:.0f} % of the purchases lay among the candidates."


def _value(model: Mapping[str, Any], part: str, name: str) -> float | None:
    """As shown: figures that read the same are equally good."""
    value: float | None = model[part][name]
    return None if value is None else round(value, 3)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _bare(figure: str) -> str:
    """Without its leading zero, so that two figures fit a column."""
    return figure.replace("0.", ".", 1)


def _weeks(number: int) -> str:
    return f"{number} week{'' if number == 1 else 's'}"
