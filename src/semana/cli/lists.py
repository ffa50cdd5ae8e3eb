"""The list that people act on: by customer, by product, as calls; and how past lists did."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semana.cli import front
from semana.cli.front import LangOption, WeekOption
from semana.data import schemas as s

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

    from semana.stores.home import Stores

_log = logging.getLogger(__name__)
FormatOption = Annotated[
    str | None, typer.Option("--format", help="table, csv, json or xlsx.  [default: as --out ends, else table]")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write to this file (needed for xlsx).")]
OwnerOption = Annotated[str | None, typer.Option(help="Only the customers of this agent or zone.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("list")(show_list)
    app.command("calls")(calls)
    app.command("performance")(performance)


def show_list(
    customer: Annotated[str | None, typer.Option(help="One customer's list.")] = None,
    product: Annotated[str | None, typer.Option(help="Whom to call for one product.")] = None,
    owner: OwnerOption = None,
    top: Annotated[int, typer.Option(min=0, help="Rows at the most; 0 for every recommended one.")] = 20,
    week: WeekOption = None,
    lang: LangOption = "en",
    form: FormatOption = None,
    out: OutOption = None,
) -> None:
    """The current list: of a customer, of a product, or all of it."""
    from semana.data import catalog
    from semana.errors import UsageError
    from semana.reports import lists
    from semana.reports.terminal import list_table
    from semana.reports.words import language, list_in_words

    language(lang)
    stores = front.stores()
    name = listed_week(stores, week)
    published = _rows(stores, name, owner)
    datasets = (catalog.CUSTOMERS, catalog.PRODUCTS)
    names = [front.names_of(stores, dataset, name) for dataset in datasets]
    asked = {}
    for dataset, known, id_ in zip(datasets, names, (customer, product), strict=True):
        if id_ is not None:
            lists.check_known(known, dataset, id_)
            asked[dataset.name.removesuffix("s")] = lists.name_of(known, dataset.key[0], id_)
    found, listed = (lists.view(published, customer=customer, product=product, top=most) for most in (top, 0))
    if found.is_empty():
        held = " (customers that an experiment holds out are not shown)" if _experiment(stores, name) else ""
        held += "; exclude.csv names some" if not stores.publications.exclusions().is_empty() else ""
        recommends = "recommends nothing" if top == 0 else "has no row"
        raise UsageError(f"the list of {name} {recommends} for that customer, product or owner{held}")
    key = s.CUSTOMER_ID if product else s.PRODUCT_ID
    rows = lists.named(found, *names)
    both = customer is None and product is None
    title = list_in_words(name, lang, **asked)
    _put(
        rows,
        form,
        out,
        lambda: list_table(rows.to_dicts(), title=title, who=key, both=both, lang=lang, recommended=listed.height),
        lang=lang,
    )


def calls(
    capacity: Annotated[int, typer.Option(min=1, help="How many customers can be called.")],
    owner: OwnerOption = None,
    week: WeekOption = None,
    form: FormatOption = None,
    out: OutOption = None,
) -> None:
    """Whom to call, by the expected amount (else purchases) of their list; not by the effect of the call."""
    from semana.data import catalog
    from semana.reports import lists
    from semana.reports.terminal import calls_table

    stores = front.stores()
    name = listed_week(stores, week)
    who = front.names_of(stores, catalog.CUSTOMERS, name)
    called = lists.calls(_rows(stores, name, owner), who, capacity=capacity)
    _put(
        called,
        form,
        out,
        lambda: calls_table(
            called.to_dicts(), title=f"{name}, {called.height} call{'' if called.height == 1 else 's'}"
        ),
    )


def performance(
    by: Annotated[str | None, typer.Option(help="kind or segment: in parts, the latest weeks together.")] = None,
    form: FormatOption = None,
    out: OutOption = None,
) -> None:
    """How every list whose week is over did, in whole or in parts, and what can be expected of the current one."""
    from rich.console import Group
    from rich.text import Text

    from semana.errors import UsageError
    from semana.pipeline.review import PAGE, told_effects
    from semana.reports.performance import estimate_in_words, part_means
    from semana.reports.terminal import parts_table, performance_table
    from semana.stores.reviewed import estimate, parts

    if by not in (None, "kind", "segment"):
        raise UsageError(f"--by {by!r}: kind or segment was expected")
    stores = front.stores()
    rows = performance_rows(stores)
    if by is not None:
        import polars as pl

        means = [row for row in part_means(parts(stores).to_dicts()) if row["part"] == by]
        _put(pl.DataFrame(means), form, out, lambda: parts_table(means, title=f"by {by}, the latest weeks together"))
        return

    def table() -> RenderableType:
        told = estimate(stores)
        lines = [*([estimate_in_words(told)] if told else []), *told_effects(stores), f"The page: {stores.home / PAGE}"]
        return Group(performance_table(rows.to_dicts()), *map(Text, lines))

    _put(rows, form, out, table)


def _experiment(stores: Stores, week: str) -> bool:
    from semana.data.weeks import Week

    return stores.experiments.running(Week.parse(week)) is not None


def performance_rows(stores: Stores) -> pl.DataFrame:
    """The realised figures of every reviewed week; raises UsageError where there are none."""
    import polars as pl

    from semana.errors import UsageError
    from semana.stores.reviewed import figures

    rows = figures(stores)
    if not rows:
        raise UsageError("no list has been reviewed: its week must be over and delivered, then `semana run` reviews it")
    return pl.DataFrame(rows, infer_schema_length=None)


def listed_week(stores: Stores, week: str | None) -> str:
    """The week asked for, by default the current one."""
    from semana.errors import UsageError

    current = stores.publications.current()
    if week is None and current is None:
        raise UsageError("no list is published yet. Run: semana run")
    return week or str(current["week"] if current else "")


def warn_of_retracted(stores: Stores, week: str) -> None:
    """Logs a warning where the week's list was made from a delivery that was taken back since, or by another model."""
    from semana.data.weeks import Week
    from semana.errors import ContractError
    from semana.stores.doctor import other_model

    manifest = stores.publications.manifests(Week.parse(week))[-1:]
    try:
        gone = [file for each in manifest for file in stores.landing.taken_back(each["position"])]
        current = stores.publications.current()
        other = other_model(stores) if current and current["week"] == week else ""
    except ContractError as err:  # the list is none the worse for it
        _log.warning("%s", err)
        return
    if gone:
        says = 'the list of %s was made from %s, since retracted; for one without: semana run --reason "..."'
        _log.warning(says, week, gone[0])
    if other:
        _log.warning("%s", other)


def _rows(stores: Stores, week: str, owner: str | None) -> pl.DataFrame:
    """The latest revision of a week's list, of one owner's customers where one is named; nobody who is held out."""
    from semana.data import catalog
    from semana.data.frames import collected
    from semana.data.weeks import Week
    from semana.reports import lists

    warn_of_retracted(stores, week)
    published = lists.shown(collected(stores.publications.predictions(Week.parse(week))))
    rows = published.filter(~stores.publications.excluded(published))
    if since := published.filter(s.RECOMMENDED).height - rows.filter(s.RECOMMENDED).height:
        _log.warning(
            "left out, as exclude.csv has named them since the list was made: %s. Another list: semana run "
            '--week %s --as-recorded --reason "..."',
            since,
            week,
        )
    if owner is None:
        return rows
    customers = front.names_of(stores, catalog.CUSTOMERS, week)
    lists.check_owner(customers, owner)
    return lists.of_owner(rows, customers, owner)


def _put(
    rows: pl.DataFrame, form: str | None, out: Path | None, table: Callable[[], RenderableType], *, lang: str = "en"
) -> None:
    """Prints or writes the rows in the format; a file is written in one step."""
    from semana.errors import UsageError
    from semana.reports import lists
    from semana.stores import files

    form = form or (out.suffix[1:].lower() if out else "table")
    if form == "table" and out is None:
        from rich.console import Console

        Console().print(table())
    elif form == "xlsx" and out is not None:
        sheet = io.BytesIO()
        lists.write_excel([rows], sheet, lang)
        files.replace_bytes(out, sheet.getvalue())
    elif form in ("csv", "json"):
        text = rows.write_json() if form == "json" else lists.flat(rows, lang).write_csv()
        files.replace_bytes(out, text.encode()) if out else sys.stdout.write(text)
    else:
        raise UsageError(
            f"--format {form!r}: table (without --out), csv, json, or xlsx with --out FILE was expected; without "
            f"--format the file's ending tells it"
        )
