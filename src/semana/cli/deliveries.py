"""What was delivered: list, show, retract."""

from __future__ import annotations

from typing import Annotated

import typer

from semana.cli import front


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    front.add_group(
        app,
        "deliveries",
        says="What was delivered: list, show, retract.",
        default=show_all,
        commands={"list": show_all, "show": show, "retract": retract},
    )


def show_all() -> None:
    """Every delivery and retraction, in the order of arrival."""
    from rich.console import Console

    from semana.reports.terminal import plain_table

    rows = []
    landing = front.stores().landing
    now = {each.position: each for each in landing.ever()}
    for entry in landing.history():
        delivery = now.get(entry["number"])
        lines = delivery.tables.get("transactions", {}) if delivery else {}
        rows.append(
            {
                "position": entry["number"],
                "hash": (delivery.hash if delivery else entry.get("hash", ""))[:8],
                "what": delivery.file if delivery else f"{entry['kind']}: {entry['reason']}",
                "rows": sum(table["rows"] for table in delivery.tables.values()) if delivery else None,
                "from": lines.get("first"),
                "to": lines.get("last"),
                "arrived": entry["arrival"][:10],
            }
        )
    Console().print(plain_table("deliveries", rows, unbroken=("hash", "from", "to", "arrived")))


def show(prefix: Annotated[str, typer.Argument(metavar="HASH", help="The hash, or its beginning.")]) -> None:
    """One delivery as JSON."""
    from dataclasses import asdict

    front.last_line(asdict(front.stores().landing.show(prefix)))


def retract(
    prefix: Annotated[str, typer.Argument(metavar="HASH", help="The hash, or its beginning.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the record.")],
) -> None:
    """Take a wrong delivery back, from the next run on; its bytes stay."""
    stores = front.stores()
    with stores.leases.hold("ingest"):
        front.last_line(stores.landing.retract(prefix, reason=reason, arrival=front.order().now))
