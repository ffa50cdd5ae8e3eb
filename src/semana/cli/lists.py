"""The list that people act on: by customer, by product, as calls; and how past lists did."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semana.cli import front
from semana.cli.front import WeekOption

if TYPE_CHECKING:
    import polars as pl

    from semana.stores.home import Stores

FormatOption = Annotated[str, typer.Option("--format", help="table, csv, json or xlsx.")]
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
    top: Annotated[int, typer.Option(help="Rows at the most; 0 for all.")] = 20,
    week: WeekOption = None,
    form: FormatOption = "table",
    out: OutOption = None,
) -> None:
    """The current list: of a customer, of a product, or all of it."""
    import polars as pl

    from semana.errors import UsageError
    from semana.reports.terminal import list_table

    stores = front.stores()
    name = _week(stores, week)
    rows = current_rows(stores, name)
    rows = _owned(stores, rows, owner)
    for column, wanted in (("customer_id", customer), ("product_id", product)):
        if wanted is not None:
            rows = rows.filter(pl.col(column).cast(pl.String) == wanted)
    if rows.is_empty():
        raise UsageError(f"the list of {name} has no row for that customer, product or owner")
    if customer is None:
        rows = rows.filter("recommended").sort(
            ["probability", "customer_id", "product_id"], descending=[True, False, False]
        )
    rows = rows.head(top) if top else rows
    what = f"customer {customer}" if customer else f"product {product}" if product else "the likeliest purchases"
    _put(
        rows,
        form,
        out,
        lambda: list_table(rows.to_dicts(), title=f"{name}, {what}", who="customer_id" if product else "product_id"),
    )


def calls(
    capacity: Annotated[int, typer.Option(help="How many customers can be called.")],
    owner: OwnerOption = None,
    week: WeekOption = None,
    form: FormatOption = "table",
    out: OutOption = None,
) -> None:
    """Whom to call, by the expected amount (else purchases) of their list; not by the effect of the call."""
    import polars as pl

    from semana.reports.terminal import calls_table

    stores = front.stores()
    name = _week(stores, week)
    rows = current_rows(stores, name)
    listed = _owned(stores, rows, owner).filter("recommended")
    priced = not listed["expected_amount"].is_null().all()
    amount = pl.col("expected_amount").sum() if priced else pl.lit(None, pl.Float64)
    called = (
        listed.group_by("customer_id")
        .agg(
            pl.len().alias("products"),
            pl.col("probability").sum().alias("expected_purchases"),
            amount.alias("expected_amount"),
        )
        .sort(["expected_amount" if priced else "expected_purchases", "customer_id"], descending=[True, False])
        .head(capacity)
    )
    _put(called, form, out, lambda: calls_table(called.to_dicts(), title=f"{name}, {called.height} calls"))


def performance(form: FormatOption = "table", out: OutOption = None) -> None:
    """How every list whose week is over did."""
    from semana.reports.terminal import performance_table

    rows = performance_rows(front.stores())
    _put(rows, form, out, lambda: performance_table(rows.to_dicts()))


def performance_rows(stores: Stores) -> pl.DataFrame:
    """The realised figures of every reviewed week; raises UsageError where there are none."""
    import polars as pl

    from semana.data import catalog
    from semana.errors import UsageError

    weeks = stores.lake.weeks(catalog.PERFORMANCE)
    if not weeks:
        raise UsageError("no list has been reviewed: its week must be over and delivered, then `semana run` reviews it")
    return pl.concat([stores.lake.read(catalog.PERFORMANCE, week) for week in weeks], how="diagonal")


def current_rows(stores: Stores, week: str) -> pl.DataFrame:
    """The rows of a week's list in its latest revision, with product labels where the source has them."""
    from semana.data.weeks import Week

    found = stores.publications.predictions(Week.parse(week)).collect("polars").to_native()
    return _labelled(stores, found, Week.parse(week))


def _week(stores: Stores, week: str | None) -> str:
    """The week asked for, by default the current one."""
    from semana.errors import UsageError

    current = stores.publications.current()
    if week is None and current is None:
        raise UsageError("no list is published yet. Run: semana run (or semana demo, to see one)")
    return week or str(current["week"] if current else "")


def _labelled(stores: Stores, rows: pl.DataFrame, week: Any) -> pl.DataFrame:
    from semana.data import catalog

    source = stores.landing.source
    label = source.tables.products.label if source and source.tables.products else None
    if not label or not stores.lake.has(catalog.PRODUCTS, week):
        return rows
    products = stores.lake.read(catalog.PRODUCTS, week)
    column = "label" if "label" in products.columns else label
    return rows.join(
        products.select("product_id", products[column].alias("label")),
        on="product_id",
        how="left",
        maintain_order="left",
    )


def _owned(stores: Stores, rows: pl.DataFrame, owner: str | None) -> pl.DataFrame:
    if owner is None:
        return rows
    import polars as pl

    from semana.data import catalog
    from semana.data.weeks import Week
    from semana.errors import UsageError

    source = stores.landing.source
    column = source.tables.customers.owner if source and source.tables.customers else None
    customers = stores.lake.read(catalog.CUSTOMERS, Week.parse(str(rows["week"][0])))
    column = "owner" if "owner" in customers.columns else column
    if not column:
        raise UsageError(
            "--owner: the source declares no owner column for customers (sources/NAME.yaml, customers: owner)"
        )
    mine = customers.filter(pl.col(column).cast(pl.String) == owner).select("customer_id")
    return rows.join(mine, on="customer_id", how="semi", maintain_order="left")


def _put(rows: pl.DataFrame, form: str, out: Path | None, table: Any) -> None:
    """Prints or writes the rows in the format."""
    import polars as pl

    from semana.errors import UsageError

    if form == "table" and out is None:
        from rich.console import Console

        Console().print(table())
        return
    if form == "json":
        text = rows.write_json().encode()
    elif form in ("csv", "xlsx"):
        flat = (
            rows.with_columns(pl.col("reasons").list.first().struct.field("code").alias("reasons"))
            if "reasons" in rows.columns
            else rows
        )
        safe = flat.with_columns(pl.col(pl.String).str.replace(r"^([=+\-@\t\r])", "'$1"))
        if form == "xlsx":
            if out is None:
                raise UsageError("--format xlsx needs --out FILE.xlsx")
            safe.write_excel(out)
            return
        text = safe.write_csv().encode()
    else:
        raise UsageError(
            f"--format {form!r}: table, csv, json or xlsx was expected (a table goes to the terminal only)"
        )
    if out:
        out.write_bytes(text)
    else:
        sys.stdout.buffer.write(text)
