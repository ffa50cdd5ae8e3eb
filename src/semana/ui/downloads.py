"""Files for spreadsheets, as CSV and for Excel: calls, a customer's list, a product's, all; no text is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain, islice
from typing import Any

import polars as pl
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from semana.data import schemas as s
from semana.reports import lists
from semana.reports.words import kind_in_words
from semana.ui.client import Api, Ask, Refused, part
from semana.ui.door import KEY, LANG
from semana.ui.drawn import number
from semana.ui.words import language, say

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BOM = "\ufeff"  # by which Excel knows that the text is UTF-8
# Fields of the answers, and the heads of their columns.
_CALLS = {
    s.CUSTOMER_ID: "file_id",
    "customer": "customer",
    s.OWNER: "owner",
    lists.PRODUCTS: "file_products",
    lists.EXPECTED_PURCHASES: "file_purchases",
    s.EXPECTED_AMOUNT: "expected_amount",
    "bought_this_week": "bought_this_week",
    "result": "result",
}
_CUSTOMER = {s.CUSTOMER_ID: "file_customer", "customer": "customer", s.OWNER: "owner"}
_PRODUCT = {s.PRODUCT_ID: "file_product", "product": "product_one"}
_CHANCE = {
    s.RANK: "file_rank",
    s.PROBABILITY: "file_chance",
    s.KIND: "file_kind",
    s.USUAL_QUANTITY: "file_usual",
    s.EXPECTED_QUANTITY: "file_quantity",
    s.EXPECTED_AMOUNT: "expected_amount",
    s.LAST_BOUGHT: "file_last",
}
_WHY = {"why": "file_why"}
_BOUGHT = {"bought_this_week": "file_bought"}
_LIST = {name: head for name, head in (_CUSTOMER | _PRODUCT | _CHANCE).items() if name != s.OWNER} | {
    s.REASONS: "file_why"
}
_NUMBERS = (s.PROBABILITY, s.USUAL_QUANTITY, s.EXPECTED_QUANTITY, s.EXPECTED_AMOUNT)
Rows = list[dict[str, Any]]
Parts = Generator[Rows]
Table = tuple[str, Parts, dict[str, str]]  # the file's name, its rows part by part, and their fields' heads
_PART = 5000  # rows that are held at once
_MOST_IN_EXCEL = 200_000  # rows: some 20 seconds


def routes_of(api: Api) -> list[Route]:
    """The addresses of the files; each asks the API with the key of who asks."""

    def file_of(makes: Callable[[Ask, Request], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            accepted = request.headers.get("accept-language", "")
            lang = language(accepted, request.query_params.get("lang") or request.cookies.get(LANG))
            try:
                return makes(api.asked_by(request.cookies.get(KEY), lang), request)
            except Refused as refused:
                return PlainTextResponse(str(refused), refused.status or 503)

        return answer

    return [
        Route(f"/{name}.{kind}", file_of(partial(_file, table, kind)))
        for name, table in (("calls", _calls), ("list", _list), ("customer", _customer), ("product", _product))
        for kind in ("csv", "xlsx")
    ]


def _file(table: Callable[[Ask, Request], Table], kind: str, ask: Ask, request: Request) -> Response:
    """The table as a file; in Spanish with semicolons and decimal commas, as Excel expects them there."""
    name, parts, heads = table(ask, request)
    frames = (_frame(rows, heads, ask.lang) for rows in parts)
    if kind == "xlsx":
        sheet = io.BytesIO()
        with closing(parts):
            lists.write_excel(_few(frames, ask.lang), sheet)
        return Response(sheet.getvalue(), media_type=_EXCEL, headers=_named(f"{name}.xlsx"))
    texts = _texts(frames, spanish=ask.lang == "es")
    texts = chain([next(texts)], texts)  # what is wrong with the first part is told before the file begins
    return Streamed(parts, texts, media_type="text/csv; charset=utf-8", headers=_named(f"{name}.csv"))


class Streamed(StreamingResponse):
    """Ends the asking for its `parts` when it has been sent, or nobody waits for it any more."""

    def __init__(self, parts: Parts, texts: Iterator[str], **options: Any) -> None:
        super().__init__(texts, **options)
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._parts.close()


def _frame(rows: Rows, heads: dict[str, str], lang: str) -> pl.DataFrame:
    for row in rows:
        if row.get(s.KIND):
            row[s.KIND] = kind_in_words(row[s.KIND], lang)
        if row.get(s.PROBABILITY) is not None:
            row[s.PROBABILITY] = round(100 * row[s.PROBABILITY], 1)
    columns = {say(head, lang): pl.Series([row[field] for row in rows], strict=False) for field, head in heads.items()}
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).round(2))


def _texts(frames: Iterable[pl.DataFrame], *, spanish: bool) -> Iterator[str]:
    start = _BOM
    for frame in frames:
        yield start + lists.flat(frame).write_csv(
            include_header=bool(start), separator=";" if spanish else ",", decimal_comma=spanish
        )
        start = ""


def _few(frames: Iterable[pl.DataFrame], lang: str) -> Iterator[pl.DataFrame]:
    """The frames; raises Refused where they are more than one should make a workbook of while others wait."""
    rows = 0
    for frame in frames:
        rows += frame.height
        if rows > _MOST_IN_EXCEL:
            raise Refused(say("file_long", lang, most=number(_MOST_IN_EXCEL, lang)), status=413)
        yield frame


def _calls(ask: Ask, request: Request) -> Table:
    wanted = {name: request.query_params.get(name) for name in ("capacity", "owner")}
    found = ask.get("/v1/calls", **wanted)
    rows: Rows = [{**row, "result": row["told"] or row["result"]} for row in found["calls"]]
    for row in rows:
        row["result"] = say(f"result_{row['result']}", ask.lang) if row["result"] else None
        row["bought_this_week"] = say("yes" if row["bought_this_week"] else "no", ask.lang)
    return f"calls-{found['week']}", _whole(rows), _CALLS


def _list(ask: Ask, request: Request) -> Table:
    lines = ask.lines("/v1/predictions.csv", owner=request.query_params.get("owner"), lang=ask.lang)
    return "list", _parts(lines), _LIST


def _whole(rows: Rows) -> Parts:
    yield rows


def _parts(lines: Generator[str]) -> Parts:
    """The rows of the whole list as they come, and one part without any where there is none."""
    with closing(lines):
        reader = csv.DictReader(lines)
        while True:
            rows: Rows = list(islice(reader, _PART))
            for row in rows:
                row[s.RANK] = int(row[s.RANK])
                row.update({name: float(row[name]) if row[name] else None for name in _NUMBERS})
            yield rows
            if len(rows) < _PART:
                return


def _customer(ask: Ask, request: Request) -> Table:
    found = ask.get(f"/v1/customers/{part(request.query_params.get('id', ''))}/predictions", top=0, lang=ask.lang)
    return f"customer-{found['week']}", _whole(found["predictions"]), _PRODUCT | _CHANCE | _WHY | _BOUGHT


def _product(ask: Ask, request: Request) -> Table:
    path = f"/v1/products/{part(request.query_params.get('id', ''))}/customers"
    found = ask.get(path, top=0, owner=request.query_params.get("owner") or None, lang=ask.lang)
    return f"product-{found['week']}", _whole(found["customers"]), _CUSTOMER | _CHANCE | _WHY | _BOUGHT


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
