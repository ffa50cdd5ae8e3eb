"""The views of the system, in a real browser, as leads and engineers use them: what serves, drift, results, runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from semana.pipeline.inbox import take_orders
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from tests.journey.command import semana
from tests.pipeline.living import reopened
from tests.serving import story
from tests.serving.conftest import opened
from tests.serving.pages import LAPTOP, LOOKS, Pages, Seen, browser, pages, pages_of, says, seen
from tests.serving.server import served

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def story_pages(story_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with served(story_home) as (client, _), pages(str(client.base_url), tmp_path_factory.mktemp("ui")) as running:
        yield running


@pytest.fixture(params=LOOKS)
def person(request: pytest.FixtureRequest, story_pages: Pages, chromium: Any) -> Iterator[Seen]:
    """A lead or an engineer before the pages, each in their own language, light and size."""
    lang, dark, size = LOOKS[request.param]
    with seen(chromium, story_pages.address, lang, dark=dark, size=size) as found:
        if request.config.getoption("pictures"):
            found.device = "laptop" if size == LAPTOP and not dark else ""
        found.page.goto(f"{story_pages.address}/{lang}/")
        found.page.locator("#customers .offer").first.wait_for()
        yield found
        found.check()


@pytest.mark.timeout(300)
def test_a_lead_sees_what_serves_since_when_and_why(person: Seen) -> None:
    model = person.open("model", "system")
    model.locator("#model-now .big", has_text="1.0.0").wait_for()
    assert model.locator(".strip li").all_inner_texts() == [
        f"1.0.0\n{story.BEGAN}",
        f"1.1.0\n{story.TRAINED}",
        f"↩ 1.0.0\n{story.LAST}",
    ]
    assert says(person, "1.0.0 serves by now", "ahora sirve 1.0.0") in model.inner_text()
    person.picture("model")
    refused = model.locator("#model-gate [data-pick=gate]", has_text=str(story.REFUSED))
    assert says(person, "refused", "rechazado") in refused.inner_text()
    refused.click()
    reason = says(person, f"not worse than the champion: {MINUS}0.0", f"no peor que el campeón: {MINUS}0,0")
    model.locator("#model-gate .warning", has_text=reason).wait_for()
    assert model.locator("#model-gate svg[role=img]").count() == 1
    assert model.locator("#model-gate .checks li").count() > 8
    entry = model.locator("#model-ledger li").first
    assert story.BACK in entry.inner_text()  # the HTML in it is text
    assert says(person, "rolled back from 1.1.0", "revertido desde 1.1.0") in entry.inner_text()


def test_a_lead_sees_whether_customers_behave_unlike_before(person: Seen) -> None:
    drift = person.open("drift", "system")
    drift.locator("#drift-weeks h2").first.wait_for()
    assert f"{story.LAST + -1}" in drift.locator("#drift-weeks h2").first.inner_text()
    assert drift.locator("#drift-weeks figure.card svg[role=img]").count() == 6
    person.picture("drift")
    first = drift.locator("#drift-columns li").first.inner_text()
    drift.locator("#drift-columns [data-pick=page]").last.click()
    drift.locator("#drift-columns .pager", has_text=says(person, "11–20 of", "11–20 de")).wait_for()
    assert drift.locator("#drift-columns li").first.inner_text() != first
    refused = drift.locator("#drift-door li", has_text="transactions-in-grams.parquet")
    assert says(person, "1000 times what has landed", "1000 veces lo recibido") in refused.inner_text()
    live = drift.locator("#drift-live")
    assert str(story.LAST) in live.inner_text()
    assert says(person, "order lines of the whole week", "líneas de pedido de toda la semana") in live.inner_text()
    assert live.locator("tbody tr").count() == 4 + 3  # the figures, and a row a day


def test_a_lead_sees_how_the_lists_did(person: Seen) -> None:
    results = person.open("performance", "system")
    results.locator("#results-weeks svg[role=img]").first.wait_for()
    assert results.locator("#results-weeks svg[role=img]").count() == 4
    assert results.locator("#results-weeks figure").first.locator("path.thick").count() == 4  # an interval a week
    assert says(person, f"expected of {story.LAST}", f"se espera de {story.LAST}") in results.inner_text()
    person.picture("results")
    results.locator("[data-part=segment]").first.click()
    results.locator("#results-parts", has_text=says(person, "largest", "los mayores")).locator("svg").last.wait_for()
    lists = results.locator("#results-lists tbody tr")
    assert says(person, "shadow", "sombra") in lists.first.inner_text()
    assert lists.count() == 6  # four weeks, two of them with a shadow


def test_an_engineer_sees_what_runs_took(person: Seen) -> None:
    runs = person.open("pipeline", "system")
    runs.locator("#runs-one h2", has_text=f"{story.LAST}-0001").wait_for()
    assert runs.locator("#runs-one svg[role=img]").count() == 2  # the steps, and as the scheduler saw them
    assert says(person, "predict try 2", "predecir intento 2") in runs.locator("#runs-one svg").last.text_content()
    assert says(person, "Never ran: keep champion", "No se ejecutaron: dejar el campeón") in runs.inner_text()
    person.picture("runs")
    runs.locator(f"[data-run='{story.REFUSED}-0001']").first.click()
    why = says(person, "The challenger was refused", "El aspirante fue rechazado")
    runs.locator("#runs-one .warning", has_text=why).wait_for()
    assert f"{story.REFUSED}-0001" in runs.locator("#runs-datasets h2").inner_text()
    assert runs.locator("#runs-trends svg[role=img]").count() >= 9
    for trend in ("memory", "rows", "home"):
        runs.locator(f"#runs-trends [data-trend={trend}][aria-pressed=false]").click()
        runs.locator(f"#runs-trends [data-trend={trend}][aria-pressed=true]").wait_for()
        assert runs.locator("#runs-trends svg[role=img]").count() >= 1


@pytest.mark.timeout(120)
def test_a_model_is_ordered_back_with_the_scope_and_a_reason_alone(
    story_home: Path, chromium: Any, tmp_path: Path
) -> None:
    stores = opened(story_home, tmp_path)
    keys = {
        scope: semana(stores.home, "keys", "create", scope, "--scope", scope).strip() for scope in ("write", "admin")
    }
    with pages_of(stores, tmp_path) as running, seen(chromium, running.address) as person:
        page = person.page

        def log_in(key: str) -> Any:
            page.get_by_label("API key").fill(key)
            page.get_by_role("button", name="Log in").click()
            page.locator("#customers .offer").first.wait_for()
            return person.open("model", "system").locator("#model-orders")

        page.goto(running.address)
        orders = log_in(keys["write"])
        orders.get_by_text("Your key (write) may not order here").wait_for()
        assert orders.get_by_role("button", name="Give the order").count() == 0

        page.get_by_role("button", name="Log out").click()
        orders = log_in(keys["admin"])
        orders.get_by_role("button", name="Give the order").click()
        orders.get_by_text("Say why first").wait_for()
        assert list(stores.inbox.waiting()) == []

        orders.get_by_label("What is to happen").select_option("1.1.0")
        orders.get_by_label("Why").fill("the north is fine again")
        orders.get_by_role("button", name="Give the order").click()
        orders.locator("li", has_text="let 1.1.0 serve").get_by_text("waiting").wait_for()
        assert take_orders(reopened(stores.home), now=datetime.now(UTC)) == {"taken": 1, "refused": 0}
        orders.get_by_role("button", name="Look again").click()
        orders.locator("li", has_text="the north is fine again").get_by_text("1.1.0 serves from 2025-W08 on").wait_for()
        page.locator("#model-now .big", has_text="1.1.0").wait_for()
        assert "the north is fine again" in page.locator("#model-ledger li").first.inner_text()

        semana(stores.home, "keys", "revoke", "admin")
        page.wait_for_timeout(2500)
        orders.get_by_label("Why").fill("and back")
        orders.get_by_role("button", name="Give the order").click()
        page.locator("#model").get_by_text("Your key is not valid any more").wait_for()
        assert list(stores.inbox.waiting()) == []
        person.check()


def test_a_young_home_says_what_is_to_come(trees: Stores, chromium: Any, tmp_path: Path) -> None:
    (trees.home / "drift" / "live.json").unlink(missing_ok=True)
    with pages_of(trees, tmp_path) as running, seen(chromium, running.address, "es") as person:
        person.page.goto(running.address)
        said = {
            "model": "aún no acaba ninguna semana",
            "drift": "La semana en curso aún no se ha mirado",
            "performance": "Aún no acaba la semana de ninguna lista",
            "pipeline": "Las tendencias necesitan dos ejecuciones",
        }
        for view, words in said.items():
            person.open(view, "system").get_by_text(words).first.wait_for()
        person.check()


def test_a_home_without_any_run_says_what_to_do(chromium: Any, tmp_path: Path) -> None:
    stores = open_home(read_settings(tmp_path / "home"), create=True)
    said = {
        "model": "No model serves yet",
        "drift": "No week has been judged yet",
        "performance": "No list's week is over yet",
        "pipeline": "Nothing has run yet",
    }
    with pages_of(stores, tmp_path, start="starting") as running, seen(chromium, running.address) as person:
        person.page.goto(running.address)
        for view, words in said.items():
            person.open(view, "system").get_by_text(words).first.wait_for()
        person.check()
