"""What runs took: their durations, the machine, and the size of every dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from semana.cli import front

PAGE = "telemetry/runs.html"


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command("runs")(runs)


def runs(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Like 2025-W02-0001; without one, all.")] = None,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """What every run took, or one run step by step with its datasets; and the page with the trends."""
    from rich.console import Console

    from semana.errors import UsageError
    from semana.evaluation.durations import with_times_usual
    from semana.reports.runs import by_run, run_report, runs_page, runs_table
    from semana.stores import files

    if form not in ("table", "json"):
        raise UsageError(f"--format {form!r}: table or json was expected")
    stores = front.stores()
    records = with_times_usual(stores.telemetry.all())
    known = by_run(records)
    if not known:
        raise UsageError("nothing has run yet. Run: semana run")
    if run is not None and run not in known:
        raise UsageError(f"run {run!r} is unknown; the newest are: {', '.join(list(known)[-3:])}")
    if form == "json":
        front.last_line({"records": known[run] if run else records}, json_asked=True)
        return
    files.replace_bytes(stores.home / PAGE, runs_page(records).encode())
    console = Console()
    console.print(run_report(run, known[run]) if run else runs_table(records))
    console.print(f"The page: {stores.home / PAGE}")
