"""The weekly run, its steps alone, replays and the demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semana.cli import front
from semana.cli.front import (
    AsOfOption,
    PositionOption,
    ReasonOption,
    RecordedOption,
    RetrainOption,
    RunOption,
    WeekOption,
)

if TYPE_CHECKING:
    from semana.pipeline.order import Order

GoOnOption = Annotated[
    bool, typer.Option("--go-on", help="Where MLflow is away, the run goes on with the champion (else 69).")
]
_STEPS = {
    "prepare": "Make the clean tables, and tell which weeks are complete.",
    "review": "Compare past lists with what was then bought.",
    "detect_drift": "Tell whether customers behave unlike before, by more than they used to.",
    "decide": "Decide whether to retrain, with every reason.",
    "predict": "Score every candidate pair of the target week.",
    "publish": "Turn scores into the list and switch readers to it.",
}


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("run")(run)
    app.command("ingest")(ingest)
    app.command("validate")(validate)
    app.command("train")(train)
    app.command("promote")(promote)
    for name, says in _STEPS.items():
        app.command(name, help=says)(_step(name))
    app.command("notify")(notify)
    app.command("replay")(replay)
    app.command("demo")(demo)


def run(
    week: WeekOption = None,
    as_of: AsOfOption = None,
    position: PositionOption = None,
    retrain: RetrainOption = "auto",
    reason: ReasonOption = None,
    as_recorded: RecordedOption = False,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object on one line.")] = False,
) -> None:
    """Take what was dropped, then make and publish the list of the next week."""
    from rich.console import Console

    from semana.cli.progress import steps_shown
    from semana.pipeline.weekly import run_week
    from semana.reports.terminal import run_table

    stores = front.stores(create=True)
    with steps_shown() as shown:
        order = front.order(week, as_of, position, retrain, reason, as_recorded=as_recorded)
        summary = run_week(stores, order, progress=shown)
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
    begin: Annotated[
        bool,
        typer.Option("--begin", help="Take the drop folder and begin a run, which the other steps name with --run."),
    ] = False,
    week: WeekOption = None,
    position: PositionOption = None,
    retrain: RetrainOption = "auto",
    as_recorded: RecordedOption = False,
) -> None:
    """Land files: each is accepted whole or refused whole, and nothing is lost."""
    from semana.errors import UsageError
    from semana.pipeline.weekly import begin_run
    from semana.reports.deliveries import landed_report

    if accept and not reason:
        raise UsageError('--accept needs --reason "...": it is kept in the record')
    order = front.order(week, as_of, position, retrain, reason, as_recorded=as_recorded)
    if begin:
        if paths or source or table or accept:
            raise UsageError("--begin takes the drop folder as it is: leave paths, --source, --table and --accept out")
        front.last_line(begin_run(front.stores(create=True), order), page=landed_report)
        return
    if order.week or position is not None or order.retrain != "auto":
        raise UsageError("--week, --position, --retrain and --as-recorded are a run's: add --begin")
    landed = _landed(paths or [], source, front.table_name(table), order, accept=reason if accept else None)
    front.last_line(landed, page=landed_report)


def _landed(
    paths: list[Path], source: str | None, table: str | None, order: Order, *, accept: str | None
) -> dict[str, Any]:
    """The summary of what landed: the paths, or without any what was dropped."""
    from semana.errors import UsageError
    from semana.pipeline import ingest as step
    from semana.pipeline import live

    front.existing(paths)
    stores = front.stores(create=True)
    with stores.leases.hold("ingest"):
        if not paths:
            summary = step.take(stores, arrival=order.arrival)
        else:
            name = source or (stores.landing.source.name if stores.landing.source else None)
            if name is None:
                raise UsageError(
                    "the first delivery needs --source NAME: sodai, complete-journey, online-retail, canonical or own"
                )
            summary = step.land(stores, paths, source=name, table=table, arrival=order.arrival, accept=accept)
        summary["live"] = live.look_after(stores, summary, clock=order.clock, now=order.now)
    return summary


def validate(
    table: Annotated[str | None, typer.Option(help="One table only.")] = None,
    week: WeekOption = None,
    as_of: AsOfOption = None,
    position: PositionOption = None,
    run: RunOption = None,
) -> None:
    """Check the landed whole against our own promises."""
    from semana.pipeline.weekly import run_step

    order = front.order(week, as_of, position, run=run)
    front.last_line(run_step("validate", front.stores(), order, table=front.table_name(table)))


def train(
    week: WeekOption = None,
    as_of: AsOfOption = None,
    position: PositionOption = None,
    retrain: RetrainOption = "auto",
    reason: ReasonOption = None,
    run: RunOption = None,
    go_on: GoOnOption = False,
) -> None:
    """Let all models race; the best is the challenger."""
    from semana.pipeline.weekly import run_step

    order = front.order(week, as_of, position, retrain, reason, run=run)
    front.last_line(run_step("train", front.stores(), order, goes_on=go_on))


def promote(
    week: WeekOption = None,
    as_of: AsOfOption = None,
    position: PositionOption = None,
    retrain: RetrainOption = "auto",
    reason: ReasonOption = None,
    run: RunOption = None,
    go_on: GoOnOption = False,
    keep: Annotated[bool, typer.Option("--keep", help="The champion predicts, whatever was decided.")] = False,
) -> None:
    """Let the challenger through the gate, or refuse it."""
    from semana.pipeline.weekly import run_step

    order = front.order(week, as_of, position, retrain, reason, run=run)
    front.last_line(run_step("promote", front.stores(), order, goes_on=go_on, keep=keep))


def notify(run: RunOption = None) -> None:
    """Tell what a run came to, and send what could not be sent before; 69 where it still cannot."""
    from semana.pipeline.notify import notify as settle
    from semana.pipeline.order import find

    stores = front.stores()
    order = front.order(run=run)
    front.last_line(settle(find(stores, order, looks_at_landing=False), stores, now=order.now))


def _step(name: str) -> Any:
    def step(
        week: WeekOption = None,
        as_of: AsOfOption = None,
        position: PositionOption = None,
        retrain: RetrainOption = "auto",
        reason: ReasonOption = None,
        run: RunOption = None,
    ) -> None:
        from semana.pipeline.weekly import run_step

        order = front.order(week, as_of, position, retrain, reason, run=run)
        front.last_line(run_step(name, front.stores(), order))

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


def demo(
    open_: Annotated[
        bool, typer.Option("--open", help="Then serve the API and the pages, and open these, until Ctrl-C.")
    ] = False,
) -> None:
    """Real groceries (Complete Journey): several weekly runs, how each list did, and one customer's list."""
    from semana.cli.demo import run_demo
    from semana.cli.together import check_installed, serve_both

    if open_:
        check_installed()
    run_demo()
    if open_:
        serve_both(front.settings().home, ports=(0, 0), open_=True)
