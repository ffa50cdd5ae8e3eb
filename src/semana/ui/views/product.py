"""One product: how many will buy it, and whom to call for it."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from semana.data import schemas as s
from semana.ui.client import Ask, part
from semana.ui.page import Page
from semana.ui.views.choosing import Chooser, Kind, whole

PRODUCTS = Kind("products", s.PRODUCT_ID, {})
_TOP, _MOST = 20, 1000


def product(page: Page) -> None:
    """The products at the left, the most expected first; the chosen one's buyers at the right."""
    page.html("how.html", key="product_how")
    with gr.Row(elem_classes="sides"):
        with gr.Column(scale=4, min_width=300):
            chooser = Chooser(page, PRODUCTS, rows=15)
        with gr.Column(scale=7, min_width=320):
            shown = page.html(at="product-buyers")

    def buyers(ask: Ask, product: str, top: int = _TOP) -> Markup:
        path = f"/v1/products/{part(product)}"
        sums, found = ask.get(f"{path}/summary"), ask.get(f"{path}/customers", top=min(top, _MOST))
        return page.draw("product.html", sums=sums, list=found)

    def more(ask: Ask, what: dict[str, str], product: str) -> Markup:
        return buyers(ask, product, max(whole(what.get("top")), _TOP))

    chooser.wire(buyers, shown)
    page.picked(shown, more, [shown], [chooser.chosen])
