"""The running week as it arrives: a feed that breaks on Wednesday is found on Wednesday, and a calm one is not."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import polars as pl
import pytest

from semana.data.weeks import Week
from semana.errors import UsageError
from semana.monitoring.live import judge_asked, judge_spans, projected
from semana.pipeline import ingest
from semana.pipeline.live import look, look_after
from semana.reports.drift import asked_in_words
from semana.settings import read_settings
from semana.stores.alerts import Alerts, Event
from semana.stores.home import Stores, open_home
from semana.stores.reviewed import LIVE
from tests import shop
from tests.features.known import PARAMS
from tests.pipeline.living import NOW

KNOWN = 20
RUNNING = shop.FIRST + KNOWN
WEDNESDAY = RUNNING.days[2]


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    settings = read_settings(tmp_path / "home")
    files = shop.write_all(tmp_path / "files", weeks=shop.WEEKS[:KNOWN])
    ingest.land(open_home(settings, create=True), files, source="canonical", table=None, arrival=NOW)
    return open_home(settings)


def came(stores: Stores, rows: pl.DataFrame, name: str) -> dict[str, object]:
    path = shop.write(rows, stores.home.parent / f"transactions-{name}.parquet")
    return ingest.land(stores, [path], source="canonical", table=None, arrival=NOW)


def until(day: date) -> pl.DataFrame:
    return shop.transactions(Week.of(day)).filter(pl.col("date") <= day)


def test_a_calm_running_week_is_calm_and_its_total_is_foreseen(stores: Stores) -> None:
    came(stores, until(WEDNESDAY), "calm")
    report = look(stores, clock=WEDNESDAY)
    assert (report["week"], report["until"], report["odd"]) == (str(RUNNING), str(WEDNESDAY), [])
    assert report["past_weeks"] >= PARAMS.drift.least_weeks
    assert report["projected_lines"]["total"] == pytest.approx(320, rel=0.02)
    assert (stores.home / LIVE).exists()


def test_a_feed_that_breaks_on_wednesday_is_found_on_wednesday(stores: Stores) -> None:
    whole = until(WEDNESDAY)
    came(stores, whole.filter((pl.col("date") < WEDNESDAY) | (pl.col("customer_id") < 8)), "broken")
    report = look(stores, clock=WEDNESDAY)
    assert "Wednesday" in report["odd"]
    assert "Tuesday" not in report["odd"]


def test_a_day_that_is_missing_altogether_is_found_when_the_next_comes(stores: Stores) -> None:
    whole = until(RUNNING.days[3])
    came(stores, whole.filter(pl.col("date") != WEDNESDAY), "gap")
    assert "Wednesday" in look(stores, clock=RUNNING.days[3])["odd"]


def test_a_feed_that_loses_its_amounts_is_found(stores: Stores) -> None:
    came(stores, until(WEDNESDAY).with_columns(amount=pl.lit(None, pl.Float64)), "unpriced")
    assert look(stores, clock=WEDNESDAY)["odd"] == ["share without an amount"]


def test_what_is_odd_is_told_once_and_of_a_past_day_nothing(stores: Stores) -> None:
    told: list[Event] = []
    heard = replace(stores, alerts=Alerts(stores.home / "alerts", {"test": told.append}))
    summary = came(heard, until(WEDNESDAY).head(10), "broken")
    now = datetime.combine(WEDNESDAY, time(20), tzinfo=UTC)
    look_after(heard, summary, clock=WEDNESDAY, now=NOW)
    assert told == []
    found = look_after(heard, summary, clock=WEDNESDAY, now=now)
    look_after(heard, summary, clock=WEDNESDAY, now=now)
    assert found is not None
    assert found["odd"]
    (event,) = told
    assert event.kind == "running week odd"
    assert "usual is" in event.says
    again = came(heard, until(WEDNESDAY).head(10), "broken")
    assert look_after(heard, again, clock=WEDNESDAY, now=now) is None


def test_without_an_order_line_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no order line has landed"):
        look(open_home(read_settings(tmp_path / "new"), create=True), clock=WEDNESDAY)


def test_a_figure_is_odd_beyond_every_past_week_by_the_margin() -> None:
    past = {"lines": [90.0, 100.0] * 10, "few": [1.0, 2.0]}
    margin = PARAMS.drift.margin
    for now, odd in ((100 * margin - 1, False), (100 * margin + 1, True), (90 / margin - 1, True), (0.0, True)):
        (span,) = judge_spans({"lines": now}, past, PARAMS.drift, slack={})
        assert span.odd is odd
    assert not judge_spans({"lines": 100 * margin + 1}, past, PARAMS.drift, slack={"lines": 2})[0].odd
    assert not judge_spans({"few": 99.0}, past, PARAMS.drift, slack={})[0].odd


def test_a_projection_holds_the_shares_of_past_weeks() -> None:
    found = projected(30, [0.25, 0.3, 0.35], interval=0.8)
    assert found is not None
    assert found.total == pytest.approx(100)
    assert found.low < 100 < found.high
    assert projected(30, [], interval=0.8) is None


def hours(bins: list[int], **more: float) -> dict[str, object]:
    return {"requests": 2, "rows": sum(bins), "unknown": 0, "bins": bins, "kinds": {"usual": sum(bins)}, **more}


def test_what_an_api_is_asked_stands_beside_the_list() -> None:
    published = {"bins": [0] * 5 + [10] * 5, "kinds": {"usual": 40, "overdue": 10, "new": 0}}
    alike = judge_asked([hours([0] * 5 + [1] * 5), hours([0] * 5 + [2] * 5)], published, unknown=0.1)
    assert alike is not None
    assert (alike.requests, alike.rows, alike.distance, alike.gap, alike.odd) == (4, 15, 0.0, None, ())
    assert alike.kinds == {"usual": (1.0, 0.8), "overdue": (0.0, 0.2), "new": (0.0, 0.0)}
    other = judge_asked([hours([10] + [0] * 9, unknown=2)], published, unknown=0.1)
    assert other is not None
    assert (other.distance, other.unknown, other.odd) == (1.0, 0.2, ("unknown ids",))
    skewed = judge_asked([hours([0] * 9 + [9], twice=3, gap=0.3)], published, unknown=0.1)
    assert skewed is not None
    assert skewed.gap == pytest.approx(0.1)
    assert skewed.odd == ("live scores unlike the published ones",)
    assert judge_asked([], published, unknown=0.1) is None
    assert asked_in_words(None) == []
    assert asked_in_words(asdict(skewed))[-1] == "odd: live scores unlike the published ones"
