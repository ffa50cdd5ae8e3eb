"""Who serves next: rollbacks by themselves and by hand, promotions by hand, and what damage does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl
import pytest

from semana.data import catalog
from semana.errors import Busy, ContractError, UsageError
from semana.pipeline import promote, review
from semana.pipeline.compare import compare
from semana.pipeline.order import Order
from semana.pipeline.succession import promote_by_hand, roll_back_by_hand, shadow_of
from semana.pipeline.weekly import run_step
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.runs import Run
from tests.pipeline.living import NOW, SECOND, deliver, plant, reopened, run

NEXT = SECOND + 1
BOTH = {"champion": "1.0.1", "shadow": "1.0.0"}


def reviewed(stores: Stores) -> dict[str, object]:
    """What review says before NEXT is predicted, once SECOND, the first week of 1.0.1, is over."""
    found: dict[str, object] = run_step("review", stores, Order(NOW, as_of=NEXT.start))["rollback"]
    return found


def versions(stores: Stores) -> list[str]:
    return [entry["version"] for entry in stores.ledger.entries()]


def damage(stores: Stores, version: str) -> None:
    bundle = next(entry["to"] for entry in stores.ledger.entries() if entry["version"] == version)
    path = stores.home / "bundles" / bundle / "recipe.json"
    path.write_bytes(path.read_bytes() + b" ")


def test_the_second_model_serves_and_the_first_is_its_shadow(living: Stores) -> None:
    assert versions(living) == ["1.0.0", "1.0.1"]
    assert living.publications.served(SECOND)["shadow"] == "1.0.0"


def test_a_champion_far_below_its_shadow_in_one_week_goes_back_once(living: Stores) -> None:
    deliver(living, SECOND)
    plant(living, {SECOND: (0.5, 0.54)}, **BOTH)
    assert reviewed(living)["rolled_back"]
    entry = living.ledger.entries()[-1]
    assert (entry["version"], entry["kind"], entry["week"]) == ("1.0.0", "rolled back", str(NEXT))
    assert entry["evidence"]["weeks"] == {str(SECOND): [0.5, 0.54]}
    assert not reviewed(living)["rolled_back"]
    assert versions(living) == ["1.0.0", "1.0.1", "1.0.0"]


def test_a_week_with_a_holiday_is_no_evidence(living: Stores) -> None:
    deliver(living, SECOND)
    plant(living, {SECOND: (0.5, 0.54)}, **BOTH)
    run_step("prepare", living, Order(NOW, as_of=NEXT.start))
    weeks = living.lake.read(catalog.WEEKS, NEXT)
    living.lake.write(catalog.WEEKS, weeks.with_columns(holidays=pl.lit(1, pl.Int64)), NEXT)
    assert not reviewed(living)["rolled_back"]


def test_figures_of_other_versions_are_no_evidence(living: Stores) -> None:
    deliver(living, SECOND)
    plant(living, {SECOND: (0.5, 0.54)}, champion="0.9.0", shadow="1.0.0")
    assert not reviewed(living)["rolled_back"]


def test_what_a_person_knew_who_promoted_it_again_is_no_evidence(living: Stores) -> None:
    deliver(living, SECOND)
    plant(living, {SECOND: (0.5, 0.54)}, **BOTH)
    living.publications.publish(
        living.publications.predictions(SECOND).collect("polars").to_native(),
        living.publications.manifests(SECOND)[-1] | {"week": str(NEXT)},
        NEXT,
    )
    for version in ("1.0.0", "1.0.1"):
        promote_by_hand(living, version, reason="I know better", now=NOW)
    assert not reviewed(living)["rolled_back"]
    assert versions(living)[-1] == "1.0.1"


def test_a_past_weeks_review_leaves_the_ledger_alone(living: Stores) -> None:
    plant(living, {SECOND + -2: (0.5, 0.54)}, **BOTH)
    run_step("review", living, Order(NOW, week=SECOND + -1))
    assert versions(living) == ["1.0.0", "1.0.1"]


def test_after_a_rollback_the_run_goes_on_with_the_predecessor_and_does_not_retrain(living: Stores) -> None:
    deliver(living, SECOND)
    plant(living, {SECOND: (0.5, 0.54)}, **BOTH)
    summary = run(living, NEXT)
    assert summary["rollback"]["rolled_back"]
    assert summary["rollback"]["to"] == summary["model_version"] == "1.0.0"
    assert summary["reasons"] == ["rolled back for this week: the next run may retrain"]
    assert living.publications.manifests(NEXT)[-1]["shadow"] is None


def test_the_next_model_after_a_rollback_gets_a_version_of_its_own(living: Stores) -> None:
    roll_back_by_hand(living, reason="calls went wrong", now=NOW)
    deliver(living, SECOND)
    assert run(living, NEXT, "always")["model_version"] == "1.0.2"


def test_a_rollback_by_hand_without_a_predecessor_says_so(living: Stores) -> None:
    entry = roll_back_by_hand(living, reason="calls went wrong", now=NOW)
    assert (entry["version"], entry["by"], entry["why"]) == ("1.0.0", "by hand", ["calls went wrong"])
    with pytest.raises(ContractError, match=r"1\.0\.0 has no predecessor that may serve"):
        roll_back_by_hand(living, reason="again", now=NOW)


def test_a_version_that_was_rolled_back_is_never_gone_back_to(living: Stores) -> None:
    roll_back_by_hand(living, reason="calls went wrong", now=NOW)
    promote_by_hand(living, "1.0.1", reason="it was the file", now=NOW)
    deliver(living, SECOND)
    assert run(living, NEXT, "always")["model_version"] == "1.0.2"
    shadow = shadow_of(living, NEXT)
    assert shadow is not None
    assert shadow["version"] == "1.0.0"


def test_an_older_version_is_promoted_by_hand_and_serves(living: Stores) -> None:
    with pytest.raises(UsageError, match="serves already"):
        promote_by_hand(living, "1.0.1", reason="why not", now=NOW)
    with pytest.raises(UsageError, match=r"there are: 1\.0\.0, 1\.0\.1"):
        promote_by_hand(living, "7.0.0", reason="why not", now=NOW)
    promote_by_hand(living, "1.0.0", reason="a campaign", now=NOW)
    assert run(living, SECOND)["model_version"] == "1.0.0"
    shadow = shadow_of(living, SECOND)
    assert shadow is not None
    assert shadow["version"] == "1.0.1"


def test_a_damaged_champion_gives_way_at_once_and_the_list_goes_out(living: Stores) -> None:
    damage(living, "1.0.1")
    deliver(living, SECOND)
    summary = run(living, NEXT)
    assert (summary["model_version"], summary["published"]) == ("1.0.0", f"{NEXT} rev 1")
    assert "recipe.json is not what was saved" in summary["rollback"]["says"]


def test_a_champion_that_is_damaged_between_two_steps_gives_way_in_predict(living: Stores) -> None:
    damage(living, "1.0.1")
    run_step("predict", living, Order(NOW, as_of=SECOND.start))
    found = run_step("publish", living, Order(NOW, as_of=SECOND.start, reason="a damaged bundle"))
    assert living.publications.manifests(SECOND)[-1]["model_version"] == "1.0.0"
    assert found["published"] == f"{SECOND} rev 2"


def test_with_every_bundle_damaged_the_run_trains_another(living: Stores) -> None:
    damage(living, "1.0.0")
    damage(living, "1.0.1")
    deliver(living, SECOND)
    with pytest.raises(ContractError, match="no predecessor that may serve"):
        roll_back_by_hand(living, reason="damaged", now=NOW)
    summary = run(living, NEXT)
    assert summary["model_version"] == "1.1.0"
    assert any("cannot serve" in reason for reason in summary["reasons"])


def test_a_damaged_shadow_is_left_out_and_the_list_goes_out(living: Stores) -> None:
    damage(living, "1.0.0")
    deliver(living, SECOND)
    assert run(living, NEXT)["model_version"] == "1.0.1"
    assert living.publications.manifests(NEXT)[-1]["shadow"] is None


def test_a_shadow_whose_features_are_no_more_is_neither_shadow_nor_gone_back_to(
    living: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (entry["to"] for entry in living.ledger.entries())
    monkeypatch.setattr(type(living.bundles), "unsupported", lambda _, name: "gone" if name == first else None)
    assert shadow_of(living, SECOND) is None
    with pytest.raises(ContractError, match=f"bundle {first}: gone"):
        roll_back_by_hand(living, reason="why", now=NOW)
    assert living.bundles.fault(second) is None


def test_a_champion_whose_features_are_no_more_is_replaced(living: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    second = living.ledger.entries()[-1]["to"]
    monkeypatch.setattr(type(living.bundles), "unsupported", lambda _, name: "gone" if name == second else None)
    deliver(living, SECOND)
    summary = run(living, NEXT)
    assert summary["model_version"] == "1.0.2"
    assert any("gone" in reason for reason in summary["reasons"])


def scores_without_numbers(stores: Stores) -> None:
    """As if the run's model had predicted them."""
    scores = stores.lake.read(catalog.SCORES, SECOND)
    stores.lake.write(catalog.SCORES, scores.with_columns(probability=pl.lit(float("nan"))), SECOND)
    begun = stores.runs.latest(SECOND)
    assert begun is not None
    begun.record("level", begun.recall("level") | {"scores": files.sha256(stores.lake.path(catalog.SCORES, SECOND))})


def test_scores_that_are_no_list_are_not_published_and_the_champion_gives_way(living: Stores) -> None:
    scores_without_numbers(living)
    run_step("publish", living, Order(NOW, as_of=SECOND.start, reason="no numbers"))
    assert living.ledger.entries()[-1]["kind"] == "rolled back"
    published = living.publications.manifests(SECOND)[-1]
    assert (published["rev"], published["model_version"]) == (2, "1.0.0")
    scores_without_numbers(living)
    with pytest.raises(ContractError, match="the last list keeps serving"):
        run_step("publish", living, Order(NOW, as_of=SECOND.start, reason="no numbers"))
    assert living.publications.current() == {"week": str(SECOND), "rev": 2}


def test_scores_that_another_run_made_are_not_published_under_this_ones_name(living: Stores) -> None:
    scores = living.lake.read(catalog.SCORES, SECOND)
    living.lake.write(catalog.SCORES, scores.with_columns(probability=pl.col("probability") * 0.9), SECOND)
    with pytest.raises(UsageError, match=f"not those of run {SECOND}-0001.* semana predict --week {SECOND}"):
        run_step("publish", living, Order(NOW, as_of=SECOND.start, reason="again"))
    assert living.publications.current() == {"week": str(SECOND), "rev": 1}


def test_of_two_runs_that_promote_for_the_same_week_exactly_one_wins(living: Stores) -> None:
    """Past the leases, as two hosts might that do not see each other's: the ledger itself lets one through."""
    deliver(living, SECOND)
    run_step("prepare", living, Order(NOW, as_of=NEXT.start))
    for step in ("review", "detect_drift", "decide", "train"):
        run_step(step, living, Order(NOW, as_of=NEXT.start, retrain="always"))
    begun = living.runs.latest(NEXT)
    assert begun is not None

    class Waiting:
        """Both have read the ledger before either writes to it."""

        def __init__(self) -> None:
            from threading import Barrier

            self.barrier = Barrier(2)

        def check(self) -> None:
            self.barrier.wait()

    lease = Waiting()

    def attempt(each: Run) -> str:
        try:
            return str(promote.run(each, reopened(living.home), lease=lease)["promoted"])  # type: ignore[arg-type]
        except Busy as err:
            return str(err)

    with ThreadPoolExecutor(2) as pool:
        won, lost = sorted(pool.map(attempt, [begun, replace(begun)]), key=len)
    assert won == "True"
    assert "wrote entry 3 first" in lost
    assert versions(living) == ["1.0.0", "1.0.1", "1.0.2"]


def test_two_versions_are_compared_by_recipe_and_by_the_weeks_of_both(living: Stores) -> None:
    plant(living, {SECOND + -2: (0.5, 0.54), SECOND + -1: (0.51, 0.52)}, **BOTH)
    for week in (SECOND + -2, SECOND + -1):
        rows = living.lake.read(catalog.PERFORMANCE, week)
        extra = [pl.lit(0.1).alias(name) for name in ("average_precision", "recall_at_10", "ndcg_at_10")]
        living.lake.write(catalog.PERFORMANCE, rows.with_columns(extra), week)
    found = compare(living, "1.0.0", "1.0.1")
    assert found["constants"] == {}
    assert found["realised"]["weeks"] == [str(SECOND + -2), str(SECOND + -1)]
    assert found["realised"]["difference"]["f1"]["mean"] == pytest.approx(-0.025)
    assert [model["last_label_week"] for model in found["models"].values()] == [str(SECOND + -2), str(SECOND + -1)]


def test_review_says_that_a_first_champion_has_no_shadow(living: Stores) -> None:
    roll_back_by_hand(living, reason="calls went wrong", now=NOW)
    begun = living.runs.latest(SECOND)
    assert begun is not None
    assert review.run(begun, living)["rollback"] == {"rolled_back": False, "says": "no shadow to go back to"}
