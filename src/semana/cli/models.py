"""Which models served, since when and why."""

from __future__ import annotations

from typing import Annotated

import typer

from semana.cli import front


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    front.add_group(
        app,
        "models",
        says="Which models served: list, show.",
        default=show_all,
        commands={"list": show_all, "show": show},
    )


def show_all() -> None:
    """The ledger: who served from which week on, and why."""
    from rich.console import Console

    from semana.reports.terminal import plain_table

    rows = [
        {
            "version": entry["version"],
            "model": entry["evidence"]["model"],
            "from week": entry["week"],
            "gate F1": "" if entry["evidence"]["gate_f1"] is None else f"{entry['evidence']['gate_f1']:.3f}",
            "why": "; ".join(entry["why"]),
        }
        for entry in front.stores().ledger.entries()
    ]
    Console().print(plain_table("models that served; the last one serves", rows))


def show(version: Annotated[str, typer.Argument(help="The version, like 1.0.0.")]) -> None:
    """The card of one version."""
    from semana.errors import UsageError

    stores = front.stores()
    entries = stores.ledger.entries()
    found = [entry for entry in entries if entry["version"] == version]
    if not found:
        known = ", ".join(entry["version"] for entry in entries) or "none yet"
        raise UsageError(f"version {version!r} never served; there are: {known}")
    print(f"{stores.bundles.card(found[-1]['to'])}\nBundle {found[-1]['to']}, serving from {found[-1]['week']} on.")
