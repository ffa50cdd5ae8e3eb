"""Routes of the list: a customer's, a product's, whom to call, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from semana.data import schemas as s
from semana.reports import lists
from semana.serving import responses as r
from semana.serving.asking import (
    ANY,
    Home,
    Language,
    Limit,
    Offset,
    Publication,
    answer,
    known,
    named,
    needs,
    page,
    refusals,
    why,
    with_words,
)
from semana.serving.loaded import Loaded, labels
from semana.stores.mapped import key_of

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[needs("read")], responses=ANY)
CustomerPath = Annotated[str, Path(alias=s.CUSTOMER_ID, min_length=1, max_length=200, examples=["1111"])]
ProductPath = Annotated[str, Path(alias=s.PRODUCT_ID, min_length=1, max_length=200, examples=["1082185"])]
Search = Annotated[
    str | None, Query(max_length=100, examples=["milk"], description="A part of the name or the id, in any case.")
]
Owner = Annotated[
    str | None, Query(max_length=200, examples=["north"], description="Only the customers of this agent or zone.")
]
Top = Annotated[int, Query(ge=0, le=1000, description="Rows at the most; 0 for every recommended one.")]
Kind = Annotated[str | None, Query(pattern="^(usual|overdue|new)$")]
_CHUNK = 8192  # rows of the CSV at a time
_OFFER = (
    s.PRODUCT_ID, s.PROBABILITY, s.RANK, s.RECOMMENDED, s.KIND, s.EXPECTED_QUANTITY, s.EXPECTED_AMOUNT, s.LAST_BOUGHT,
    s.USUAL_GAP_DAYS, s.USUAL_QUANTITY, s.REASONS,
)  # fmt: skip
_CALLER = (
    s.CUSTOMER_ID, s.PROBABILITY, s.RANK, s.KIND, s.EXPECTED_QUANTITY, s.EXPECTED_AMOUNT, s.LAST_BOUGHT,
    s.USUAL_QUANTITY, s.REASONS,
)  # fmt: skip


@router.get("/customers", response_model=r.Customers)
def customers(
    request: Request,
    loaded: Publication,
    search: Search = None,
    owner: Owner = None,
    order: Annotated[
        str, Query(pattern="^(id|worth)$", description="By id, or first whose list is worth most.")
    ] = "id",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Customers by name, with what the list holds for them; those whom an experiment holds out are left out."""
    people = _of_owner(loaded, owner)
    people = _found(people, s.CUSTOMER_ID, search)
    if order == "worth":
        by = [s.EXPECTED_AMOUNT, lists.EXPECTED_PURCHASES, s.CUSTOMER_ID]
        people = people.sort(by, descending=[True, True, False], nulls_last=[True, True, False])
    shown = people.slice(offset, limit)
    rows = [
        {**named(row), **{name: row[name] for name in (s.RECOMMENDED, lists.EXPECTED_PURCHASES, s.EXPECTED_AMOUNT)}}
        for row in shown.to_dicts()
    ]
    for row in rows:
        row["bought_this_week"] = row[s.CUSTOMER_ID] in loaded.bought
    owners = loaded.customers[s.OWNER].drop_nulls().unique().sort().to_list()
    return answer(request, loaded, {**page(offset, len(rows), people.height), "owners": owners, "customers": rows})


@router.get("/products", response_model=r.Products)
def products(
    request: Request,
    loaded: Publication,
    search: Search = None,
    owner: Owner = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Products by name, with what the list expects of them (of one owner's customers); the most expected first."""
    expected = pl.col(s.PROBABILITY).sum().alias("expected_buyers")
    rows = loaded.mapped.frame.select(*s.PAIR, s.RECOMMENDED, s.PROBABILITY, loaded.mapped.held_out)
    rows = rows if owner is None else lists.of_owner(rows, loaded.customers, owner)
    sums = rows.lazy().group_by(s.PRODUCT_ID).agg(expected).collect()
    listed = loaded.shown(rows.filter(s.RECOMMENDED)).group_by(s.PRODUCT_ID).agg(pl.col(s.RECOMMENDED).sum())
    sums = sums.join(listed, on=s.PRODUCT_ID, how="left")
    things = loaded.products.join(sums, on=s.PRODUCT_ID, how="left", maintain_order="left")
    things = things.with_columns(pl.col(s.RECOMMENDED, "expected_buyers").fill_null(0))
    found = _found(things, s.PRODUCT_ID, search).sort("expected_buyers", s.PRODUCT_ID, descending=[True, False])
    shown = found.slice(offset, limit).rename({s.LABEL: "product"}).to_dicts()
    return answer(request, loaded, {**page(offset, len(shown), found.height), "products": shown})


@router.get("/customers/{customer_id:path}/predictions", response_model=r.CustomerList, responses=refusals(404))
async def customer_list(
    request: Request,
    loaded: Publication,
    lang: Language,
    customer_id: CustomerPath,
    top: Top = 20,
    min_probability: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.0,
    kind: Kind = None,
) -> Response:
    """One customer's list, best first: what to offer, how sure, why, and what was bought this week already."""
    who = known(loaded.customer(customer_id), "customer", customer_id)
    mine = loaded.mapped.rows_of(customer_id)
    held_out = bool(mine.height and s.HELD_OUT in mine.columns and mine[s.HELD_OUT].any())
    mine = loaded.shown(mine)
    wanted = mine if min_probability == 0 else mine.filter(pl.col(s.PROBABILITY) >= min_probability)
    wanted = wanted if kind is None else wanted.filter(pl.col(s.KIND) == kind)
    rows = _offers(loaded, wanted.head(top) if top else wanted.filter(s.RECOMMENDED), who[s.CUSTOMER_ID], lang)
    content = {
        **named(who),
        "held_out": held_out,
        "recommended": int(mine[s.RECOMMENDED].sum()),
        "total": wanted.height,
        "bought": _bought(loaded, who[s.CUSTOMER_ID]),
        "predictions": rows,
    }
    return answer(request, loaded, content, told=rows)


@router.get("/products/{product_id:path}/customers", response_model=r.ProductCustomers, responses=refusals(404))
def product_customers(
    request: Request,
    loaded: Publication,
    lang: Language,
    product_id: ProductPath,
    owner: Owner = None,
    top: Top = 20,
) -> Response:
    """Whom to call for a product: the customers to whom it is recommended, the likeliest first."""
    what = known(loaded.product(product_id), "product", product_id)
    rows = loaded.shown(_of_product(loaded, product_id, [*_CALLER, s.PRODUCT_ID, s.RECOMMENDED]))
    if owner is not None:
        rows = lists.of_owner(rows, loaded.customers, owner)
    listed = lists.view(rows, customer=None, product=None, top=0)
    listed = listed.sort(s.PROBABILITY, s.CUSTOMER_ID, descending=[True, False])
    found = []
    for row in listed.head(top or listed.height).select(_CALLER).to_dicts():
        who = loaded.customer(str(row[s.CUSTOMER_ID])) or {s.CUSTOMER_ID: row[s.CUSTOMER_ID], s.LABEL: None}
        reasons = row.pop(s.REASONS)
        bought = loaded.bought.get(row[s.CUSTOMER_ID], {}).get(what[s.PRODUCT_ID])
        found.append({**row, **named(who), "bought_this_week": bought, "why": why(reasons, lang)})
    content = {**_thing(what), "total": listed.height, "customers": found}
    return answer(request, loaded, content, told=found)


@router.get("/products/{product_id:path}/summary", response_model=r.ProductSummary, responses=refusals(404))
def product_summary(request: Request, loaded: Publication, product_id: ProductPath) -> Response:
    """What the list expects of a product: how many buyers, how much, which share of the customers."""
    what = known(loaded.product(product_id), "product", product_id)
    wanted = [s.PROBABILITY, s.EXPECTED_QUANTITY, s.EXPECTED_AMOUNT, s.RECOMMENDED, s.CUSTOMER_ID]
    rows = _of_product(loaded, product_id, wanted)
    sums = rows.select(pl.col(s.PROBABILITY, s.EXPECTED_QUANTITY).sum(), _total(s.EXPECTED_AMOUNT)).row(0)
    all_customers = len(loaded.mapped.customers)
    content = {
        **_thing(what),
        "expected_buyers": sums[0],
        "share": sums[0] / all_customers if all_customers else None,
        s.EXPECTED_QUANTITY: sums[1],
        s.EXPECTED_AMOUNT: sums[2],
        s.RECOMMENDED: int(loaded.shown(rows)[s.RECOMMENDED].sum()),
        "scored": rows.height,
        "bought_this_week": sum(what[s.PRODUCT_ID] in products for products in loaded.bought.values()),
    }
    return answer(request, loaded, content)


@router.get("/calls", response_model=r.Calls)
def calls(
    request: Request,
    loaded: Publication,
    stores: Home,
    capacity: Annotated[int, Query(ge=1, le=10_000, description="How many customers can be called.")] = 20,
    owner: Owner = None,
) -> Response:
    """Whom to call, by the expected amount (else purchases) of their list; not by the effect of the call."""
    columns = [*s.PAIR, s.RECOMMENDED, s.PROBABILITY, s.EXPECTED_AMOUNT]
    rows = loaded.shown(loaded.mapped.frame.select(*columns, loaded.mapped.held_out))
    rows = rows if owner is None else lists.of_owner(rows, loaded.customers, owner)
    results, waiting = stores.results.of(loaded.mapped.week), stores.inbox.results(loaded.mapped.week)
    told = [
        {
            **{name: row[name] for name in (lists.PRODUCTS, lists.EXPECTED_PURCHASES, s.EXPECTED_AMOUNT)},
            **named(row),
            "bought_this_week": row[s.CUSTOMER_ID] in loaded.bought,
            "result": results.get(str(row[s.CUSTOMER_ID])),
            "told": waiting.get(str(row[s.CUSTOMER_ID])),
        }
        for row in lists.calls(rows, loaded.customers, capacity=capacity).to_dicts()
    ]
    return answer(request, loaded, {"calls": told}, keep=False)


@router.get(
    "/predictions.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "One row per pair."}},
)
def predictions_csv(
    loaded: Publication,
    lang: Language,
    owner: Owner = None,
    recommended: Annotated[bool, Query(description="Only what is on the list.")] = True,
) -> Response:
    """The list for a spreadsheet, streamed; no text in it runs as a formula."""
    name = f"predictions-{loaded.mapped.manifest['week']}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        **{key.decode(): value.decode() for key, value in loaded.headers},
    }
    parts = _csv(loaded, owner, lang, recommended=recommended)
    return StreamingResponse(parts, media_type="text/csv; charset=utf-8", headers=headers)


def _csv(loaded: Loaded, owner: str | None, lang: str, *, recommended: bool) -> Iterator[bytes]:
    frame = loaded.mapped.frame
    for start in range(0, max(frame.height, 1), _CHUNK):
        rows = loaded.shown(frame.slice(start, _CHUNK))
        rows = rows.filter(s.RECOMMENDED) if recommended else rows
        rows = rows if owner is None else lists.of_owner(rows, loaded.customers, owner)
        people = pl.Series(lists.CUSTOMER, labels(loaded.customers, rows[s.CUSTOMER_ID]), dtype=pl.String)
        things = pl.Series(lists.PRODUCT, labels(loaded.products, rows[s.PRODUCT_ID]), dtype=pl.String)
        text = lists.flat(rows.with_columns(people, things), lang).write_csv(include_header=start == 0)
        yield text.encode()


def _offers(loaded: Loaded, rows: pl.DataFrame, customer: int | str, lang: str) -> list[dict[str, Any]]:
    bought = loaded.bought.get(customer, {})
    names = labels(loaded.products, rows[s.PRODUCT_ID])
    offers = []
    for row, name in zip(rows.select(_OFFER).to_dicts(), names, strict=True):
        reasons = row.pop(s.REASONS) or []
        row["product"] = name
        row["bought_this_week"] = bought.get(row[s.PRODUCT_ID])
        row["why"] = why(reasons, lang)
        row[s.REASONS] = with_words(reasons, lang)
        offers.append(row)
    return offers


def _bought(loaded: Loaded, customer: int | str) -> list[dict[str, Any]]:
    """What has landed of the customer in the list's week, whether it was listed or not."""
    found = loaded.bought.get(customer, {})
    ids = pl.Series(s.PRODUCT_ID, list(found), dtype=loaded.products[s.PRODUCT_ID].dtype)
    names = labels(loaded.products, ids)
    return [
        {s.PRODUCT_ID: id_, "product": name, s.QUANTITY: quantity}
        for (id_, quantity), name in zip(found.items(), names, strict=True)
    ]


def _of_product(loaded: Loaded, product: str, columns: list[str]) -> pl.DataFrame:
    frame = loaded.mapped.frame
    key = key_of(product, frame.schema[s.PRODUCT_ID])
    held_out = [s.HELD_OUT] if s.HELD_OUT in frame.columns else []
    return frame.lazy().filter(pl.col(s.PRODUCT_ID) == key).select(list(dict.fromkeys([*columns, *held_out]))).collect()


def _of_owner(loaded: Loaded, owner: str | None) -> pl.DataFrame:
    """The customers (of one owner) that are shown, with the sums of what is recommended to them."""
    columns = [*s.PAIR, s.RECOMMENDED, s.PROBABILITY, s.EXPECTED_AMOUNT]
    rows = loaded.mapped.frame.select(*columns, loaded.mapped.held_out)
    out = rows.filter(s.HELD_OUT)[s.CUSTOMER_ID].unique()
    sums = (
        loaded.shown(rows)
        .filter(s.RECOMMENDED)
        .group_by(s.CUSTOMER_ID)
        .agg(
            pl.len().alias(s.RECOMMENDED),
            pl.col(s.PROBABILITY).sum().alias(lists.EXPECTED_PURCHASES),
            _total(s.EXPECTED_AMOUNT),
        )
    )
    people = loaded.customers if owner is None else loaded.customers.filter(pl.col(s.OWNER) == owner)
    people = people.filter(~pl.col(s.CUSTOMER_ID).is_in(out.implode())) if len(out) else people
    joined = people.join(sums, on=s.CUSTOMER_ID, how="left", maintain_order="left")
    return joined.with_columns(pl.col(s.RECOMMENDED, lists.EXPECTED_PURCHASES).fill_null(0))


def _found(names: pl.DataFrame, key: str, search: str | None) -> pl.DataFrame:
    if not search:
        return names
    wanted = plain(pl.Series([search])).item()
    hits = (
        plain(names[column].cast(pl.String)).str.contains(wanted, literal=True).fill_null(value=False)
        for column in (key, s.LABEL)
    )
    return names.filter(pl.any_horizontal(hits))


def plain(texts: pl.Series) -> pl.Series:
    """The texts without accents and capitals, by which they are found."""
    return texts.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase().str.replace_all("ß", "ss")


def _total(column: str) -> pl.Expr:
    """The sum, null where nothing is there to add up."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column)


def _thing(what: dict[str, Any]) -> dict[str, Any]:
    return {s.PRODUCT_ID: what[s.PRODUCT_ID], "product": what[s.LABEL]}
