"""What the views draw of the API's answers, in both languages, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from markupsafe import Markup

from semana.reports.words import number
from semana.settings import keep_gradio_quiet
from semana.stores.home import Stores
from tests.serving import homes
from tests.serving.conftest import Ask
from tests.serving.test_pages_door import Through

keep_gradio_quiet()

from semana.ui.client import Api  # noqa: E402 - Gradio reads the environment when it is imported
from semana.ui.drawn import drawn  # noqa: E402
from semana.ui.page import Page  # noqa: E402
from semana.ui.views.customers import customer_list, speaking  # noqa: E402
from semana.ui.views.drift import _door, _live  # noqa: E402
from semana.ui.views.performance import _parts  # noqa: E402
from semana.ui.views.pipeline import _runs  # noqa: E402

NEVER = {"en": "never bought before", "es": "nunca comprado antes"}
Leaf = Callable[[str], Page]


@pytest.fixture
def leaf() -> Leaf:
    """Gives a page of a language, without a server behind it."""
    return lambda lang: Page(lang, Api("http://localhost"), None)  # type: ignore[arg-type]


def plain(html: Markup | str) -> str:
    """The text of it, between single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


@pytest.mark.parametrize("lang", ["en", "es"])
def test_what_is_offered_is_the_usual_quantity_as_on_the_command_line(
    trees: Stores, ask: Ask, leaf: Leaf, lang: str
) -> None:
    unsure = homes.rows(trees).with_columns(expected_quantity=0.41 * pl.col("usual_quantity"))
    manifest = trees.publications.current_manifest()
    assert manifest is not None
    trees.publications.publish(unsure, {**manifest, "reason": "a test", "late": False}, homes.TARGET)
    asks = Api("http://localhost", transport=Through(ask(trees))).asked_by(None, lang)
    rows = unsure.filter(customer_id=2).sort("rank").filter("recommended")
    shown = customer_list(leaf(lang), asks, "2")
    own, others = {"en": ("usual quantity", "others usually take"), "es": ("cantidad habitual", "otros suelen llevar")}[
        lang
    ]
    told = [
        f"{own if bought else others} {number(usual, lang)}"
        for usual, bought in rows.select("usual_quantity", "last_bought").rows()
    ]
    assert re.findall(rf"(?:{own}|{others}) [\d.,]+", plain(shown)) == told
    assert ("expected amount" if lang == "en" else "importe esperado") in shown
    whom = asks.get("/v1/products/0/customers")
    page = drawn("product.html", lang, list=whom, sums=asks.get("/v1/products/0/summary"), query="", owner=None)
    first = whom["customers"][0]
    assert f"{own} {number(first['usual_quantity'], lang)}" in plain(page)


def test_a_product_without_a_usual_quantity_is_offered_without_a_number() -> None:
    offer = {"rank": 1, "product_id": 7, "product": None, "kind": "new", "probability": 0.1, "recommended": True}
    offer |= {"why": "", "usual_quantity": None, "last_bought": None}
    text = plain(drawn("score.html", "en", rows=[offer], ignored=0))
    assert "take" not in text
    assert "quantity" not in text


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_newcomer_without_purchases_is_told_what_speaks_for_a_product(trees: Stores, ask: Ask, lang: str) -> None:
    asks = Api("http://localhost", transport=Through(ask(trees))).asked_by(None, lang)
    rows = asks.post("/v1/score", {"attributes": {}, "purchases": [], "top": 15, "reasons": 20})["predictions"]
    assert any(NEVER[lang] in row["why"] for row in rows)
    said = [speaking(row) for row in rows]
    assert all(each == "" or each.startswith("↑ ") for each in said)
    assert not any(NEVER[lang] in each for each in said)
    liked = {"words": "liked by many", "contribution": 0.4}
    told = {**rows[0], "reasons": [*rows[0]["reasons"], liked, {"words": "liked by some", "contribution": 0.3}]}
    assert (speaking(told), speaking({**told, "last_bought": "2025-01-03"})) == ("↑ liked by many", rows[0]["why"])


@pytest.mark.parametrize(
    ("newest", "english", "spanish"),
    [
        (False, "a newer list was refused", "se rechazó una lista más nueva"),
        (True, "the newest, but needs a look", "la más nueva, pero hay que revisar"),
        (None, "may not be the newest", "puede no ser la más nueva"),
    ],
)
def test_the_top_says_of_a_degraded_list_what_is_true(*, newest: bool | None, english: str, spanish: str) -> None:
    reasons = ["model 1.0.1 is refused since 2025-01-06T09:00: x"]
    ready = {"status": "degraded", "reasons": reasons, "newest": newest, "week": "2025-W02", "rev": 1}
    ready |= {"model_version": "1.0.0", "age_days": 0.4}
    for lang, words in (("en", english), ("es", spanish)):
        assert words in drawn("top.html", lang, key=None, list=ready)
    assert "se rechaza desde" in drawn("top.html", "es", key=None, list=ready)
    assert "badge bad" not in drawn("top.html", "en", key=None, list={**ready, "status": "ready", "reasons": []})


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_week_that_is_over_is_not_called_the_running_one(leaf: Leaf, lang: str) -> None:
    live: dict[str, Any] = {"week": "2026-W47", "until": "2026-11-22", "past_weeks": 8, "figures": [], "odd": []}
    live |= {"projected_lines": None, "asked": None}
    running, over = (plain(_live(leaf(lang), {**live, "over": each})) for each in (False, True))
    assert running.startswith("The running week: 2026-W47" if lang == "en" else "La semana en curso: 2026-W47")
    assert ("running" if lang == "en" else "en curso") not in over
    assert ("2026-W47 is over" if lang == "en" else "2026-W47 ya pasó") in over


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_retracted_delivery_is_marked(leaf: Leaf, lang: str) -> None:
    each = {"file": "a.csv", "arrival": "2026-11-20T10:00:00+00:00", "rows": 9, "quarantined": 0}
    gone = {**each, "retracted": True, "says": "retracted: the wrong branch"}
    kept = {**each, "retracted": False, "says": "accepted"}
    page, word = leaf(lang), "retracted" if lang == "en" else "retirad"
    told, other = (plain(_door(page, {"historical": None, "deliveries": [one]}, {})) for one in (gone, kept))
    assert told.count(word) == 2  # its mark, and why
    assert "the wrong branch" in told
    assert word not in other


@pytest.mark.parametrize(("lang", "point", "other"), [("en", ".", ","), ("es", ",", ".")])
def test_the_axis_of_the_parts_has_the_languages_decimals(leaf: Leaf, lang: str, point: str, other: str) -> None:
    row = {"week": "2025-W01", "part": "kind", "name": "usual", "hits": 40, "recommended": 90, "purchases": 70}
    figure = str(_parts(leaf(lang), [row], {}))
    assert f"0{point}2" in plain(figure)
    assert re.search(rf"\d{re.escape(other)}\d", plain(figure)) is None


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "publish failed: refused (64): the scores of 2025-W02 are not those of run 2025-W02-0001"),
        ("es", "publicar falló: rechazado (64): las puntuaciones de 2025-W02 no son las de la ejecución 2025-W02-0001"),
    ],
)
def test_a_step_that_failed_says_why(leaf: Leaf, lang: str, words: str) -> None:
    says = (
        "the scores of 2025-W02 are not those of run 2025-W02-0001: another run made them since. Make them again: "
        "semana predict --week 2025-W02"
    )
    step = {"step": "publish", "outcome": "UsageError", "says": says, "began": "2025-01-06T09:00:00+00:00"}
    step |= dict.fromkeys(("wall_seconds", "cpu_seconds", "peak_memory_mib", "bytes_read", "bytes_written"), 1.0)
    step |= {"home_bytes": 1, "times_usual": None, "datasets": []}
    run = {"id": "2025-W02-0001", "began": step["began"], "summary": None, "steps": [step], "scheduled": []}
    found = {"runs": [run], "disk": {"free_bytes": 2**30, "low": None}}
    assert words in plain(_runs(leaf(lang), found, {}))
    del step["says"]  # of a run before reasons were kept
    text = plain(_runs(leaf(lang), found, {}))
    assert ("refused (64)" if lang == "en" else "rechazado (64)") in text
    assert "UsageError" not in text
