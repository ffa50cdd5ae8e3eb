"""An experiment's life: lists that are made, scored and flagged, and that no reader shows."""

from __future__ import annotations

import polars as pl
import pytest

from semana.data import catalog
from semana.errors import UsageError
from semana.pipeline.experiment import begin, effects, findable, stop
from semana.pipeline.explain import explain
from semana.pipeline.labels import LabelWeeks
from semana.reports.experiments import effect_in_words, findable_in_words
from semana.reports.lists import shown
from semana.stores.home import Stores
from tests.pipeline.living import NOW, SECOND, deliver, run

NEXT = SECOND + 1


def begun(stores: Stores, *, weeks: int = 4) -> dict[str, object]:
    return begin(stores, share=0.3, weeks=weeks, smallest=None, now=NOW)


def published(stores: Stores, week: object) -> pl.DataFrame:
    rows: pl.DataFrame = stores.publications.predictions(week).collect("polars").to_native()  # type: ignore[arg-type]
    return rows


def test_what_it_can_find_is_told_before_it_begins(living: Stores) -> None:
    told = findable(living, share=0.3, weeks=4)
    assert (told["customers"], told["read_from_weeks"]) == (40, 4)
    assert told["findable"] >= 0
    assert "30% of 40 customers held out for 4 weeks" in findable_in_words(told)
    for share in (0.0, 0.6, 1.0):
        with pytest.raises(UsageError, match=r"above 0 and at most 0\.5"):
            findable(living, share=share, weeks=4)


def test_it_begins_with_the_next_list_one_at_a_time_and_ends_when_stopped(living: Stores) -> None:
    found = begun(living)
    assert (found["first_week"], found["last_week"]) == (str(NEXT), str(NEXT + 3))
    with pytest.raises(UsageError, match="one at a time"):
        begun(living)
    assert stop(living, now=NOW)["weeks"] == 0
    with pytest.raises(UsageError, match="no experiment runs"):
        stop(living, now=NOW)
    assert begun(living)["id"] != found["id"]


def test_lists_of_held_out_customers_are_made_flagged_and_not_shown(living: Stores) -> None:
    begun(living)
    experiment = living.experiments.running(NEXT)
    assert experiment is not None
    deliver(living, SECOND)
    run(living, NEXT)
    rows = published(living, NEXT)
    out = {customer for customer in range(40) if experiment.holds_out(customer)}
    assert 4 < len(out) < 20
    assert set(rows.filter("held_out")["customer_id"]) == out
    assert rows.filter(pl.col("held_out") & pl.col("recommended")).height
    assert not set(shown(rows)["customer_id"]) & out
    assert living.publications.manifests(NEXT)[-1]["counts"]["held_out"] == len(out)
    assert not published(living, SECOND)["held_out"].any()
    with pytest.raises(UsageError, match="is held out of the lists"):
        explain(living, str(NEXT), str(min(out)), "0", top=1)


def test_held_out_customers_are_scored_flagged_in_training_and_tell_the_effect(living: Stores) -> None:
    begun(living, weeks=1)
    experiment = living.experiments.running(NEXT)
    assert experiment is not None
    for week in (SECOND, NEXT):
        deliver(living, week)
        last = run(living, week + 1)
    assert last["newest_performance"]["f1_held_out"] > 0
    assert living.lake.read(catalog.PERFORMANCE, SECOND)["f1_held_out"].to_list() == [None, None]
    rows = LabelWeeks(living.runs.all()[-1], living)(NEXT)
    assert set(rows.filter("held_out")["customer_id"]) == {c for c in range(40) if experiment.holds_out(c)}
    assert not LabelWeeks(living.runs.all()[-1], living)(SECOND)["held_out"].any()
    (found,) = effects(living)
    assert found["complete_weeks"] == 1
    assert found["effect"]["held_out"] + found["effect"]["shown"] == 40
    assert "bought" in effect_in_words(found)


def test_before_its_first_week_is_over_there_is_nothing_to_tell(living: Stores) -> None:
    begun(living)
    (found,) = effects(living)
    assert "nothing to tell yet" in effect_in_words(found)
