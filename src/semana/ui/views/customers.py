"""My customers: whom do I call, what do I offer, why, and what did they buy already; one look, one customer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from markupsafe import Markup

from semana.data import schemas as s
from semana.reports.phrases import LANGUAGES
from semana.reports.words import words_of
from semana.ui.client import Ask, part
from semana.ui.page import Page
from semana.ui.views.choosing import Chooser, Kind

CUSTOMERS = Kind("customers", s.CUSTOMER_ID, {"order": "worth"})
_NEVER = {words_of(s.WEEKS_BOUGHT, 0, lang) for lang in LANGUAGES}
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
    offers = [{**offer, "why": speaking(offer)} for offer in found["predictions"]]
    query = urlencode({"id": customer, "lang": page.lang})
    return page.draw("customer.html", list={**found, "predictions": offers}, unlisted=unlisted, query=query)


def speaking(offer: Mapping[str, Any]) -> str:
    """Why to offer it: of what was never bought, as is said beside it, only what speaks for it; "" where nothing does.

    >>> never = {"words": "never bought before", "contribution": -2.0}
    >>> liked = {"words": "bought by 40% of the customers lately", "contribution": 0.5}
    >>> speaking({"last_bought": None, "why": "↓ never bought before", "reasons": [never, liked]})
    '↑ bought by 40% of the customers lately'
    """
    if offer[s.LAST_BOUGHT]:
        return str(offer["why"])
    sums: dict[str, float] = {}
    for reason in offer[s.REASONS]:  # what says the same is one
        sums[reason["words"]] = sums.get(reason["words"], 0.0) + reason["contribution"]
    best = max((words for words in sums if words not in _NEVER), key=sums.__getitem__, default=None)
    return f"↑ {best}" if best and sums[best] > 0 else ""
