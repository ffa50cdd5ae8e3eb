"""One pair: why a customer is likely to buy a product, or not, in numbers and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from semana.data import schemas as s
from semana.ui.client import Ask, part
from semana.ui.page import Page
from semana.ui.views.choosing import Chooser
from semana.ui.views.customers import CUSTOMERS
from semana.ui.views.product import PRODUCTS

_ROWS = 5
_REASONS = 10


def pair(page: Page) -> None:
    """A customer and a product are chosen at the left; what speaks for and against stands at the right."""
    page.html("how.html", key="pair_how")
    with gr.Row(elem_classes="sides"):
        with gr.Column(scale=4, min_width=300):
            whom = Chooser(page, CUSTOMERS, rows=_ROWS)
            what = Chooser(page, PRODUCTS, rows=_ROWS)
        with gr.Column(scale=7, min_width=320):
            shown = page.html("choose.html", at="pair-why", customer="", product="")

    def why(ask: Ask, customer: str, product: str) -> Markup:
        product = product or _likeliest(ask, customer)
        if not customer or not product:
            return page.draw("choose.html", customer=customer, product=product)
        found = ask.get("/v1/explanations", **{s.CUSTOMER_ID: customer, s.PRODUCT_ID: product, "top": 0})
        return page.draw("pair.html", why=found, bars=_bars(found["reasons"]))

    def why_bought(ask: Ask, product: str, customer: str) -> Markup:
        return why(ask, customer, product)

    whom.wire(why, shown, others=[what.chosen])
    what.wire(why_bought, shown, others=[whom.chosen], at_once=False)


def _likeliest(ask: Ask, customer: str) -> str:
    """What stands first for the customer, to begin with; "" where nothing does."""
    if not customer:
        return ""
    rows = ask.get(f"/v1/customers/{part(customer)}/predictions", top=1)["predictions"]
    return str(rows[0][s.PRODUCT_ID]) if rows else ""


def _bars(reasons: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The strongest reasons with the length of their bars, in percent of half the width; what says the same is one."""
    sums: dict[str, float] = {}
    for reason in reasons:
        sums[reason["words"]] = sums.get(reason["words"], 0.0) + reason["contribution"]
    strongest = sorted(sums.items(), key=lambda each: -abs(each[1]))
    most = max((abs(by) for _, by in strongest), default=1.0) or 1.0
    rest = sum(by for _, by in strongest[_REASONS:])
    shown = [{"words": words, "by": by, "long": round(50 * abs(by) / most, 1)} for words, by in strongest[:_REASONS]]
    return [*shown, {"words": None, "by": rest, "long": round(50 * min(1.0, abs(rest) / most), 1)}] if rest else shown
