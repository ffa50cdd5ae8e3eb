"""Keeping a home well: doctor, backup, restore, prune, watch, alert, version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semana.cli import front


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("doctor")(doctor)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("prune")(prune)
    app.command("forget")(forget)
    app.command("watch")(watch)
    app.command("alert")(alert)
    app.command("metrics")(metrics)
    app.command("version")(front.print_version)


def doctor() -> None:
    """Check everything that can be checked without changing anything; what is wrong comes with its remedy."""
    from rich.console import Console

    from semana.errors import ContractError
    from semana.reports.terminal import plain_table
    from semana.stores.doctor import examine

    findings = examine(front.stores())
    Console().print(plain_table("doctor", findings))
    wrong = [finding["check"] for finding in findings if finding["result"] != "ok"]
    if wrong:
        raise ContractError(f"not well: {', '.join(wrong)}; the table says what to do")


def backup(path: Annotated[Path, typer.Argument(help="The archive to write, like semana.tar.gz.")]) -> None:
    """Write the whole home to one archive, while no run is under way."""
    from semana.stores.archive import write_archive
    from semana.stores.leases import WHOLE

    stores = front.stores()
    with stores.leases.hold(WHOLE, against="*"), stores.leases.hold("ingest"):
        front.last_line(write_archive(stores.home, path))


def restore(path: Annotated[Path, typer.Argument(help="An archive that `semana backup` wrote.")]) -> None:
    """Make a home from an archive; the home must not exist, or be empty."""
    from semana.stores.archive import read_archive

    front.last_line(read_archive(path, front.settings().home))


def prune(
    keep_weeks: Annotated[
        int, typer.Option("--keep-weeks", min=1, help="Newest weeks of lists, scores and runs to keep.")
    ] = 104,
) -> None:
    """Remove old lists, scores, runs and bundles that nothing needs; never a delivery, the ledger or a figure."""
    from semana.stores.leases import WHOLE
    from semana.stores.pruning import prune_home

    stores = front.stores()
    with stores.leases.hold(WHOLE, against="*"):
        front.last_line(prune_home(stores, keep_weeks=keep_weeks))


def forget(
    customer: Annotated[str, typer.Argument(help="The id, as it was delivered.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the record, so without names.")],
) -> None:
    """Remove every row of a customer: of deliveries, tables, lists and the golden set; backups are not ours."""
    from semana.pipeline.forget import forget as take_out
    from semana.stores.leases import WHOLE

    stores = front.stores()
    with stores.leases.hold(WHOLE, against="*"), stores.leases.hold("ingest"):
        front.last_line(take_out(stores, customer, reason=reason, now=front.order().now))


def watch(
    every: Annotated[float | None, typer.Option(min=0.01, help="Minutes: look again and again.")] = None,
    beat: Annotated[
        Path | None, typer.Option(help="A file that is touched after every look: its age says whether it looks on.")
    ] = None,
) -> None:
    """Look from outside of any run: tell when the list is overdue or the disk low, and send what could not be sent."""
    import time
    from datetime import UTC, datetime

    from semana.errors import ContractError
    from semana.pipeline.watch import watch as look

    stores = front.stores()
    while True:
        found = look(stores, now=datetime.now(UTC))
        front.last_line(found)
        if beat:
            beat.touch()
        if every is None:
            break
        time.sleep(60 * every)
    if found["findings"]:
        raise ContractError("; ".join(found["findings"]))


def alert(
    kind: Annotated[str, typer.Argument(help='What kind of event it is, like "task failed".')],
    says: Annotated[str, typer.Argument(help="The message.")],
    key: Annotated[
        str | None, typer.Option(help="What makes it the same event as before, which is not told again; else the text.")
    ] = None,
) -> None:
    """Tell people of an event of another program, like a scheduler, once over the home's channels."""
    from datetime import UTC, datetime

    from semana.stores.alerts import Event

    event = Event(kind, key or says, says, urgent=True)
    front.last_line({"new": front.stores().alerts.tell(event, now=datetime.now(UTC).replace(microsecond=0))})


def metrics() -> None:
    """What is watched, as Prometheus reads it: for its textfile collector, or a look."""
    from semana.reports.metrics import exposition
    from semana.stores.watched import watched

    print(exposition(watched(front.stores())), end="")
