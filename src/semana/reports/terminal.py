"""Tables that fit the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from textwrap import indent
from typing import Any, Literal

from rich.box import SIMPLE
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from semana.data import schemas as s
from semana.reports.words import (
    head_in_words,
    kind_in_words,
    not_recommended_in_words,
    number,
    percent,
    reason_in_words,
    short_head,
    shown_in_words,
)

_FIGURES = {"chance": "right", "kind": "left", "quantity": "right", "last bought": "left"}  # of a list, and their side
_ENDLESS = 10_000  # columns of a terminal on which everything fits
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def run_table(summary: Mapping[str, Any]) -> Table:
    """What a weekly run did."""
    table = titled_table("weekly run", ("what", "left"), ("result", "left"))
    newest = summary["newest_performance"]
    kept = "retrained" if summary["retrained"] else "kept"
    kept += ", MLflow is away" if str(summary["tracking"]).startswith("away") else ""
    table.add_row("target week", summary["target_week"])
    table.add_row("latest complete week", summary["latest_complete_week"])
    for week, days in summary["missing_days"].items():
        table.add_row("days without rows", f"{week}: {', '.join(days)}")
    table.add_row(
        "model",
        f"{summary['model_version']} ({kept}: {'; '.join(summary['reasons'])})",
    )
    table.add_row("drift", summary["drift"]["verdict"])
    table.add_row(
        "published",
        f"{summary['published']}: {summary['recommended_pairs']:,} offers to {summary['customers']:,} customers",
    )
    if newest:
        table.add_row("last list", f"{newest['week']}: F1 {newest['f1']:.3f}, recall@10 {newest['recall_at_10']:.3f}")
    table.add_row("seconds", f"{summary['seconds']:.1f}")
    return table


def list_table(
    rows: Sequence[Mapping[str, Any]],
    *,
    title: str,
    who: str,
    both: bool = False,
    lang: str = "en",
    recommended: int = 0,
) -> Fitting:
    """Rows of a list: `who` is the column that is named (a product, in a customer's list); `both` adds the customer.

    Below it stands how many of the `recommended` ones are shown, and what the mark of others means. Where it is too
    wide, heads are short, and the customer and why stand above and below the product.
    """
    called = {s.PRODUCT_ID: "product", s.CUSTOMER_ID: "customer"}[who]
    named = [*(["customer"] if both else []), called]
    told = [(_named(row, named), _figures(row, lang), reason_in_words(row[s.REASONS], lang)) for row in rows]
    mine = sum(bool(row[s.RECOMMENDED]) for row in rows)
    below = [shown_in_words(mine, recommended, lang), not_recommended_in_words(lang) if mine < len(rows) else ""]
    said = "\n".join(line for line in below if line)

    def _beside(*, short: bool) -> Table:
        heads = [short_head(name, lang) if short else head_in_words(name, lang) for name in (*named, *_FIGURES, "why")]
        sides = [*("left" for _ in named), *_FIGURES.values(), "left"]
        columns = zip(heads, sides, strict=True)
        table = titled_table(title, *columns, unbroken=heads[len(named) : -1], tight=short, below=said)
        for names, values, why in told:
            table.add_row(*names, *values, why)
        return table

    def _stacked() -> Table:
        heads = [short_head(name, lang) for name in _FIGURES]
        first = ", ".join(head_in_words(name, lang) for name in named)
        columns = ((first, "left"), *zip(heads, _FIGURES.values(), strict=True))
        table = titled_table(title, *columns, unbroken=heads, tight=True, below=said)
        for names, values, why in told:
            table.add_row("\n".join((*names, *([f"  {why}"] if why else []))), *values)
        return table

    return Fitting(partial(_beside, short=False), partial(_beside, short=True), _stacked)


def _named(row: Mapping[str, Any], named: Iterable[str]) -> list[str]:
    """Each by id and name."""
    return [f"{row[f'{each}_id']} {row[each] or ''}".strip() for each in named]


def _figures(row: Mapping[str, Any], lang: str) -> tuple[str, str, str, str]:
    """The values of `_FIGURES`."""
    mark = "" if row[s.RECOMMENDED] else " ·"
    quantity = "" if row[s.USUAL_QUANTITY] is None else number(row[s.USUAL_QUANTITY], lang)
    chance, kind = f"{percent(row[s.PROBABILITY], lang)}{mark}", kind_in_words(row[s.KIND], lang)
    return chance, kind, quantity, str(row[s.LAST_BOUGHT] or "")


def calls_table(rows: Sequence[Mapping[str, Any]], *, title: str) -> Fitting:
    """Whom to call, and what for; whose customer it is, where the source knows."""
    owned = any(row[s.OWNER] is not None for row in rows)
    figures = ("products", "expected purchases", "expected amount")

    def _table(*, narrow: bool) -> Table:
        heads = [name.replace(" ", "\n") if narrow else name for name in figures]
        people = (("customer", "left"), *([("owner", "left")] if owned else []))
        columns = (("call", "right"), *people, *((head, "right") for head in heads))
        found = titled_table(title, *columns, unbroken=["call", *heads], tight=narrow)
        for place, row in enumerate(rows, start=1):
            amount = "" if row[s.EXPECTED_AMOUNT] is None else f"{row[s.EXPECTED_AMOUNT]:,.2f}"
            name = f"{row[s.CUSTOMER_ID]} {row[s.LABEL] or ''}".strip()
            owner = [row[s.OWNER] or ""] if owned else []
            found.add_row(str(place), name, *owner, str(row["products"]), f"{row['expected_purchases']:.1f}", amount)
        return found

    return Fitting(partial(_table, narrow=False), partial(_table, narrow=True))


def performance_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """How each list did."""
    names = ("week", "model", "role", "F1", "recall@10", "NDCG@10", "listed", "bought")
    table = titled_table("how the lists did", *((name, "left" if name in names[:3] else "right") for name in names))
    for row in rows:
        figures = [f"{row[name]:.3f}" for name in ("f1", "recall_at_10", "ndcg_at_10")]
        counts = [f"{row[name]:,.0f}" for name in ("recommended", "purchases")]
        table.add_row(row["week"], row["model_version"], row["role"], *figures, *counts)
    return table


def parts_table(rows: Iterable[Mapping[str, Any]], *, title: str) -> Table:
    """How lists did in parts."""
    shares = ("f1", "precision", "recall")
    columns = (("part", "left"), ("F1", "right"), ("bought of listed", "right"), ("listed of bought", "right"))
    table = titled_table(title, *columns, ("listed", "right"), ("bought", "right"))
    for row in rows:
        f1, *others = (row[name] for name in shares)
        told = ["–" if f1 is None else f"{f1:.3f}", *("–" if each is None else f"{each:.0%}" for each in others)]
        table.add_row(row["name"], *told, f"{row['recommended']:,.0f}", f"{row['purchases']:,.0f}")
    return table


def plain_table(title: str, rows: Sequence[Mapping[str, Any]], *, unbroken: Sequence[str] = ()) -> Table:
    """Any rows (at least one) as a table; the keys of the first are the columns.

    Values of the `unbroken` ones stay in one line.
    """
    names = list(rows[0])
    table = titled_table(title, *((name.replace("_", " "), "left") for name in names), unbroken=unbroken)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    return table


def facts_table(facts: Mapping[str, Any]) -> Table:
    """Plain values, each on a line beside its name; what is nested in them stands below its own name, further in."""
    table = titled_table("", ("", "left"), ("", "left"), headed=False)
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _plain(value))
    return table


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(_under(str(name).replace("_", " "), each) for name, each in value.items()) or "–"
    if isinstance(value, list | tuple):
        apart = "\n\n" if any(isinstance(each, Mapping) for each in value) else "\n"
        return apart.join(_plain(each) for each in value) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else "–" if value is None else str(value)


def _under(name: str, value: Any) -> str:
    told = _plain(value)
    nested = isinstance(value, Mapping | list | tuple) and bool(value)
    return f"{name}:\n{indent(told, '  ')}" if nested else f"{name}: {told}"


class Fitting:
    """The first table that fits where it is shown without a value broken, else the last; each is made when asked for.

    With `lines` values may go on in further lines, and words alone stay whole.
    """

    def __init__(self, *tables: Callable[[], Table], lines: bool = False) -> None:
        self._tables = tables
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table."""
        *wider, narrowest = self._tables
        endless = options.update_width(_ENDLESS)

        def _fits(table: Table) -> bool:
            needs = Measurement.get(console, endless, table)
            return (needs.minimum if self._lines else needs.maximum) <= options.max_width

        made = (make() for make in wider)
        yield next((table for table in made if _fits(table)), None) or narrowest()


class PlainTable(Table):
    """A table whose cells are shown as they are: what stands in the data is neither markup nor a control sequence."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Adds a row of strings or of what rich can show."""
        super().add_row(*(Text(_UNSEEN.sub("�", each)) if isinstance(each, str) else each for each in cells), **options)


def titled_table(
    title: str,
    *columns: tuple[str, str],
    tight: bool = False,
    unbroken: Sequence[str] = (),
    headed: bool = True,
    below: str = "",
) -> Table:
    """An empty table; each column is its name and left or right.

    `tight` leaves less room between them; values of the `unbroken` columns stay in one line.
    """
    table = PlainTable(
        title=Text(title, style="italic") if title else None,
        title_justify="left",
        caption=Text(below, style="dim italic") if below else None,
        caption_justify="left",
        show_header=headed,
        header_style="bold",
        box=SIMPLE,
        pad_edge=False,
        collapse_padding=tight,
    )
    for name, justify in columns:
        side: Literal["left", "right"] = "right" if justify == "right" else "left"
        table.add_column(name, justify=side, overflow="fold", no_wrap=name in unbroken)
    return table
