"""One pair explained for people: what the list says of it, and the reasons as sentences with a bar each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from semana.data import schemas as s
from semana.reports.terminal import titled_table
from semana.reports.words import kind_in_words, merged, number, percent, told

_BAR = 16  # characters of the strongest reason


def explanation(found: Mapping[str, Any], *, top: int, lang: str) -> Group:
    """What `pipeline.explain` found, as two tables of 80 columns; at most `top` reasons (0: all)."""
    who, what = told(("customer", "cliente"), lang), told(("product", "producto"), lang)
    named = f"{who} {_named(found, s.CUSTOMER_ID, 'customer')}, {what} {_named(found, s.PRODUCT_ID, 'product')}"
    facts = titled_table("", ("", "left"), ("", "left"), headed=False)
    for name, value in _facts(found, lang):
        facts.add_row(name, value)
    return Group(Text(f"{found[s.WEEK]}, {named}", style="italic"), facts, _reasons(found, top=top, lang=lang))


def _named(found: Mapping[str, Any], key: str, name: str) -> str:
    return f"{found[key]} {found[name] or ''}".strip()


def _facts(found: Mapping[str, Any], lang: str) -> Iterator[tuple[str, str]]:
    """The name and the value of each fact."""
    yes, no = ("yes", "sí"), ("no", "no")
    unlisted = ("not among the list's pairs: scored now", "no está entre los pares de la lista: calculado ahora")
    never, gap = told(("never", "nunca"), lang), found[s.USUAL_GAP_DAYS]
    days = told(("days", "días"), lang)
    yield told(("chance", "probabilidad"), lang), percent(found[s.PROBABILITY], lang)
    yield (
        told(("place with this customer", "puesto con este cliente"), lang),
        str(found[s.RANK] or told(unlisted, lang)),
    )
    recommended = told(yes if found[s.RECOMMENDED] else no, lang)
    yield told(("recommended", "recomendado"), lang), f"{recommended} ({_why_listed(found, lang)})"
    yield told(("kind", "tipo"), lang), kind_in_words(found[s.KIND], lang)
    yield told(("last bought", "última compra"), lang), found[s.LAST_BOUGHT] or never
    if gap is not None:
        yield told(("usual gap", "intervalo habitual"), lang), f"{number(gap, lang)} {days}"
    if found[s.OWNER]:
        yield told(("owner", "responsable"), lang), found[s.OWNER]
    yield told(("model", "modelo"), lang), found[s.MODEL_VERSION]


def _why_listed(found: Mapping[str, Any], lang: str) -> str:
    """Where the list begins, or that exclude.csv names the pair."""
    if not found["excluded"]:
        return f"{told(('the list begins at', 'la lista empieza en'), lang)} {percent(found['cut'], lang)}"
    if found[s.RECOMMENDED]:
        return told(("exclude.csv names it since", "exclude.csv lo excluye desde entonces"), lang)
    return told(("exclude.csv names it", "excluido por exclude.csv"), lang)


def _reasons(found: Mapping[str, Any], *, top: int, lang: str) -> Table:
    raises, lowers = told(("raises", "sube"), lang), told(("lowers", "baja"), lang)
    reasons = merged(found[s.REASONS], lang)
    most = abs(reasons[0][1]) if reasons else 1.0
    table = titled_table(told(("why", "por qué"), lang), ("", "left"), ("", "left"), ("", "left"), headed=False)
    for said, contribution in reasons[: top or None]:
        bar = "█" * max(1, round(_BAR * abs(contribution) / most))
        table.add_row(raises if contribution > 0 else lowers, bar, said)
    return table
