"""One product: how many will buy it, and whom to call for it."""

from __future__ import annotations

from urllib.parse import urlencode

import gradio as gr
from markupsafe import Markup

from semana.data import schemas as s
from semana.ui.client import Ask, part
from semana.ui.page import Page
from semana.ui.views.choosing import Chooser, Kind, owners_of, whole

PRODUCTS = Kind("products", s.PRODUCT_ID, {})
_TOP, _MOST = 20, 1000


def product(page: Page) -> None:
    """The products at the left, the most expected first; the chosen one's buyers at the right."""
    page.html("how.html", key="product_how")
    with gr.Row(elem_classes="sides"):
        with gr.Column(scale=4, min_width=300):
            owner = gr.Dropdown(label=page.t("owner"), choices=[], visible=False)
            chooser = Chooser(page, PRODUCTS, rows=15)
        with gr.Column(scale=7, min_width=320):
            shown = page.html(at="product-buyers")

    def buyers(ask: Ask, product: str, owner: str | None = None, top: int = _TOP) -> Markup:
        path = f"/v1/products/{part(product)}"
        found = ask.get(f"{path}/customers", top=min(top, _MOST), owner=owner or None)
        query = urlencode({"id": product, "lang": page.lang, **({"owner": owner} if owner else {})})
        return page.draw("product.html", sums=ask.get(f"{path}/summary"), list=found, query=query, owner=owner)

    def more(ask: Ask, what: dict[str, str], product: str, owner: str | None) -> Markup:
        return buyers(ask, product, owner, max(whole(what.get("top")), _TOP))

    def of_owner(ask: Ask, product: str, owner: str | None) -> Markup:
        return buyers(ask, product, owner) if product else Markup("")

    chooser.wire(buyers, shown, others=[owner])
    page.opens(lambda ask, owner: [owners_of(page, ask, owner)], [owner], [owner])
    page.on(owner.input, of_owner, [shown], [chooser.chosen, owner])
    page.picked(shown, more, [shown], [chooser.chosen, owner])
