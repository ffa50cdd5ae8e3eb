"""What every command shares: the home, the clock, how weeks and dates are written, the last line."""

from __future__ import annotations

import json
import logging
import re
import shlex
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semana.data.weeks import Week
from semana.errors import UsageError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

    from semana.data.catalog import Dataset
    from semana.pipeline.order import Order
    from semana.settings import Settings
    from semana.stores.home import Stores

_home: list[Path] = []

WeekOption = Annotated[str | None, typer.Option("--week", help="The target week, like 2025-W02.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Business time: rows after this day do not exist.")]
PositionOption = Annotated[int | None, typer.Option(help="Arrival time: deliveries after this one had not arrived.")]
ReasonOption = Annotated[str | None, typer.Option(help="Why; kept in the record.")]
LangOption = Annotated[str, typer.Option("--lang", help="The language of the reasons: en or es.")]
RunOption = Annotated[str | None, typer.Option("--run", help="A run that has begun, like 2025-W02-0001.")]
RecordedOption = Annotated[
    bool, typer.Option("--as-recorded", help="With --week: its list once more, as its run made it.")
]
RetrainOption = Annotated[str, typer.Option(help="auto, always or never.")]


def print_version() -> None:
    """The version of semana."""
    from importlib.metadata import version

    print(version("semana"))


def _version_asked(asked: bool) -> None:
    if asked:
        print_version()
        raise typer.Exit


def set_home(
    home: Annotated[Path | None, typer.Option(help="The folder that holds everything. [default: $SEMANA_HOME]")] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Its version.", is_eager=True, callback=_version_asked)
    ] = False,
) -> None:
    """Every command works on one home."""
    _home[:] = [home] if home else []


def as_typed(text: str, commands: Iterable[str]) -> str:
    """The text, whose suggested `commands` name the home where this call did, so that they can be typed as they are."""
    if not _home:
        return text
    home = shlex.quote(str(_home[0]))
    return re.sub(rf"\bsemana (?=({'|'.join(commands)})\b)", lambda _: f"semana --home {home} ", text)


class _Typed(logging.Formatter):
    """Log lines whose suggested commands name the home."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return _naming_home(super().format(record))


def _naming_home(said: str) -> str:
    if not _home or "semana " not in said:
        return said
    from semana.cli import app

    return as_typed(said, typer.main.get_group(app).commands)


def none_yet(says: str) -> None:
    """Prints, in place of a table without rows, that there is none and what to type to get one."""
    print(_naming_home(says))


def settings(**given: Any) -> Settings:
    """The settings of this call; what is given on the command line comes first."""
    from semana.settings import read_settings

    found = read_settings(_home[0] if _home else None, **given)
    barred = found.log_level == "INFO" and sys.stderr.isatty()  # a progress bar tells it there, and more
    level = "WARNING" if barred else found.log_level
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handler.setFormatter(_Typed("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=level)
    logging.getLogger("semana").setLevel(logging.DEBUG if barred else level)
    return found


def stores(*, create: bool = False) -> Stores:
    """The stores of this call's home."""
    from semana.stores.home import open_home

    return open_home(settings(), create=create)


def names_of(stores: Stores, dataset: Dataset, week: str) -> pl.DataFrame:
    """The customers (or products) of a week's list, as people know them by now."""
    from semana.stores import known

    return known.names_of(stores, dataset, Week.parse(week))


def day(text: str | None) -> date | None:
    """The date written like 2024-12-31; raises UsageError for anything else."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as err:
        raise UsageError(f"date {text!r}: {err}. Write it like 2024-12-31.") from err


def order(
    week: str | None = None,
    as_of: str | None = None,
    position: int | None = None,
    retrain: str = "auto",
    reason: str | None = None,
    *,
    run: str | None = None,
    as_recorded: bool = False,
) -> Order:
    """What the options ask for, with this machine's clock."""
    from semana.pipeline.order import Order

    if retrain not in ("auto", "always", "never"):
        raise UsageError(f"--retrain {retrain!r}: auto, always or never was expected")
    if run and (week or as_of or position is not None):
        raise UsageError(f"--run {run} has its week, day and position: leave --week, --as-of and --position out")
    if as_recorded and (not week or position is not None or retrain != "auto"):
        raise UsageError("--as-recorded needs --week, and neither --position nor --retrain: the record has both")
    now, as_of_day = datetime.now(UTC).replace(microsecond=0), day(as_of)
    if as_of_day and as_of_day > now.date() + timedelta(days=1):  # somewhere it is tomorrow already
        raise UsageError(f"--as-of {as_of_day} is after today, {now.date()}: nothing of then can be known")
    return Order(
        now=now,
        week=Week.parse(week) if week else None,
        as_of=as_of_day,
        position=position,
        retrain=retrain,
        reason=(reason or "").strip() or None,
        run=run,
        as_recorded=as_recorded,
    )


def add_group(
    app: typer.Typer, name: str, *, says: str, default: Callable[[], None], commands: dict[str, Callable[..., None]]
) -> None:
    """Adds `semana NAME COMMAND`; without a command it is the default one."""
    group = typer.Typer(help=says, invoke_without_command=True, rich_markup_mode=None)

    @group.callback()
    def _alone(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            default()

    for word, command in commands.items():
        group.command(word)(command)
    app.add_typer(group, name=name)


def table_name(name: str | None) -> str | None:
    """The name, which is one of a table; raises UsageError listing them."""
    from semana.data.sources import TABLES

    if name is not None and name not in TABLES:
        raise UsageError(f"--table {name!r}: one of {', '.join(TABLES)} was expected")
    return name


def existing(paths: list[Path]) -> list[Path]:
    """The paths, all of which exist; raises UsageError naming those that do not."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise UsageError(f"no such file or folder: {', '.join(missing)}")
    return paths


def last_line(
    value: dict[str, Any],
    *,
    json_asked: bool = False,
    page: Callable[[dict[str, Any]], RenderableType] | None = None,
) -> None:
    """Prints the summary: as one line of JSON, on a terminal as a table (or its own page) unless JSON was asked for."""
    if sys.stdout.isatty() and not json_asked:
        from rich.console import Console

        from semana.reports.terminal import facts_table

        Console().print((page or facts_table)(value))
    else:
        print(json.dumps(value, ensure_ascii=False, default=str))
