"""The views, a file each, in two groups: for who sells, and of the system."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from semana.ui.page import Page
from semana.ui.views.calls import calls
from semana.ui.views.customers import customers
from semana.ui.views.drift import drift
from semana.ui.views.model import model
from semana.ui.views.newcomer import newcomer
from semana.ui.views.pair import pair
from semana.ui.views.performance import performance
from semana.ui.views.pipeline import pipeline
from semana.ui.views.product import product

# Group and view are named by their words in `words.shared`.
GROUPS: Mapping[str, Mapping[str, Callable[[Page], None]]] = {
    "sell": {"customers": customers, "product": product, "calls": calls, "pair": pair, "newcomer": newcomer},
    "system": {"model": model, "drift": drift, "performance": performance, "pipeline": pipeline},
}
