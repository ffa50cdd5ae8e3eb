"""A list at the left of a view that is searched and paged on the server, and of which one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup

from semana.ui.client import Ask
from semana.ui.page import Page

Shows = Callable[..., Markup]  # of an Ask, the chosen id and the others' values


@dataclass(frozen=True)
class Kind:
    """What is chosen from: its route, how its rows are named in the answer, and which of their fields is the id."""

    name: str
    key: str
    query: Mapping[str, str]


class Chooser:
    """Search, owner (where the source has them), rows, pages; `chosen` holds the id as text, "" for none."""

    def __init__(self, page: Page, kind: Kind, *, rows: int, owners: bool = False) -> None:
        self._page = page
        self._kind = kind
        self._step = rows
        self.search = gr.Textbox(
            "", label=page.t(f"search_{kind.name}"), placeholder=page.t("name_or_number"), max_lines=1
        )
        self.owner = gr.Dropdown(label=page.t("owner"), choices=[], visible=False) if owners else gr.State("")
        self.list = page.html()
        self.chosen = gr.State("")
        self._first = gr.State(0)

    def wire(self, shows: Shows, shown: gr.HTML, *, others: Sequence[Any] = (), at_once: bool = True) -> None:
        """Draws the list whenever the view is opened, and `shown` by what is chosen and the `others`' values.

        `at_once`: the first row is chosen by itself, so that something is seen from the beginning.
        """
        page, state = self._page, [self.search, self.owner, self._first, self.chosen, *others]
        outputs = [self.list, self._first, self.chosen, shown]

        def drawn(ask: Ask, search: str, owner: str | None, first: int, chosen: str, *more: Any) -> list[Any]:
            found = self._found(ask, search, owner, first)
            rows = found[self._kind.name]
            if at_once and not chosen:
                chosen = str(rows[0][self._kind.key]) if rows else ""
            seen = shows(ask, chosen, *more) if chosen else "" if at_once else gr.skip()
            return [self._drawn(found, search, first, chosen), first, chosen, seen]

        def opened(ask: Ask, *now: Any) -> list[Any]:
            return [*drawn(ask, *now), self._owners(ask, now[1])]

        def anew(ask: Ask, search: str, owner: str | None, _: int, chosen: str, *more: Any) -> list[Any]:
            return drawn(ask, search, owner, 0, "" if at_once else chosen, *more)

        def picked(_: Ask, what: dict[str, str], first: int, chosen: str) -> list[Any]:
            if what.get("pick") == "page":
                return [whole(what.get("to")), chosen]
            return [first, what.get("id", chosen)]

        page.opens(opened, [*outputs, self.owner], state)
        page.on(self.search.change, anew, outputs, state, latest=True)
        if isinstance(self.owner, gr.Dropdown):
            page.on(self.owner.input, anew, outputs, state)
        place = [self._first, self.chosen]
        noted = page.picked(self.list, picked, place, place, every=True)
        page.then(noted, drawn, outputs, state).then(None, js=see(shown))

    def wire_list(self) -> None:
        """Draws the list alone, for a view that does something else with what is clicked."""
        state = [self.search, self._first]

        def drawn(ask: Ask, search: str, first: int) -> list[Any]:
            return [self._drawn(self._found(ask, search, None, first), search, first, ""), first]

        def paged(ask: Ask, what: dict[str, str], search: str, first: int) -> list[Any]:
            return drawn(ask, search, whole(what.get("to"))) if what.get("pick") == "page" else [gr.skip(), first]

        page, outputs = self._page, [self.list, self._first]
        page.opens(drawn, outputs, state)
        page.on(self.search.change, lambda ask, search, _: drawn(ask, search, 0), outputs, state, latest=True)
        page.picked(self.list, paged, outputs, state)

    def _owners(self, ask: Ask, owner: str | None) -> Any:
        """The owners to choose from, where there is a choice."""
        if not isinstance(self.owner, gr.Dropdown):
            return owner
        return owners_of(self._page, ask, owner)

    def _found(self, ask: Ask, search: str, owner: str | None, first: int) -> dict[str, Any]:
        asked = {"search": search.strip() or None, "limit": self._step, "offset": first, **self._kind.query}
        return ask.get(f"/v1/{self._kind.name}", **asked, **({"owner": owner} if owner else {}))

    def _drawn(self, found: Mapping[str, Any], search: str, first: int, chosen: str) -> Markup:
        rows = found[self._kind.name]
        values = {"total": found["total"], "first": first, "step": self._step, "searched": bool(search.strip())}
        return self._page.draw(f"{self._kind.name}.html", rows=rows, chosen=chosen, **values)


def owners_of(page: Page, ask: Ask, owner: str | None) -> Any:
    """What the choice of an owner becomes: hidden where the source has none or one."""
    owners = ask.get("/v1/customers", limit=1)["owners"]
    return gr.update(choices=[(page.t("everyone"), ""), *owners], value=owner or "", visible=len(owners) > 1)


def whole(text: str | None) -> int:
    """A place in a list as it comes from a page, where it may be anything."""
    return min(int(text), 10_000_000) if text and text.isascii() and text.isdigit() else 0


def see(html: gr.HTML) -> str:
    """A script that scrolls to the component, where one was chosen and it lies beside the screen, as on a phone."""
    return f"""() => {{
      const at = document.getElementById({html.elem_id!r})?.getBoundingClientRect();
      const away = at && (at.top < 0 || at.top > innerHeight * .6);
      if (away && window.semanaPick === 'one') scrollBy({{top: at.top - 12, behavior: 'smooth'}});
    }}"""
