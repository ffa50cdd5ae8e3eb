"""Whom to call, for so many calls: their lists beside, a result a row, and the list as a file."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from semana.data import schemas as s
from semana.ui.client import Ask, Refused
from semana.ui.page import Page
from semana.ui.views.choosing import owners_of, see, whole
from semana.ui.views.customers import customer_list

RESULTS = ("ordered", "no", "not_reached")
_USUAL, _MOST, _STEP = 20, 1000, 50


def calls(page: Page) -> None:
    """The customers whose lists are worth most at the left, what to offer to the chosen one at the right."""
    page.html("how.html", key="calls_how")
    with gr.Row(elem_classes="asked"):
        capacity = gr.Number(_USUAL, label=page.t("capacity"), precision=0)
        owner = gr.Dropdown(label=page.t("owner"), choices=[], visible=False)
    with gr.Row(elem_classes="sides"):
        with gr.Column(scale=5, min_width=320):
            rows = page.html(at="call-rows")
        with gr.Column(scale=6, min_width=320):
            shown = page.html(at="call-list")
    chosen, letters, at = gr.State(""), gr.State({}), gr.State(0)
    state = [capacity, owner, chosen, letters, at]
    outputs = [rows, chosen, letters, at, shown]
    of = partial(customer_list, page)

    def drawn(ask: Ask, wanted: float | None, owner: str | None, *now: Any) -> list[Any]:
        chosen, letters, first = now
        count = min(max(int(wanted or _USUAL), 1), _MOST)
        told = ask.get("/v1/calls", capacity=count, owner=owner or None)
        every = told["calls"]
        first = first if first < len(every) else 0
        found = every[first : first + _STEP]
        ids = [str(row[s.CUSTOMER_ID]) for row in found]
        chosen = chosen if chosen in ids else ids[0] if ids else ""
        heard = {str(row[s.CUSTOMER_ID]) for row in every if row["told"] or row["result"]}
        lost = {who: _lost(ask, letter) for who, letter in letters.items() if who not in heard}
        values = {
            "rows": found,
            "week": told["week"],
            "first": first,
            "total": len(every),
            "step": _STEP,
            "owner": owner,
            "chosen": chosen,
            "refused": lost,
            "may_write": ask.get("/v1/key")["scope"] != "read",
            "query": urlencode({"capacity": count, "lang": page.lang, **({"owner": owner} if owner else {})}),
        }
        return [page.draw("calls.html", **values), chosen, letters, first, of(ask, chosen) if chosen else ""]

    def anew(ask: Ask, wanted: float | None, owner: str | None, *now: Any) -> list[Any]:
        return drawn(ask, wanted, owner, *now[:-1], 0)

    def opened(ask: Ask, *now: Any) -> list[Any]:
        return [*drawn(ask, *now), owners_of(page, ask, now[1])]

    def picked(ask: Ask, what: dict[str, str], chosen: str, letters: dict[str, str], first: int) -> list[Any]:
        who = what.get("id", chosen)
        if what.get("pick") == "page":
            return ["", letters, whole(what.get("to"))]
        if what.get("pick") == "result" and what.get("result") in RESULTS:
            letters = {**letters, who: _tell(ask, who, what["result"], what.get("week"))}
        return [who, letters, first]

    page.opens(opened, [*outputs, owner], state)
    page.on(capacity.change, anew, outputs, state, latest=True)
    page.on(owner.input, anew, outputs, state)
    noted = page.picked(rows, picked, [chosen, letters, at], [chosen, letters, at], every=True)
    page.then(noted, drawn, outputs, state).then(None, js=see(shown))


def _tell(ask: Ask, customer: str, result: str, week: str | None) -> str:
    """Tells what came of a call by the list of the week; the name of the letter."""
    return str(ask.post("/v1/calls/results", {s.CUSTOMER_ID: customer, "result": result, s.WEEK: week})["letter"])


def _lost(ask: Ask, letter: str) -> str:
    """Why what was told did not come to stand beside the call."""
    try:
        return str(ask.get(f"/v1/letters/{letter}")["says"])
    except Refused as refused:
        return str(refused)
