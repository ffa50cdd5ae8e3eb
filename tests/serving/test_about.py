"""What the API says of the system itself: the gate's reports, orders, runs as scheduled; and how the pages word it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from semana.data import catalog
from semana.data.weeks import Week
from semana.monitoring.behaviour import FIGURES
from semana.pipeline.inbox import take_orders
from semana.reports import drift as drift_report
from semana.stores.home import Stores
from semana.stores.reviewed import LIVE
from semana.ui.words import TEXTS, columns
from semana.ui.words.sentences import refusal, sentence
from tests.pipeline.living import reopened
from tests.serving import story
from tests.serving.conftest import Ask, opened


@pytest.fixture
def storied(story_home: Path, tmp_path: Path) -> Stores:
    return opened(story_home, tmp_path)


def test_every_challenger_is_told_with_its_checks(storied: Stores, ask: Ask) -> None:
    found = ask(storied).get("/v1/gates", params={"limit": 2}).json()
    assert (found["total"], found["next"], len(found["gates"])) == (3, 2, 2)
    refused, served = found["gates"]
    assert (refused["week"], refused["version"], refused["admitted"]) == (str(story.REFUSED), None, False)
    assert [check["name"] for check in refused["checks"] if check["verdict"] == "fails"] == [
        "not worse than the champion"
    ]
    assert (served["version"], served["passed"]) == ("1.1.0", True)
    assert set(refused["f1"]) >= {"champion", refused["model"]}


def test_what_became_of_orders_is_told(storied: Stores, ask: Ask) -> None:
    client = ask(storied)
    assert client.get("/v1/orders").json() == {"total": 0, "next": None, "orders": []}
    body = {"version": "9.9.9", "reason": "a mistake"}
    assert client.post("/v1/model/promote", json=body).status_code == 202
    assert client.get("/v1/orders").json()["orders"][0]["outcome"] == "waiting"
    take_orders(reopened(storied.home), now=datetime.now(UTC))
    (order,) = client.get("/v1/orders").json()["orders"]
    assert (order["what"], order["version"], order["reason"], order["outcome"]) == (
        "promote",
        "9.9.9",
        "a mistake",
        "refused",
    )
    assert "never served" in order["says"]


def test_runs_are_told_as_a_scheduler_saw_them_and_what_took_unusually_long(storied: Stores, ask: Ask) -> None:
    found = ask(storied).get("/v1/runs").json()
    newest = found["runs"][0]
    assert newest["id"] == f"{story.LAST}-0001"
    assert [record["dag"] for record in newest["scheduled"]] == ["semana_weekly"]
    assert all("times_usual" in step for run in found["runs"] for step in run["steps"])
    assert found["disk"]["free_bytes"] > 0


def test_a_week_that_is_over_is_no_running_one_and_a_retracted_delivery_is_none_that_counts(
    storied: Stores, ask: Ask
) -> None:
    client = ask(storied)
    assert client.get("/v1/drift").json()["live"]["over"]
    assert not any(each["retracted"] for each in client.get("/v1/drift").json()["deliveries"])
    wrong = storied.landing.deliveries()[-1]
    storied.landing.retract(wrong.hash, reason="the wrong branch", arrival=datetime.now(UTC))
    told = client.get("/v1/drift").json()
    (gone,) = (each for each in told["deliveries"] if each["retracted"])
    assert (gone["file"], gone["says"]) == (wrong.file, "retracted: the wrong branch")
    live = storied.home / LIVE
    live.write_text(live.read_text().replace(told["live"]["week"], str(Week.of(datetime.now(UTC).date()))))
    assert not client.get("/v1/drift").json()["live"]["over"]


def test_realised_figures_have_their_intervals(storied: Stores, ask: Ask) -> None:
    weeks = ask(storied).get("/v1/performance").json()["weeks"]
    for row in weeks:
        for figure in ("f1", "precision", "recall"):
            assert 0 <= row[f"{figure}_low"] < row[figure] < row[f"{figure}_high"] <= 1


def test_all_that_a_home_says_has_words_in_spanish(storied: Stores, ask: Ask) -> None:
    client = ask(storied)
    gates, drift = client.get("/v1/gates").json()["gates"], client.get("/v1/drift").json()
    said = [check[part] for gate in gates for check in gate["checks"] for part in ("name", "limit", "says")]
    said += [why for run in client.get("/v1/runs").json()["runs"] for why in run["summary"]["reasons"]]
    said += [each["says"] for each in drift["deliveries"]]
    said += [figure["name"] for figure in drift["live"]["figures"]]
    said += [each["reference"] for each in drift["historical"]["moved"]]
    said += [part["name"] for part in client.get("/v1/performance").json()["parts"]]
    unknown = {each for each in said if sentence(each, "es") == each and not each.replace(".", "").isdigit()}
    assert {each for each in unknown if ":" not in each} == set()  # an attribute's value, like "colour: white", stays
    for run in client.get("/v1/runs").json()["runs"]:
        assert all("se permite" in refusal(why, "es") for why in run["summary"]["refused"])


def test_every_column_step_and_dataset_has_a_name_in_spanish() -> None:
    known = {*FIGURES, *drift_report._MEANS}
    assert known <= set(columns._MEANS)
    names = {*known, *(dataset.name for dataset in catalog.DATASETS)}
    assert {name for name in names if name not in columns._NAMES} == set()


def test_texts_take_the_same_values_in_both_languages() -> None:
    taken = {key: [{name for _, name, _, _ in Formatter().parse(text)} for text in both] for key, both in TEXTS.items()}
    assert {key for key, (english, spanish) in taken.items() if english - {None} != spanish - {None}} == set()
