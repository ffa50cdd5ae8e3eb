"""What runs took: their durations, the machine, and the size of every dataset."""

from __future__ import annotations

from pathlib import Path
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
    record: Annotated[
        Path | None, typer.Option(help="Keep what a scheduler says of its tasks, JSON from a file (- is stdin).")
    ] = None,
) -> None:
    """What every run took, or one run step by step with its datasets; and the page with the trends."""
    if record is not None:
        _record(record)
        return
    from rich.console import Console

    from semana.errors import UsageError
    from semana.evaluation.durations import with_times_usual
    from semana.reports.runs import by_run, run_report, runs_page, runs_table
    from semana.reports.tasks import outside_table, tasks_report
    from semana.stores import files

    if form not in ("table", "json"):
        raise UsageError(f"--format {form!r}: table or json was expected")
    stores = front.stores()
    records = with_times_usual(stores.telemetry.all())
    known = by_run(records)
    tasks = stores.tasks.of(run) if run else stores.tasks.all()
    if not known and not tasks:
        raise UsageError("nothing has run yet. Run: semana run")
    if run is not None and run not in known:
        raise UsageError(f"run {run!r} is unknown; the newest are: {', '.join(list(known)[-3:]) or 'none'}")
    if form == "json":
        front.last_line({"records": known[run] if run else records, "tasks": tasks}, json_asked=True)
        return
    console = Console()
    if run:
        console.print(run_report(run, known[run]))
        for each in tasks:
            console.print(tasks_report(each, [record for record in records if record["run"] in ("", run)]))
    else:
        console.print(runs_table(records))
        if outside := [each for each in tasks if not each["run"]]:
            console.print(outside_table(outside))
    if known:
        files.replace_bytes(stores.home / PAGE, runs_page(records).encode())
        console.print(f"The page: {stores.home / PAGE}")


def _record(path: Path) -> None:
    import sys
    from datetime import UTC, datetime

    text = sys.stdin.read() if str(path) == "-" else front.existing([path])[0].read_text(encoding="utf-8")
    front.last_line(front.stores().tasks.keep(text, now=datetime.now(UTC)))
