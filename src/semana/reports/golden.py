"""The golden set, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from semana.reports.terminal import titled_table


def golden_table(found: Mapping[str, Any]) -> Group:
    """The set's cases with what each may lose, its weeks, and every change of it."""
    table = titled_table(
        f"golden set {found['set']}, frozen for {found['frozen']}",
        ("case", "left"),
        ("judged by", "left"),
        *((name, "right") for name in ("pairs", "purchases", "may fall by")),
    )
    for name, case in found["cases"].items():
        metric = "F1" if case["metric"] == "f1" else "average precision"
        table.add_row(name, metric, f"{case['pairs']:,}", f"{case['purchases']:,}", f"{case['tolerance']:.4f}")
    drawn = "all customers" if found["share"] >= 1 else f"{found['share']:.0%} of the customers"
    lines = [f"weeks: {', '.join(found['weeks'])} ({drawn})", f"tolerances from {found['seeds']} small models"]
    lines += [f"{change['when']}: {change['reason']}" for change in found["changes"]]
    return Group(table, *map(Text, lines))
