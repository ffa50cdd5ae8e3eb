"""What was delivered: list, show, retract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from semana.cli import front

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semana.stores.manifest import Delivery


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

    from semana.reports.deliveries import deliveries_table

    landing = front.stores().landing
    now, gone = {each.position: each for each in landing.ever()}, landing.retractions()
    rows = [_row(entry, now.get(entry["number"]), gone) for entry in landing.history()]
    if not rows:
        front.none_yet("Nothing has landed yet. Deliver first: semana ingest PATH --source NAME")
        return
    Console().print(deliveries_table(rows))


def _row(entry: Mapping[str, Any], delivery: Delivery | None, gone: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """What the table says of an entry, which is a `delivery` or tells of some."""
    number, about = entry["number"], {"position": entry["number"], "arrived": entry["arrival"][:10]}
    if delivery is None:
        backs = [f"{position}" for position, each in gone.items() if each["number"] == number]
        what = f"{' '.join([entry['kind'], *(['of'] if backs else []), ', '.join(backs)]).strip()}: {entry['reason']}"
        return {**about, "hash": "", "what": what, "state": "", **dict.fromkeys(("rows", "put aside", "from", "to"))}
    lines = delivery.tables.get("transactions", {})
    return {
        **about,
        "hash": delivery.hash,
        "what": delivery.file,
        "state": f"retracted by {gone[number]['number']}" if number in gone else "",
        "rows": sum(table["rows"] for table in delivery.tables.values()),
        "put aside": sum(table["quarantined"] for table in delivery.tables.values()),
        "from": lines.get("first"),
        "to": lines.get("last"),
    }


def show(prefix: Annotated[str, typer.Argument(metavar="HASH", help="The hash, or its beginning.")]) -> None:
    """One delivery, a retracted one too: where its rows went, and which were put aside, and why."""
    from dataclasses import asdict

    from semana.reports.deliveries import delivery_report

    landing = front.stores().landing
    delivery = landing.show(prefix, retracted=True)
    back = landing.retractions().get(delivery.position)
    facts = ("number", "reason", "arrival")
    told = {
        **asdict(delivery),
        "put_aside": [asdict(each) for each in landing.put_aside(delivery)],
        "retraction": {name: back[name] for name in facts} if back else None,
    }
    front.last_line(told, page=delivery_report)


def retract(
    prefix: Annotated[str, typer.Argument(metavar="HASH", help="The hash, or its beginning.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the record.")],
) -> None:
    """Take a wrong delivery back, from the next run on; its bytes stay."""
    stores = front.stores()
    with stores.leases.hold("ingest"):
        front.last_line(stores.landing.retract(prefix, reason=reason, arrival=front.order().now))
