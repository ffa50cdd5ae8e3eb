"""Views of a published list: of a customer, of a product, as calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import polars as pl

from semana.data import schemas as s
from semana.data.catalog import Dataset
from semana.errors import UsageError
from semana.reports.words import reason_in_words

# What a spreadsheet would take for a formula, also behind what parts cells where another country's reads the file.
_FORMULA = r"(^|[;,\r\n\t\x22]\s*)([=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])|^([\t\r\n])"
_NARROW = 12  # characters: the least width of a column in a workbook
_SOME = 3  # ids that are named where one is unknown
CUSTOMER, PRODUCT = "customer", "product"
PRODUCTS = "products"
EXPECTED_PURCHASES = "expected_purchases"


def of_owner(rows: pl.DataFrame, customers: pl.DataFrame, owner: str) -> pl.DataFrame:
    """The rows of the customers that belong to the owner."""
    mine = customers.filter(pl.col(s.OWNER) == owner)
    return rows.join(mine, on=s.CUSTOMER_ID, how="semi", maintain_order="left")


def shown(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the customers that no experiment holds out."""
    return rows.filter(~pl.col(s.HELD_OUT)) if s.HELD_OUT in rows.columns else rows


def view(rows: pl.DataFrame, *, customer: str | None, product: str | None, top: int) -> pl.DataFrame:
    """The `top` rows (0: every recommended one): a customer's in their rank, else the recommended, likeliest first.

    A customer's go on below the recommended ones where `top` is more than those.
    """
    for column, wanted in ((s.CUSTOMER_ID, customer), (s.PRODUCT_ID, product)):
        if wanted is not None:
            rows = rows.filter(pl.col(column).cast(pl.String) == wanted)
    if customer is None:
        order = [s.PROBABILITY, s.CUSTOMER_ID, s.PRODUCT_ID]
        rows = rows.filter(s.RECOMMENDED).sort(order, descending=[True, False, False])
    return rows.head(top) if top else rows.filter(s.RECOMMENDED)


def check_owner(customers: pl.DataFrame, owner: str) -> None:
    """Raises UsageError naming the owners there are where none has the name."""
    owners = customers[s.OWNER].drop_nulls().unique().sort().to_list()
    if owner not in owners:
        told = ", ".join(owners) or "none: the source names no owner"
        raise UsageError(f"owner {owner!r} is unknown; there are: {told}")


def check_known(table: pl.DataFrame, dataset: Dataset, id_: str) -> None:
    """Raises UsageError, with some that there are, where no row of the customers or products has the id (as text)."""
    ids = table[dataset.key[0]].cast(pl.String)
    if not (ids == id_).any():
        raise UsageError(
            f"{dataset.name.removesuffix('s')} {id_!r} is unknown among {len(ids):,} {dataset.name} "
            f"({', '.join(ids.head(_SOME))}, ...): write the id as it was delivered"
        )


def named(rows: pl.DataFrame, customers: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """The rows with the names that people know `customer` and `product` by, null where the source has none."""
    for key, names, name in ((s.CUSTOMER_ID, customers, CUSTOMER), (s.PRODUCT_ID, products, PRODUCT)):
        rows = rows.join(names.select(key, pl.col(s.LABEL).alias(name)), on=key, how="left", maintain_order="left")
    return rows


def name_of(names: pl.DataFrame, key: str, id_: str) -> str:
    """The id (matched as text) with the name that people know it by, where there is one."""
    known = names.filter(pl.col(key).cast(pl.String) == id_)[s.LABEL].drop_nulls()
    return " ".join([id_, *known])


def calls(rows: pl.DataFrame, customers: pl.DataFrame, *, capacity: int) -> pl.DataFrame:
    """The customers to call, at most `capacity`: those whose lists are worth most, in money, else in purchases.

    With each stand name and owner, null where the source has none.
    """
    listed = rows.filter(s.RECOMMENDED)
    priced = not listed[s.EXPECTED_AMOUNT].is_null().all()
    amount = pl.col(s.EXPECTED_AMOUNT).sum() if priced else pl.lit(None, pl.Float64)
    worth = listed.group_by(s.CUSTOMER_ID).agg(
        pl.len().alias(PRODUCTS), pl.col(s.PROBABILITY).sum().alias(EXPECTED_PURCHASES), amount.alias(s.EXPECTED_AMOUNT)
    )
    order = [s.EXPECTED_AMOUNT if priced else EXPECTED_PURCHASES, s.CUSTOMER_ID]
    called = worth.sort(order, descending=[True, False]).head(capacity)
    named = called.join(
        customers.select(s.CUSTOMER_ID, s.LABEL, s.OWNER), on=s.CUSTOMER_ID, how="left", maintain_order="left"
    )
    return named.select(s.CUSTOMER_ID, s.LABEL, s.OWNER, PRODUCTS, EXPECTED_PURCHASES, s.EXPECTED_AMOUNT)


def write_excel(parts: Iterable[pl.DataFrame], sheet: IO[bytes], lang: str = "en") -> None:
    """Writes the rows of the parts as a workbook, of which no more than a part is held in memory.

    No text in it runs as a formula, and none that looks like an address is a link.
    """
    from xlsxwriter import Workbook

    plain = {"strings_to_urls": False, "strings_to_formulas": False, "constant_memory": True}
    with Workbook(sheet, {**plain, "default_date_format": "yyyy-mm-dd", "nan_inf_to_errors": True}) as book:
        page, number, last = book.add_worksheet(), 0, 0
        for part in parts:
            rows = flat(part, lang)
            if number == 0:
                last = len(rows.columns) - 1
                for column, name in enumerate(rows.columns):
                    page.set_column(column, column, max(_NARROW, len(name) + 2))
                page.freeze_panes(1, 0)
                page.write_row(0, 0, rows.columns, book.add_format({"bold": True}))
            for row in rows.iter_rows():
                number += 1
                page.write_row(number, 0, row)
        if number:
            page.autofilter(0, 0, number, last)


def flat(rows: pl.DataFrame, lang: str = "en") -> pl.DataFrame:
    """The rows for a spreadsheet: of the reasons the one that counts most, in words of the language, and no text that
    would run as a formula."""
    if s.REASONS in rows.columns:
        told = [reason_in_words(reasons or [], lang) for reasons in rows[s.REASONS].to_list()]
        rows = rows.with_columns(pl.Series(s.REASONS, told, dtype=pl.String))
    return rows.with_columns(pl.col(pl.String).str.replace_all(_FORMULA, "$1'$2$3"))
