"""How every model would have done: a backtest, beside what serves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semana.cli import front
from semana.cli.front import AsOfOption


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("backtest")(backtest)


def backtest(
    weeks: Annotated[
        int | None, typer.Option(min=1, help="Test weeks, the latest complete ones. [default: 8, or what there is]")
    ] = None,
    models: Annotated[str | None, typer.Option(help="Like a,b. [default: those that race under the params]")] = None,
    params: Annotated[Path | None, typer.Option(help="Try this params file; what serves keeps its own.")] = None,
    refit: Annotated[int, typer.Option(min=1, help="Weeks after which the models are fitted anew.")] = 1,
    as_of: AsOfOption = None,
    json: Annotated[bool, typer.Option("--json", help="End with the whole record as one line of JSON.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the record and the page to this folder as well.")] = None,
) -> None:
    """How every model would have done in past weeks, side by side; touches nothing that serves."""
    from rich.console import Console

    from semana.cli.progress import test_weeks_shown
    from semana.errors import UsageError
    from semana.pipeline.backtest import backtest as run_backtest
    from semana.reports.backtest import backtest_page, backtest_report
    from semana.stores.backtests import PAGE, save_backtest, write_backtest
    from semana.stores.home import read_params

    if out and out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is a file, a folder was expected")
    stores = front.stores()
    named = [name.strip() for name in models.split(",")] if models is not None else []
    with test_weeks_shown() as shown:
        record = run_backtest(
            stores,
            front.order(as_of=as_of),
            params=read_params(params) if params else None,
            models=named,
            weeks=weeks,
            refit=refit,
            progress=shown,
        )
    page = backtest_page(record)
    folder = save_backtest(stores.home, record["id"], record, page)
    if out:
        write_backtest(out, record, page)
    if json:
        front.last_line(record, json_asked=True)
    else:
        Console().print(backtest_report(record, where=str((out or folder) / PAGE)))
