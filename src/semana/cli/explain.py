"""One pair explained: its chance, its place, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from semana.cli import front
from semana.cli.front import LangOption, WeekOption


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("explain")(explain)


def explain(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    product: Annotated[str, typer.Argument(help="The product's id.")],
    week: WeekOption = None,
    top: Annotated[int, typer.Option(min=0, help="Reasons at the most; 0 for all.")] = 5,
    lang: LangOption = "en",
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Why a customer is likely to buy a product, or not; a pair that is not on the list is scored now."""
    from rich.console import Console

    from semana.cli.lists import listed_week, warn_of_retracted
    from semana.errors import UsageError
    from semana.pipeline.explain import explain as explain_pair
    from semana.reports.explain import explanation
    from semana.reports.words import language

    language(lang)
    if form not in ("table", "json"):
        raise UsageError(f"--format {form!r}: table or json was expected")
    stores = front.stores()
    name = listed_week(stores, week)
    found = explain_pair(stores, name, customer, product, top if form == "json" else 0)  # sentences gather reasons
    warn_of_retracted(stores, name)
    if form == "json":
        front.last_line(found)
    else:
        Console().print(explanation(found, top=top, lang=lang))
