"""Deliveries become lists by themselves, which the API and the pages serve; a newer model takes over without a hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from deploy.stack.delivery import UNPACK
from tests import shop
from tests.stack.conftest import NOW, delivery
from tests.stack.engine import docker
from tests.stack.stack import Stack, wait_for

CHROMIUM = shutil.which("chromium")


def test_a_delivery_with_its_flag_becomes_the_list_that_the_api_serves(listed: Stack) -> None:
    told = listed.api("/v1/customers/2/predictions?top=20")
    assert told["week"] == str(NOW)
    products = [row["product_id"] for row in told["predictions"] if row["recommended"]]
    assert products
    assert {product % 2 for product in products} == {0}, "an even customer buys even products"
    assert listed.api("/v1/customers?limit=1")["total"] == shop.CUSTOMERS


def test_of_a_delivery_that_did_not_all_arrive_nothing_is_laid_down(listed: Stack, tmp_path: Path) -> None:
    unpack = ("exec", "-T", "scheduler", "python", "-c", UNPACK, "canonical", '{"a.csv": 5}')
    listed.compose(*unpack, stdin="", check=False)
    assert listed.inside("scheduler", "sh", "-c", "ls -A /lake/home/drop/canonical; ls /lake") == "home"
    twins = [tmp_path / folder / "a.csv" for folder in ("a", "b")]
    for each in twins:
        each.parent.mkdir()
        each.touch()
    assert "two files of one name" in listed.make("drop", "canonical", *map(str, twins), code=64)


def test_the_run_stands_in_airflow_and_its_model_in_mlflow_and_its_figures_in_prometheus(listed: Stack) -> None:
    run = next(iter(listed.runs()))
    assert run.startswith("asset_triggered__")
    assert listed.tasks(run)["train"]["state"] == "success"
    version = listed.api("/v1/model")["model_version"]
    asked = "/registered-models/alias?name=semana&alias=champion"
    tags = {tag["key"]: tag["value"] for tag in listed.mlflow(asked)["model_version"]["tags"]}
    assert tags["semana.version"] == version
    listed.compose("up", "--detach", "--wait", "prometheus")

    def scraped() -> list[Any]:
        path = "/api/v1/query?query=semana_list_week_start_seconds"
        found: list[Any] = listed.ask("PROMETHEUS_PORT", path)["data"]["result"]
        return found

    assert wait_for("figures", scraped, seconds=60)[0]["metric"]["week"] == str(NOW)
    rules = listed.ask("PROMETHEUS_PORT", "/api/v1/rules")["data"]["groups"][0]["rules"]
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}


def test_a_person_logs_in_with_a_key_and_sees_the_list(listed: Stack) -> None:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(f"http://localhost:{listed.ports['SEMANA_UI_PORT']}/")
        page.locator("input[name=key]").fill(listed.secrets["SEMANA_KEY_AGENTS"])
        page.locator("input[name=key]").press("Enter")
        page.get_by_text("Customer 2", exact=False).first.wait_for(timeout=60_000)
        assert str(NOW) in page.content()
        browser.close()


def test_behind_a_proxy_that_speaks_tls_the_cookie_is_secure(listed: Stack) -> None:
    import httpx2

    key, address = listed.secrets["SEMANA_KEY_AGENTS"], f"http://localhost:{listed.ports['SEMANA_UI_PORT']}/login"
    for scheme in ("http", "https"):
        answer = httpx2.post(address, data={"key": key}, headers={"x-forwarded-proto": scheme})
        assert answer.status_code == 303
        assert ("secure" in answer.headers["set-cookie"].lower()) == (scheme == "https")


def test_what_the_api_is_told_goes_to_the_inbox_and_is_taken(listed: Stack) -> None:
    name = listed.api("/v1/calls/results", body={"customer_id": 2, "result": "ordered"})["letter"]
    assert listed.api(f"/v1/letters/{name}")["outcome"] in {"waiting", "taken"}
    listed.inside("watch", "/opt/semana/bin/semana", "watch", check=False)
    assert listed.api(f"/v1/letters/{name}")["outcome"] == "taken"


def test_the_next_delivery_retrains_and_the_api_serves_the_new_week_without_a_restart(
    listed: Stack, tmp_path: Path
) -> None:
    before = listed.look("api")["State"]["StartedAt"]
    version = listed.api("/v1/model")["model_version"]
    known = set(listed.runs())
    listed.make("drop", "canonical", *map(str, delivery(tmp_path, NOW)))
    run = listed.new_run(known)
    assert listed.done(run) == "success"
    assert listed.tasks(run)["train"]["state"] == "success"
    wait_for("next list", lambda: listed.week() == str(NOW + 1), seconds=30)
    told = listed.api("/v1/model")
    assert told["model_version"] != version
    assert listed.api("/v1/ledger")["entries"][0]["version"] == told["model_version"]
    assert listed.look("api")["State"]["StartedAt"] == before


def test_mlflow_away_delays_training_and_never_the_list(listed: Stack) -> None:
    docker(listed.environment, "stop", "--time", "10", listed.look("mlflow")["Id"])
    try:
        run = listed.trigger(retrain="always", reason="MLflow is away")
        assert listed.done(run) == "success"
        assert "away" in json.dumps(listed.tasks(run)["promote"]["rendered_fields"])
        assert listed.tasks(run)["publish"]["state"] == "success"
        assert listed.api("/v1/customers/2/predictions")["week"] == str(NOW + 1)
    finally:
        docker(listed.environment, "start", listed.look("mlflow")["Id"])
    wait_for("MLflow", lambda: listed.well("mlflow"), seconds=120)


def list_hash(stack: Stack) -> str:
    """What the list of the newest week is, as a hash of its file."""
    path = f"/lake/home/published/week={NOW + 1}/predictions.parquet"
    return stack.inside("scheduler", "sha256sum", path).split()[0]


def test_after_an_end_and_a_new_start_everything_is_there(listed: Stack) -> None:
    before, runs = list_hash(listed), set(listed.runs())
    listed.make("down")
    assert listed.services() == []
    listed.make("up")
    assert list_hash(listed) == before
    assert listed.week() == str(NOW + 1)
    assert runs <= set(listed.runs())
    assert listed.mlflow("/registered-models/alias?name=semana&alias=champion")["model_version"]
