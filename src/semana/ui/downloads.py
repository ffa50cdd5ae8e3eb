"""Files for spreadsheets: the call list as CSV and for Excel, and the whole list; no text in them runs as a formula."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from semana.data import schemas as s
from semana.reports import lists
from semana.ui.client import Api, Ask, Refused
from semana.ui.door import KEY, LANG
from semana.ui.words import language, say

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BOM = "\ufeff"  # by which Excel knows that the text is UTF-8
_COLUMNS = {
    s.CUSTOMER_ID: "file_id",
    "customer": "customer",
    s.OWNER: "owner",
    lists.PRODUCTS: "file_products",
    lists.EXPECTED_PURCHASES: "file_purchases",
    s.EXPECTED_AMOUNT: "expected_amount",
    "bought_this_week": "bought_this_week",
    "result": "result",
}


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
        Route("/calls.csv", file_of(_calls_csv)),
        Route("/calls.xlsx", file_of(_calls_excel)),
        Route("/list.csv", file_of(_list_csv)),
    ]


def _calls_csv(ask: Ask, request: Request) -> Response:
    week, rows = _calls(ask, request)
    text = _BOM + lists.flat(rows).write_csv()
    return Response(text, media_type="text/csv; charset=utf-8", headers=_named(f"calls-{week}.csv"))


def _calls_excel(ask: Ask, request: Request) -> Response:
    week, rows = _calls(ask, request)
    sheet = io.BytesIO()
    lists.write_excel(rows, sheet)
    return Response(sheet.getvalue(), media_type=_EXCEL, headers=_named(f"calls-{week}.xlsx"))


def _list_csv(ask: Ask, request: Request) -> Response:
    parts: Iterator[bytes] = ask.stream("/v1/predictions.csv", owner=request.query_params.get("owner"))
    return StreamingResponse(parts, media_type="text/csv; charset=utf-8", headers=_named("list.csv"))


def _calls(ask: Ask, request: Request) -> tuple[str, pl.DataFrame]:
    """The week, and the rows under heads in the language."""
    wanted = {name: request.query_params.get(name) for name in ("capacity", "owner")}
    found = ask.get("/v1/calls", **wanted)
    rows: list[dict[str, Any]] = [{**row, "result": row["told"] or row["result"]} for row in found["calls"]]
    for row in rows:
        row["result"] = say(f"result_{row['result']}", ask.lang) if row["result"] else None
        row["bought_this_week"] = say("yes" if row["bought_this_week"] else "no", ask.lang)
    columns = {
        say(head, ask.lang): pl.Series([row[name] for row in rows], strict=False) for name, head in _COLUMNS.items()
    }
    return str(found["week"]), pl.DataFrame(columns).with_columns(pl.col(pl.Float64).round(2))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
