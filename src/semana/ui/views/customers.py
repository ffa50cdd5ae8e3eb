"""My customers: whom do I call, what do I offer, why, and what did they buy already; one look, one customer."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import gradio as gr
from markupsafe import Markup

from semana.data import schemas as s
from semana.ui.client import Ask, part
from semana.ui.page import Page
from semana.ui.views.choosing import Chooser, Kind

CUSTOMERS = Kind("customers", s.CUSTOMER_ID, {"order": "worth"})
_FEW = 10  # products that are shown of a customer to whom nothing is recommended


def customers(page: Page) -> None:
    """The customers at the left, those first whose lists are worth most; the chosen one's list at the right."""
    page.html("how.html", key="customers_how")
    with gr.Row(elem_classes="sides"):
        with gr.Column(scale=4, min_width=300):
            chooser = Chooser(page, CUSTOMERS, rows=15, owners=True)
        with gr.Column(scale=7, min_width=320):
            shown = page.html(at="customer-list")
    chooser.wire(partial(customer_list, page), shown)


def customer_list(page: Page, ask: Ask, customer: str) -> Markup:
    """One customer's list; of whom nothing is recommended to, what is likeliest."""
    path = f"/v1/customers/{part(customer)}/predictions"
    found = ask.get(path, top=0)
    unlisted = not found["predictions"] and not found["held_out"]
    if unlisted:
        found = ask.get(path, top=_FEW)
    query = urlencode({"id": customer, "lang": page.lang})
    return page.draw("customer.html", list=found, unlisted=unlisted, query=query)
