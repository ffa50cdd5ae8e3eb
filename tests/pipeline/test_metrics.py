"""What is watched as Prometheus, its rules and Grafana's dashboard read it: by their own parsers, from a real home."""

from __future__ import annotations

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from semana.pipeline.order import Order
from semana.pipeline.weekly import run_week
from semana.reports.metrics import exposition
from semana.stores.home import Stores, open_home
from semana.stores.watched import watched
from tests.pipeline.living import NOW, SECOND, deliver
from tests.stores.home import ROOT

RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text())["groups"][0]["rules"]
BOARD = json.loads((ROOT / "deploy" / "grafana" / "semana.json").read_text())
ASKED = [rule["expr"] for rule in RULES] + [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]


def scraped(stores: Stores) -> dict[str, Any]:
    text = exposition(watched(stores))
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


@pytest.fixture
def metrics(living: Stores) -> dict[str, Any]:
    deliver(living, SECOND)
    run_week(living, Order(NOW, as_of=(SECOND + 1).start, reason="a test"))
    return scraped(living)


def test_what_is_exported_is_what_the_home_says(metrics: dict[str, Any], living: Stores) -> None:
    manifest = living.publications.current_manifest()
    assert manifest is not None
    (begins,) = metrics["semana_list_week_start_seconds"]
    assert begins.labels == {"week": str(SECOND + 1), "model_version": manifest["model_version"]}
    assert metrics["semana_list_pairs"][0].value == manifest["counts"]["pairs"]
    steps = {sample.labels["step"]: sample.value for sample in metrics["semana_step_wall_seconds"]}
    assert {"prepare", "review", "detect_drift", "predict", "publish"} <= set(steps)
    rows = {(s.labels["dataset"], s.labels["how"]): s.value for s in metrics["semana_dataset_rows"]}
    assert rows["predictions", "written"] == manifest["counts"]["pairs"]
    f1 = {sample.labels["role"] for sample in metrics["semana_performance"] if sample.labels["metric"] == "f1"}
    assert f1 == {"champion", "shadow"}
    assert {sample.labels["kind"]: sample.value for sample in metrics["semana_ledger_entries"]} == {"promoted": 2}
    not_yet = {"semana_drift_score", "semana_drift_limit", "semana_step_times_usual"}  # told once enough is known
    asked = {name for expr in ASKED for name in re.findall(r"semana_\w+", expr)}
    assert asked - not_yet <= set(metrics)


def test_an_empty_home_is_scraped_too(living: Stores, tmp_path: Any) -> None:
    from semana.settings import read_settings

    found = scraped(open_home(read_settings(tmp_path / "new"), create=True))
    assert found["semana_info"][0].value == 1
    assert "semana_list_pairs" not in found


def test_every_rule_and_panel_asks_in_promql() -> None:
    assert len(ASKED) > 20
    assert all(promql_parser.parse(asked) is not None for asked in ASKED)
    with pytest.raises(ValueError, match=r"unexpected|invalid|expected"):
        promql_parser.parse("semana_step_failed ==")


def test_the_dashboard_has_no_two_panels_in_one_place() -> None:
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in BOARD["panels"]]
    assert len(places) == len(set(places)) > 12
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
