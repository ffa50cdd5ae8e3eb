"""One language's page in the making: what its views are built with, and how they ask the API.

A view is a function of a `Page`, called once a language inside its tab. It makes its components, says with `opens` what
fills them whenever the tab is opened, and with `on` and `picked` what follows from what a person does. Those functions
get an `Ask` first and return what the outputs become. Whatever the API refuses stands in the view's notice; the outputs
stay as they were.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from semana.ui.client import Api, Refused
from semana.ui.door import KEY
from semana.ui.drawn import drawn
from semana.ui.words import say

# Each event is one request and its answer: without Gradio's queue there is no stream beside it to open and to close.
QUIET: dict[str, Any] = {"api_visibility": "private", "queue": False}
Does = Callable[..., Any]  # an Ask and the inputs in, what the outputs become out
_log = logging.getLogger(__name__)
# What stands in HTML of ours with `data-pick` tells it when it is clicked, with all data that stand at it and the
# fields of its form.
_PICKS = """element.addEventListener('click', event => {
  const at = event.target.closest('[data-pick]');
  if (!at || !element.contains(at) || at.disabled) return;
  const form = at.closest('form');
  if (form) event.preventDefault();
  window.semanaPick = at.dataset.pick;
  trigger('click', {...(form ? Object.fromEntries(new FormData(form)) : {}), ...at.dataset});
});"""


class Page:
    """The page of one language; `tab` is the one that a view fills."""

    def __init__(self, lang: str, api: Api, tab: gr.Tab) -> None:
        self.lang = lang
        self._api = api
        self._tab = tab
        self.notice = gr.HTML(js_on_load=_PICKS, apply_default_css=False, elem_classes=["sem", "notice"])

    def t(self, key: str, **values: object) -> str:
        """The text of this page's language."""
        return say(key, self.lang, **values)

    def html(self, template: str = "", *, at: str | None = None, **values: Any) -> gr.HTML:
        """A place (of the id `at`) for HTML of ours: empty, or a template; a click on `data-pick` is told."""
        text = drawn(template, self.lang, **values) if template else ""
        return gr.HTML(text, js_on_load=_PICKS, apply_default_css=False, elem_classes="sem", elem_id=at)

    def draw(self, template: str, **values: Any) -> Markup:
        """The template filled; everything in it is escaped."""
        return drawn(template, self.lang, **values)

    def opens(self, does: Does, outputs: Sequence[Any], inputs: Sequence[Any] = ()) -> None:
        """Does it whenever the tab is opened, alone or with its group, and when somebody tries again."""
        for listens in (self._tab.select, self.notice.click):
            self.on(listens, does, outputs, inputs)

    def picked(
        self,
        html: gr.HTML,
        does: Does,
        outputs: Sequence[Any],
        inputs: Sequence[Any] = (),
        *,
        progress: str = "minimal",
        every: bool = False,
    ) -> Any:
        """Does it when something in the HTML was clicked: `does(ask, what, *inputs)`, `what` being its data.

        Clicks are left out while one is worked on, unless `every` one counts.
        """

        def told(request: gr.Request, event: gr.EventData, *values: Any) -> Any:
            what = event._data if isinstance(event._data, dict) else {}  # noqa: SLF001 - as a dict it has no other name
            return self._done(does, request, outputs, ({str(k): str(v) for k, v in what.items()}, *values))

        mode: dict[str, Any] = {"trigger_mode": "multiple"} if every else {}
        return html.click(told, list(inputs), [*outputs, self.notice], show_progress=progress, **QUIET, **mode)

    def on(
        self,
        listens: Any,
        does: Does,
        outputs: Sequence[Any],
        inputs: Sequence[Any] = (),
        *,
        progress: str = "minimal",
        latest: bool = False,
    ) -> Any:
        """Does it on an event of a component: `does(ask, *inputs)`; the event is returned, for what follows it.

        `latest`: of events that come while one is worked on, the last is worked on next.
        """

        def told(request: gr.Request, *values: Any) -> Any:
            return self._done(does, request, outputs, values)

        mode: dict[str, Any] = {"trigger_mode": "always_last"} if latest else {}
        return listens(told, list(inputs), [*outputs, self.notice], show_progress=progress, **QUIET, **mode)

    def then(self, event: Any, does: Does, outputs: Sequence[Any], inputs: Sequence[Any]) -> Any:
        """Does it when what follows from an event is done, with the inputs as they are by then; the notice stays."""

        def told(request: gr.Request, *values: Any) -> Any:
            *found, notice = self._done(does, request, outputs, values)
            return [*found, notice or gr.skip()]

        return event.then(told, list(inputs), [*outputs, self.notice], show_progress="minimal", **QUIET)

    def _done(self, does: Does, request: gr.Request, outputs: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """What the outputs become, and the notice."""
        ask = self._api.asked_by(request.cookies.get(KEY), self.lang)
        try:
            found = does(ask, *values)
        except Refused as refused:
            return [*(gr.skip() for _ in outputs), self._said(str(refused), login=refused.login)]
        except Exception:  # noqa: BLE001 - a person gets a sentence, the log the rest
            _log.exception("a view failed")
            return [*(gr.skip() for _ in outputs), self._said(self.t("bug"))]
        if len(outputs) == 1 and not isinstance(found, list):
            found = [found]
        return [*found, ""]

    def _said(self, message: str, *, login: bool = False) -> Markup:
        return self.draw("notice.html", message=message, login=login)
