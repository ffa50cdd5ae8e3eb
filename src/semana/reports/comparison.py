"""Two models side by side, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from semana.reports.terminal import titled_table

_ROWS = ("bundle", "family", "seed", "features", "fit_weeks", "last_label_week")


def comparison(found: Mapping[str, Any]) -> Group:
    """The record of `pipeline.compare` as a table, and below it what both did in the same weeks."""
    models = found["models"]
    table = titled_table("two models", ("", "left"), *((name, "left") for name in models))
    for row in _ROWS:
        table.add_row(row.replace("_", " "), *(str(model[row]) for model in models.values()))
    for name, both in found["constants"].items():
        table.add_row(name.replace("_", " "), *("–" if value is None else f"{value:g}" for value in both))
    for figure in next(iter(models.values()))["gate"]:
        values = [model["gate"][figure] for model in models.values()]
        table.add_row(f"gate {figure}", *("–" if value is None else f"{value:.4f}" for value in values))
    lines = [f"{name} may not serve: {model['fault']}" for name, model in models.items() if model["fault"]]
    for only, name in zip(("only_first", "only_second"), models, strict=True):
        if found["features"][only]:
            lines.append(f"only {name} reads: {', '.join(found['features'][only])}")
    if found["contracts"]:
        lines.append(f"made under other contracts: {', '.join(found['contracts'])}")
    return Group(table, *map(Text, [*lines, *_realised(found["realised"], *models)]))


def _realised(realised: Mapping[str, Any], first: str, second: str) -> list[str]:
    weeks = realised["weeks"]
    if not weeks:
        return ["no week has been scored by both: their lists cannot be compared yet"]
    lines = [f"realised in {len(weeks)} weeks of both ({weeks[0]} to {weeks[-1]}), {second} less {first}:"]
    for figure, interval in realised["difference"].items():
        lines.append(
            f"  {figure} {interval['mean']:+.4f} (95 % {interval['low']:+.4f} to {interval['high']:+.4f})"
            if interval["low"] is not None
            else f"  {figure} {interval['mean']:+.4f} (one week has no interval)"
        )
    f1 = realised["difference"]["f1"]
    if f1["low"] is not None and f1["low"] * f1["high"] > 0:
        return [*lines, f"{second if f1['mean'] > 0 else first} was better, by more than chance would have it (F1)"]
    return [*lines, "neither was better by more than chance would have it (F1)"]
