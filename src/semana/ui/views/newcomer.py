"""A newcomer: what is known of them in, what they may buy out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import count, takewhile
from typing import Any

import gradio as gr

from semana.data import schemas as s
from semana.ui.client import Ask, Refused
from semana.ui.page import Page
from semana.ui.views.choosing import Chooser
from semana.ui.views.customers import speaking
from semana.ui.views.product import PRODUCTS

_ROWS = 6
_TOP = 15
_REASONS = 20
Line = dict[str, Any]


def newcomer(page: Page) -> None:
    """Products to add at the left; what is known of the newcomer, and what they may buy, at the right."""
    page.html("how.html", key="newcomer_how")
    with gr.Row(elem_classes="sides"):
        with gr.Column(scale=4, min_width=300):
            chooser = Chooser(page, PRODUCTS, rows=_ROWS)
        with gr.Column(scale=7, min_width=320):
            form = page.html(at="newcomer-form")
            shown = page.html(at="newcomer-score")
    lines = gr.State([])  # what is added joins them here; they stand in the form too, which outlives our process

    def drawn(ask: Ask, lines: Sequence[Line]) -> Any:
        told = ask.get("/v1/attributes")
        values = {"attributes": told["attributes"], "lines": lines, "eve": _eve(told["week"])}
        return page.draw("newcomer.html", **values)

    def added(ask: Ask, what: dict[str, str], lines: list[Line]) -> list[Any]:
        if what.get("pick") != "one":
            return [gr.skip(), gr.skip()]
        eve = _eve(ask.get("/v1/attributes")["week"])
        line = {"id": what.get("id", ""), "name": what.get("name"), "date": eve, "quantity": "1", "there": True}
        lines = [*lines, line]
        return [drawn(ask, lines), lines]

    def asked(ask: Ask, what: dict[str, str]) -> list[Any]:
        lines = lines_in(what)
        if what.get("pick") == "drop":
            lines = [{**line, "there": line["there"] and str(n) != what.get("n")} for n, line in enumerate(lines)]
            return [drawn(ask, lines), lines, ""]
        kinds = {each["name"]: each["kind"] for each in ask.get("/v1/attributes")["attributes"]}
        attributes = {name: _value(page, name, kind, what.get(f"a.{name}", "")) for name, kind in kinds.items()}
        body = {
            "attributes": {name: value for name, value in attributes.items() if value is not None},
            "purchases": [_purchase(page, line) for line in lines if line["there"]],
            "top": _TOP,
            "reasons": _REASONS,
        }
        found = ask.post("/v1/score", body)
        rows = [{**row, "why": speaking(row)} for row in found["predictions"]]
        scored = page.draw("score.html", rows=rows, ignored=found["ignored"])
        return [gr.skip(), lines, scored]

    page.opens(drawn, [form], [lines])
    chooser.wire_list()
    page.picked(chooser.list, added, [form, lines], [lines])
    page.picked(form, asked, [form, lines, shown], progress="full")


def _eve(week: str) -> str:
    """The last day before the week."""
    return str(date.fromisocalendar(int(week[:4]), int(week[6:]), 1) - timedelta(days=1))


def lines_in(what: Mapping[str, str]) -> list[Line]:
    """The lines as they stand in the form now; of one that was taken out only who it was."""
    numbers = takewhile(lambda n: f"p.{n}" in what, count())
    return [
        {
            "id": what[f"p.{n}"],
            "name": what.get(f"n.{n}") or None,
            "date": what.get(f"d.{n}", ""),
            "quantity": what.get(f"q.{n}", ""),
            "there": f"q.{n}" in what,
        }
        for n in numbers
    ]


def _value(page: Page, name: str, kind: str, text: str) -> str | float | None:
    """An attribute as it was written; None where nothing was."""
    text = text.strip()
    if not text or kind == "category":
        return text or None
    return _number(page, name, text)


def _purchase(page: Page, line: Line) -> dict[str, Any]:
    if not line["date"]:
        raise Refused(page.t("date_missing"))
    quantity = _number(page, page.t("quantity"), line["quantity"])
    return {s.PRODUCT_ID: line["id"], s.DATE: line["date"], s.QUANTITY: quantity}


def _number(page: Page, name: str, text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError as err:
        raise Refused(page.t("no_number", name=name, text=text)) from err
