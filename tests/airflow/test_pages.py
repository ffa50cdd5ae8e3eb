"""Airflow's own pages, in a real browser: the DAG as a graph, and a task's note without opening a log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from semana.pipeline import STEPS
from tests.airflow.conftest import FIRST
from tests.airflow.looks import deliver
from tests.airflow.scheduler import Airflow
from tests.house.tree import ROOT

CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_PANELS = json.dumps({"details-panel,main-panel": {"expandToSizes": {}, "layout": [75, 25]}})


@pytest.fixture
def page(airflow: Airflow) -> Iterator[Any]:
    """A page of a browser that is logged in; skips without Debian's chromium."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        context = browser.new_context(viewport={"width": 1900, "height": 560}, device_scale_factor=1.5)
        context.add_cookies([{"name": "_token", "value": airflow.token, "url": airflow.address}])
        context.add_init_script(f"localStorage.setItem('react-resizable-panels:grid-ltr', {_PANELS!r})")
        yield context.new_page()
        browser.close()


def test_the_dag_and_the_notes_are_seen_in_airflows_own_pages(
    airflow: Airflow, home: Path, page: Any, pytestconfig: pytest.Config
) -> None:
    deliver(home, FIRST, FIRST + 1, ready=False)
    run = airflow.trigger()
    assert airflow.done(run) == "success"
    page.goto(f"{airflow.address}/dags/semana_weekly/runs/{quote(run)}")
    page.get_by_label("Show Graph (Press g)").click()
    graph = page.locator(".react-flow")
    for name in (*(step.name for step in STEPS), "keep_champion", "notify"):
        graph.get_by_text(name, exact=name != "validate").first.wait_for(timeout=30_000)
    if pytestconfig.getoption("pictures"):
        page.get_by_label("Collapse Details Panel").click()
        page.set_viewport_size({"width": 1900, "height": 360})
        page.locator(".react-flow__controls-fitview").click()
        page.add_style_tag(content=".react-flow__minimap, .react-flow__panel { display: none }")
        page.wait_for_timeout(2000)
        boxes = [node.bounding_box() for node in graph.locator(".react-flow__node").all()]
        left, top = (min(box[side] for box in boxes) - 24 for side in ("x", "y"))
        width = max(box["x"] + box["width"] for box in boxes) + 24 - left
        height = max(box["y"] + box["height"] for box in boxes) + 36 - top
        clip = {"x": left, "y": top, "width": width, "height": height}
        page.screenshot(path=str(ROOT / "docs" / "pictures" / "dag.png"), clip=clip)

    page.goto(f"{airflow.address}/dags/semana_weekly/runs/{quote(run)}/tasks/decide/rendered_templates")
    page.get_by_text("reasons", exact=False).first.wait_for(timeout=30_000)
    assert "champion is" in page.inner_text("body")
