"""Which models served, since when and why; two compared; another one made to serve."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import typer

from semana.cli import front

_log = logging.getLogger(__name__)
VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="Like 1.0.0, or the id of a bundle.")]
WhyOption = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    front.add_group(
        app,
        "models",
        says="Which models served: list, show, compare; and another one made to serve: promote, rollback.",
        default=show_all,
        commands={
            "list": show_all,
            "show": show,
            "compare": compare_two,
            "promote": promote,
            "rollback": rollback,
        },
    )


def show_all() -> None:
    """The ledger: who served from which week on, and why."""
    from rich.console import Console

    from semana.reports.terminal import plain_table

    stores = front.stores()
    rows = [
        {
            "version": entry["version"],
            "model": entry["evidence"]["model"],
            "from week": entry["week"],
            "gate F1": "" if entry["evidence"]["gate_f1"] is None else f"{entry['evidence']['gate_f1']:.3f}",
            "why": "; ".join([*_marks(stores, entry), *entry["why"]]),
        }
        for entry in stores.ledger.entries()
    ]
    if not rows:
        front.none_yet("No model has served yet: the first run makes one. Type: semana run")
        return
    Console().print(plain_table("models that served; the last one serves", rows))


def show(version: VersionArgument) -> None:
    """The card of one version, and why it may not serve, where it may not."""
    from semana.pipeline.succession import bundle_of

    stores = front.stores()
    bundle = bundle_of(stores, version)
    print(stores.bundles.card(bundle))
    weeks = [entry["week"] for entry in stores.ledger.entries() if entry["to"] == bundle]
    print(f"Bundle {bundle}, {f'serving from {weeks[-1]} on' if weeks else 'it never served'}.")
    if fault := stores.bundles.fault(bundle):
        print(f"It may not serve: {fault}")


def compare_two(
    first: VersionArgument,
    second: VersionArgument,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Two models side by side: recipe, gate figures, and realised figures of the weeks that both scored."""
    from rich.console import Console

    from semana.errors import UsageError
    from semana.pipeline.compare import compare
    from semana.reports.comparison import comparison

    if form not in ("table", "json"):
        raise UsageError(f"--format {form!r}: table or json was expected")
    found = compare(front.stores(), first, second)
    if form == "json":
        front.last_line(found, json_asked=True)
    else:
        Console().print(comparison(found))


def promote(version: VersionArgument, reason: WhyOption) -> None:
    """Make a version, or a bundle that the gate refused, serve from now on; the list changes with the next run."""
    from semana.pipeline.succession import promote_by_hand

    _change(lambda stores, now: promote_by_hand(stores, version, reason=reason, now=now))


def rollback(reason: WhyOption) -> None:
    """Make the champion's predecessor serve from now on; the list changes with the next run."""
    from semana.pipeline.succession import roll_back_by_hand

    _change(lambda stores, now: roll_back_by_hand(stores, reason=reason, now=now))


def _change(make: Any) -> None:
    from semana.stores.doctor import other_model
    from semana.stores.leases import WHOLE

    stores = front.stores()
    with stores.leases.hold("promote", against=WHOLE):
        front.last_line(make(stores, front.order().now))
    if other := other_model(stores):
        _log.warning("%s", other)


def _marks(stores: Any, entry: dict[str, Any]) -> list[str]:
    """What stands before an entry's reasons: that it was a rollback, and that its bundle's features are gone."""
    from semana.errors import ConfigurationError, ContractError
    from semana.stores.ledger import rolled_back

    try:
        reason = stores.bundles.unsupported(entry["to"])
    except (ContractError, ConfigurationError) as err:
        reason = str(err)
    back = [f"rolled back from {entry['evidence']['rolled_back']}"] if rolled_back(entry) else []
    return [*back, *([f"may not serve ({reason})"] if reason else [])]
