"""Experiments in words and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from semana.reports.terminal import titled_table


def findable_in_words(told: Mapping[str, Any]) -> str:
    """What an experiment could find, before it begins."""
    size = f"{told['share']:.0%} of {told['customers']:,} customers held out for {told['weeks']} weeks"
    if told["findable"] is None:
        return f"{size}: too few customers or weeks to say what it can find."
    return (
        f"{size}: the smallest effect on their purchases that it finds in 4 of 5 cases is {told['findable']:.1%} "
        f"(from how they differed in the last {told['read_from_weeks']} weeks). A smaller one may well stay unseen."
    )


def effect_in_words(found: Mapping[str, Any]) -> str:
    """What an experiment has found so far."""
    effect = found["effect"]
    if effect is None:
        return f"experiment {found['id']}: nothing to tell yet, {found['complete_weeks']} of its weeks are complete"
    sure = "" if effect["low"] <= 0 <= effect["high"] else ", sure"
    return (
        f"experiment {found['id']}, {found['complete_weeks']} weeks: customers who were shown their lists bought "
        f"{effect['effect']:+.1%} (95 % {effect['low']:+.1%} to {effect['high']:+.1%}{sure}) more than those held out"
    )


def experiments_table(found: Iterable[Mapping[str, Any]]) -> Table:
    """Every experiment with its weeks, its customers and its effect."""
    table = titled_table(
        "experiments: what being shown one's list does to purchases",
        *((name, "left") for name in ("experiment", "lists", "held out")),
        *((name, "right") for name in ("complete", "effect", "95 %")),
    )
    for each in found:
        effect = each["effect"]
        customers = f" ({effect['held_out']} of {effect['held_out'] + effect['shown']})" if effect else ""
        table.add_row(
            each["id"],
            f"{each['first_week']} to {each['last_week']}" if each["weeks"] else "stopped before its first",
            f"{each['share']:.0%}{customers}",
            str(each["complete_weeks"]),
            f"{effect['effect']:+.1%}" if effect else "–",
            f"{effect['low']:+.1%} to {effect['high']:+.1%}" if effect else "–",
        )
    return table
