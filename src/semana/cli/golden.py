"""The golden set: what it holds, a new one, and a change of it accepted."""

from __future__ import annotations

from typing import Annotated

import typer

from semana.cli import front


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    front.add_group(
        app,
        "golden",
        says="The golden set of frozen weeks that every challenger must hold in: show, create, accept.",
        default=show,
        commands={"show": show, "create": create, "accept": accept},
    )


def show() -> None:
    """The set that counts: its weeks, its cases and their tolerances, and every change; a damaged one is named."""
    from rich.console import Console

    from semana.pipeline.golden import shown
    from semana.reports.golden import golden_table

    Console().print(golden_table(shown(front.stores())))


def create(
    reason: Annotated[str | None, typer.Option(help="Why; needed where a set is there already.")] = None,
) -> None:
    """Freeze a set from the history there is, instead of waiting for a promotion, or in place of an older one."""
    from semana.errors import UsageError
    from semana.pipeline.golden import create as create_set
    from semana.pipeline.weekly import prepared_run
    from semana.stores.leases import WHOLE

    stores = front.stores()
    if stores.golden.entries() and not reason:
        raise UsageError('there is a golden set: say why another takes its place, with --reason "..."')
    with stores.leases.hold("promote", against=WHOLE):
        run = prepared_run(stores, front.order())
        front.last_line(create_set(run, stores, reason=reason or "by hand, the first one"))


def accept(reason: Annotated[str, typer.Option(help="Why; kept in the record.")]) -> None:
    """Take what lies in the set's folder now, changed by hand, as the set that counts."""
    from semana.stores.leases import WHOLE

    stores = front.stores()
    with stores.leases.hold("promote", against=WHOLE):
        front.last_line(stores.golden.accept(when=front.order().now.isoformat(), reason=reason))
