"""The frame of the pages: Gradio's blocks of one language, with every view in its tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from markupsafe import Markup

from semana.ui.client import Api, Refused
from semana.ui.door import KEY
from semana.ui.drawn import drawn
from semana.ui.page import QUIET, Page
from semana.ui.views import GROUPS
from semana.ui.words import say

_AGAIN = 60  # seconds after which an open page looks which list serves


def blocks_of(lang: str, api: Api) -> gr.Blocks:
    """All views in one language; each is filled when its tab is opened, the first of them with the page."""
    with gr.Blocks(title=say("title", lang), analytics_enabled=False, fill_width=True) as blocks:
        top = gr.HTML(drawn("top.html", lang, key=None, list=None), apply_default_css=False, elem_classes="sem")
        tabs = []
        with gr.Tabs(elem_id="groups", overflow_behavior="wrap"):
            for group, views in GROUPS.items():
                with gr.Tab(say(group, lang), elem_id=group), gr.Tabs(overflow_behavior="wrap"):
                    for name, view in views.items():
                        with gr.Tab(say(name, lang), elem_id=name) as tab:
                            view(Page(lang, api, tab))
                            tabs.append(tab)
        for listens in (blocks.load, gr.Timer(_AGAIN).tick, *(tab.select for tab in tabs)):
            listens(_top(lang, api), None, [top], show_progress="hidden", **QUIET)
    made: gr.Blocks = blocks
    return made


def _top(lang: str, api: Api) -> Callable[..., Any]:
    def told(request: gr.Request) -> Markup:
        """Which list is shown, who asks, the other language, and the way out."""
        ask = api.asked_by(request.cookies.get(KEY), lang)
        try:
            return drawn("top.html", lang, key=ask.get("/v1/key"), list=ask.get("/readyz"))
        except Refused:
            return drawn("top.html", lang, key=None, list=None)

    return told
