"""To come."""

from __future__ import annotations

from semana.ui.page import Page


def drift(page: Page) -> None:
    """Fills the tab."""
    shown = page.html()
    page.opens(lambda ask: page.draw("notice.html", message=str(ask.get("/v1/model")), login=False), [shown])
