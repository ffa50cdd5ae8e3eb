"""Experiments: hold a share of the customers out of the lists, and see what the lists do."""

from __future__ import annotations

from typing import Annotated

import typer

from semana.cli import front


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    front.add_group(
        app,
        "experiment",
        says="Hold a share of the customers out of the lists, to see what the lists do: create, show, stop.",
        default=show,
        commands={"create": create, "show": show, "stop": stop},
    )


def create(
    share: Annotated[float, typer.Option(help="Of the customers, like 0.1: their lists are made but not shown.")],
    weeks: Annotated[int, typer.Option(min=1, max=520, help="For how many lists, from the next one on.")],
) -> None:
    """Say the smallest effect that such an experiment can find, then begin it with the next list."""
    from semana.pipeline.experiment import begin, findable
    from semana.reports.experiments import findable_in_words
    from semana.stores.leases import WHOLE

    stores = front.stores()
    told = findable(stores, share=share, weeks=weeks)
    print(findable_in_words(told))
    with stores.leases.hold("publish", against=WHOLE):
        begun = begin(stores, share=share, weeks=weeks, smallest=told["findable"], now=front.order().now)
    front.last_line({**begun, "findable": told["findable"]})


def show() -> None:
    """Every experiment, and the effect that it has found so far."""
    from rich.console import Console

    from semana.errors import UsageError
    from semana.pipeline.experiment import effects
    from semana.reports.experiments import experiments_table

    found = effects(front.stores())
    if not found:
        raise UsageError("there is no experiment yet. Begin one: semana experiment create --share 0.1 --weeks 12")
    Console().print(experiments_table(found))


def stop() -> None:
    """End the running experiment: from the next list on everybody is shown again."""
    from semana.pipeline.experiment import stop as stop_running
    from semana.stores.leases import WHOLE

    stores = front.stores()
    with stores.leases.hold("publish", against=WHOLE):
        front.last_line(stop_running(stores, now=front.order().now))
