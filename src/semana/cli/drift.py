"""Whether the world moved: the newest verdict, week by week and column by column."""

from __future__ import annotations

from typing import Annotated

import typer

from semana.cli import front


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command("drift")(drift)


def drift(
    live: Annotated[bool, typer.Option("--live", help="The running week as it has landed.")] = False,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Whether the newest whole week (or the running one) differs from before by more than weeks used to."""
    from rich.console import Console

    from semana.errors import UsageError
    from semana.pipeline.detect_drift import PAGE
    from semana.pipeline.live import look
    from semana.reports.drift import drift_report, live_report
    from semana.stores.reviewed import newest_drift

    if form not in ("table", "json"):
        raise UsageError(f"--format {form!r}: table or json was expected")
    stores = front.stores()
    report = look(stores, clock=front.order().clock) if live else newest_drift(stores)
    if form == "json":
        front.last_line(report, json_asked=True)
    elif live:
        Console().print(live_report(report))
    else:
        Console().print(drift_report(report, where=str(stores.home / PAGE)))
