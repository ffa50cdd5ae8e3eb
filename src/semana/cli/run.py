"""The weekly run, its steps alone, replays and the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from semana.cli import front
from semana.cli.front import AsOfOption, PositionOption, ReasonOption, RetrainOption, WeekOption

_STEPS = {
    "prepare": "Make the clean tables, and tell which weeks are complete.",
    "review": "Compare past lists with what was then bought.",
    "detect_drift": "Tell whether customers behave unlike before, by more than they used to.",
    "decide": "Decide whether to retrain, with every reason.",
    "train": "Let all models race; the best is the challenger.",
    "promote": "Let the challenger through the gate, or refuse it.",
    "predict": "Score every candidate pair of the target week.",
    "publish": "Turn scores into the list and switch readers to it.",
}


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("run")(run)
    app.command("ingest")(ingest)
    app.command("validate")(validate)
    for name, says in _STEPS.items():
        app.command(name, help=says)(_step(name))
    app.command("replay")(replay)
    app.command("demo")(demo)


def run(
    week: WeekOption = None,
    as_of: AsOfOption = None,
    position: PositionOption = None,
    retrain: RetrainOption = "auto",
    reason: ReasonOption = None,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object on one line.")] = False,
) -> None:
    """Take what was dropped, then make and publish the list of the next week."""
    from rich.console import Console

    from semana.cli.progress import steps_shown
    from semana.pipeline.weekly import run_week
    from semana.reports.terminal import run_table

    stores = front.stores(create=True)
    with steps_shown() as shown:
        summary = run_week(stores, front.order(week, as_of, position, retrain, reason), progress=shown)
    if json:
        front.last_line(summary, json_asked=True)
    else:
        Console().print(run_table(summary))


def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders; without any, the drop folder.")] = None,
    source: Annotated[
        str | None, typer.Option(help="The source that describes them; the home's own by default.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="transactions, customers or products, where names do not tell.")
    ] = None,
    as_of: AsOfOption = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take a jump (units, volume, gaps, codes, ids) as real (needs --reason).")
    ] = False,
    reason: ReasonOption = None,
) -> None:
    """Land files: each is accepted whole or refused whole, and nothing is lost."""
    from semana.errors import UsageError
    from semana.pipeline import ingest as step
    from semana.pipeline import live

    if accept and not reason:
        raise UsageError('--accept needs --reason "...": it is kept in the record')
    front.existing(paths or [])
    front.table_name(table)
    stores = front.stores(create=True)
    order = front.order(as_of=as_of)
    arrival = order.arrival
    with stores.leases.hold("ingest"):
        if not paths:
            summary = step.take(stores, arrival=arrival)
        else:
            name = source or (stores.landing.source.name if stores.landing.source else None)
            if name is None:
                raise UsageError(
                    "the first delivery needs --source NAME: sodai, complete-journey, online-retail, canonical or own"
                )
            accepted = reason if accept else None
            summary = step.land(stores, paths, source=name, table=table, arrival=arrival, accept=accepted)
        summary["live"] = live.look_after(stores, summary, clock=order.clock, now=order.now)
    front.last_line(summary)


def validate(
    table: Annotated[str | None, typer.Option(help="One table only.")] = None,
    week: WeekOption = None,
    as_of: AsOfOption = None,
    position: PositionOption = None,
) -> None:
    """Check the landed whole against our own promises."""
    from semana.pipeline.weekly import run_step

    front.last_line(
        run_step("validate", front.stores(), front.order(week, as_of, position), table=front.table_name(table))
    )


def _step(name: str) -> Any:
    def step(
        week: WeekOption = None,
        as_of: AsOfOption = None,
        position: PositionOption = None,
        retrain: RetrainOption = "auto",
        reason: ReasonOption = None,
    ) -> None:
        from semana.pipeline.weekly import run_step

        front.last_line(run_step(name, front.stores(), front.order(week, as_of, position, retrain, reason)))

    return step


def replay(
    first: Annotated[str, typer.Option("--from", help="The first target week.")],
    last: Annotated[str, typer.Option("--to", help="The last target week.")],
    source: Annotated[
        tuple[str, Path] | None, typer.Option(help="NAME PATH: deliver PATH week by week, in this home.")
    ] = None,
    retrain: RetrainOption = "auto",
) -> None:
    """Deliver past weeks one by one and run each: what would have happened."""
    from rich.console import Console

    from semana.cli.lists import performance_rows
    from semana.cli.progress import weeks_shown
    from semana.data.weeks import Week
    from semana.pipeline.ingest import files_of
    from semana.pipeline.replay import replay_weeks
    from semana.reports.terminal import performance_table
    from semana.stores.home import find_source

    weeks = Week.parse(first), Week.parse(last)
    stores = front.stores(create=True)
    definition = find_source(front.settings(), source[0]) if source else None
    paths = files_of(front.existing([source[1]])[0]) if source else []
    with weeks_shown(weeks[1] - weeks[0] + 1) as shown:
        order = front.order(retrain=retrain)
        replay_weeks(stores, *weeks, order=order, source=definition, paths=paths, progress=shown)
    Console().print(performance_table(performance_rows(stores).to_dicts()))


def demo() -> None:
    """Real groceries (Complete Journey): several weekly runs, how each list did, and one customer's list."""
    from semana.cli.demo import run_demo

    run_demo()
