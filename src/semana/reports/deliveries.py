"""What was delivered, for a terminal: each delivery, what has just landed, and which rows were put aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from semana.reports.terminal import Fitting, facts_table, titled_table

_SHORT = 8  # digits of a hash, which suffice to name it
_COUNTS = (
    ("rows", "rows"),
    ("kept", "kept"),
    ("quarantined", "put aside"),
    ("filtered", "filtered"),
    ("repeated", "repeated"),
)
_LANDED = "landed"


def deliveries_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """A row an entry of the manifest: `position`, `hash`, `what`, `state` and the rest of a delivery's facts."""
    right = ("position", "rows", "put aside")
    facts = ("rows", "put aside", "from", "to", "arrived")

    def _table(*, narrow: bool) -> Table:
        short = {"position": "no.", "put aside": "aside"} if narrow else {}
        names = ("position", "hash", "what", *(name for name in facts if not (narrow and name in ("from", "to"))))
        heads = [short.get(name, name) for name in names]
        columns = ((head, "right" if name in right else "left") for head, name in zip(heads, names, strict=True))
        found = titled_table("deliveries", *columns, unbroken=[head for head in heads if head != "what"])
        for row in rows:
            days = f"{row['from']} to {row['to']}" if narrow and row["from"] else ""
            what = "\n".join(each for each in (row["what"], days, row["state"]) if each)
            cells = ({**row, "hash": row["hash"][:_SHORT], "what": what}[name] for name in names)
            found.add_row(*("" if cell is None else f"{cell:,}" if isinstance(cell, int) else cell for cell in cells))
        return found

    return Fitting(partial(_table, narrow=False), partial(_table, narrow=True), lines=True)


def landed_report(summary: Mapping[str, Any]) -> RenderableType:
    """What an ingest landed, a row a file and table; and what else it says, in facts."""
    said: list[RenderableType] = [_landed_table(summary["deliveries"])] if summary["deliveries"] else []
    said += [Text("Nothing new came.\n")] if not said else []
    letters, live = summary["letters"], summary.get("live")
    facts = {"position": summary["position"]}
    facts |= {f"letters {name}": count for name, count in letters.items() if count}
    if live:
        facts |= {
            "running week": f"{live['week']}, landed until {live['until']}",
            "odd in it": live["odd"] or "nothing",
        }
    if live and (lines := live["projected_lines"]):
        facts["lines it may come to"] = f"{lines['total']:,.0f} (likely {lines['low']:,.0f} to {lines['high']:,.0f})"
    told = ("step", "rows", "deliveries", "letters", "live", *facts)
    return Group(*said, facts_table({**facts, **{name: each for name, each in summary.items() if name not in told}}))


def _landed_table(deliveries: Sequence[Mapping[str, Any]]) -> RenderableType:
    counts = _counts(each for delivery in deliveries for each in delivery["tables"].values())

    def _table(*, narrow: bool) -> Table:
        heads = [head.removeprefix("put ") if narrow else head for _, head in counts]
        hashes = () if narrow else (("hash", "left"),)
        columns = (*hashes, ("file", "left"), ("table", "left"), *((head, "right") for head in heads))
        found = titled_table("deliveries", *columns, unbroken=["hash", "table", *heads])
        for delivery in deliveries:
            hash_, outcome = delivery["hash"][:_SHORT], delivery["outcome"]
            state = ", ".join([*([hash_] if narrow else []), *([outcome] if outcome != _LANDED else [])])
            file = "\n".join(each for each in (delivery["file"], state) if each)
            for place, (name, each) in enumerate(delivery["tables"].items()):
                first = [*([] if narrow else [hash_]), file] if place == 0 else [""] * (1 if narrow else 2)
                found.add_row(*first, name, *(f"{each[key]:,}" for key, _ in counts))
        return found

    return Fitting(partial(_table, narrow=False), partial(_table, narrow=True))


def delivery_report(delivery: Mapping[str, Any]) -> RenderableType:
    """One delivery: its facts, where its rows went, and which of them were put aside, why, with the first ones."""
    facts = {name: delivery[name] for name in ("hash", "source", "position")}
    facts |= {"hash": facts["hash"][:_SHORT], "arrived": f"{delivery['arrival']:%Y-%m-%d %H:%M} UTC"}
    if delivery["delivered"] != delivery["hash"]:
        facts["came as"] = f"{delivery['delivered'][:_SHORT]}; somebody who is forgotten since was in it"
    if back := delivery["retraction"]:
        facts["retracted"] = f"by {back['number']}, {back['arrival'][:10]}: {back['reason']}"
    if delivery["posted"]:
        facts["posted"] = "told to the API line by line"
    elif delivery["accepted"]:
        facts["accepted"] = delivery["accepted"]
    counts = _counts(delivery["tables"].values())
    heads = [head for _, head in counts]
    columns = (("table", "left"), *((head, "right") for head in heads), ("from", "left"), ("to", "left"))
    tables = titled_table("where its rows went", *columns, unbroken=[*heads, "from", "to"])
    for name, each in delivery["tables"].items():
        span = (each.get("first", ""), each.get("last", ""))
        tables.add_row(name, *(f"{each[key]:,}" for key, _ in counts), *span)
    return Group(Text(delivery["file"], style="bold"), facts_table(facts), tables, *_aside(delivery))


def _aside(delivery: Mapping[str, Any]) -> list[RenderableType]:
    found = delivery["put_aside"]
    if not found:
        return [Text("No row was put aside.")]
    columns = (("table", "left"), ("reason", "left"), ("rows", "right"), ("the first ones", "left"))
    table = titled_table("put aside", *columns, unbroken=["table", "rows"])
    for each in found:
        first = (": ".join([f"row {row['row']}", *([row["value"]] if row["value"] else [])]) for row in each["first"])
        table.add_row(each["table"], each["reason"], f"{each['rows']:,}", "\n".join(first))
    file = f"quarantine/{delivery['hash'][:_SHORT]}*.parquet"
    below = f"Rows are counted below the heading. Every one, whole: {file} in the home"
    told = sum(each["quarantined"] for each in delivery["tables"].values())
    if told != sum(each["rows"] for each in found):
        below += f". When it landed {told:,} were put aside: the source has been defined anew since"
    return [table, Text(f"{below}.", style="dim italic")]


def _counts(tables: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Which counts are told, with their heads: those that no row falls under are left out but for the first three."""
    every = list(tables)
    return [each for each in _COUNTS if each in _COUNTS[:3] or any(table[each[0]] for table in every)]
