"""How often the automatic rollback is wrong, and what it can find: histories drawn from stored outcomes of one recipe.

`make bench`. The outcomes are SodAI's weekly F1 by models that differ in their seed alone, each also four weeks older;
`python -m benchmarks.rollback --again` makes them anew (ten minutes).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.page import made_on, write_section
from benchmarks.speed import SHARED
from semana.data.weeks import Week
from semana.evaluation.backtest import cuts_before
from semana.evaluation.fallen import Outcome, judge_rollback
from semana.evaluation.race import fit_scorers, judge_week, sample_share
from semana.models.scorer import Scorer
from semana.params import Params, RollbackParams
from semana.pipeline import ingest, prepare
from semana.pipeline.labels import LabelWeeks, totals_of
from semana.pipeline.order import Order, begin
from semana.settings import read_settings
from semana.stores.home import open_home, read_params

STORED = Path(__file__).with_name("rollback.json")
HISTORIES, LENGTH, YEAR = 1_000, 26, 52
# W28, two weeks before, is unlike any other (F1 .29, usual is .55): who learned from it is worse for four weeks.
ODD = "2024-W30"
DEGRADATIONS = (0.0, 0.01, 0.02, 0.04)
SEEDS = 8
REFIT = 4  # weeks that a model serves, as `retrain: max_age_weeks` has it
WEEKS = 28
# Smaller than what serves, so that the benchmark ends in minutes: their seeds differ more, not less.
TREES, FIT_ROWS = 100, 150_000


def smaller(params: Params, *, seed: int) -> Params:
    """The params with fewer trees and rows, and this seed."""
    models = params.models
    boosting = models.boosting.model_copy(update={"trees": TREES})
    return params.model_copy(
        update={"models": models.model_copy(update={"boosting": boosting, "fit_rows": FIT_ROWS, "seed": seed})}
    )


def outcomes() -> dict[str, Any]:
    """F1 by week of every seed's model (`new`), and of the one it replaced, four weeks older (`old`)."""
    with tempfile.TemporaryDirectory() as folder:
        stores = open_home(read_settings(Path(folder) / "home"), create=True)
        now = datetime.now(UTC)
        files = [SHARED / "sodai" / f"{name}.parquet" for name in ("clientes", "productos", "transacciones")]
        ingest.land(stores, files, source="sodai", table=None, arrival=now)
        run = begin(stores, Order(now, as_of=date(2024, 12, 29)))
        prepare.run(run, stores)
        totals, examples = totals_of(run, stores), LabelWeeks(run, stores)
        weeks = totals.weeks[-WEEKS:]
        params = [smaller(stores.params, seed=1000 * seed) for seed in range(1, SEEDS + 1)]
        new: dict[str, list[float]] = {}
        old: dict[str, list[float]] = {}
        scorers: list[list[Scorer]] = []
        for n, week in enumerate(weeks):
            if n % REFIT == 0:
                scorers = [*scorers[-1:], list(_fitted(week, params, examples, totals))]
            fitted = [(new, scorers[-1]), *([(old, scorers[0])] if len(scorers) > 1 else [])]
            named = {f"{m}-{n}": scorer for m, (_, each) in enumerate(fitted) for n, scorer in enumerate(each)}
            judged = judge_week(named, examples, totals, week=week, params=params[0])
            for m, (store, each) in enumerate(fitted):
                store[str(week)] = [judged[f"{m}-{n}"]["f1"] for n in range(len(each))]
            print(week, [round(f1, 4) for f1 in new[str(week)]], file=sys.stderr, flush=True)
        holidays = [str(week) for week in weeks if totals.holidays.get(week, 0)]
        return {"new": new, "old": old, "holidays": holidays}


def _fitted(week: Week, params: list[Params], examples: Any, totals: Any) -> Iterator[Scorer]:
    cuts = cuts_before(week, totals.weeks, params[0].cuts)
    share = sample_share(examples, totals, cuts, params[0])
    for each in params:
        yield fit_scorers(["boosting"], examples, totals, cuts, each, share=share, contracts={})["boosting"]


def histories(
    found: dict[str, Any], rng: np.random.Generator, *, kind: str, life: int
) -> Iterator[list[list[Outcome]]]:
    """Histories of LENGTH weeks, each as the champions' lives in it: what each one's shadow did in the same weeks.

    A life is `life` weeks, drawn as blocks of REFIT weeks that follow one another, with two seeds. `kind`: the shadow
    is as new as the champion ("seed"), four weeks older ("older"), or that with the block of ODD left out ("calm").
    """
    weeks = sorted(found["old"])  # the same for all kinds
    blocks = [weeks[n : n + REFIT] for n in range(0, len(weeks), REFIT)]
    if kind == "calm":
        blocks = [block for block in blocks if ODD not in block]
    first = Week.parse("2024-W01")
    for _ in range(HISTORIES):
        lives = []
        for begins in range(0, LENGTH, life):
            seeds = rng.choice(SEEDS, size=2, replace=False)
            drawn = [week for n in rng.integers(len(blocks), size=-(-life // REFIT)) for week in blocks[n]]
            last = min(life, LENGTH - begins)
            lives.append(
                [
                    Outcome(
                        first + begins + n,
                        found["new"][week][seeds[0]],
                        found["new" if kind == "seed" else "old"][week][seeds[1]],
                        holiday=week in found["holidays"],
                    )
                    for n, week in enumerate(drawn[:last])
                ]
            )
        yield lives


def rollbacks(lives: Sequence[Sequence[Outcome]], params: RollbackParams, *, worse: float) -> list[int]:
    """After how many weeks of its life each champion, `worse` by so much, goes back to its shadow; one a rollback."""
    last: Week | None = None
    delays = []
    for life in lives:
        seen: list[Outcome] = []
        for n, outcome in enumerate(life, start=1):
            seen.append(Outcome(outcome.week, outcome.champion - worse, outcome.shadow, outcome.holiday))
            if judge_rollback(seen, target=outcome.week + 1, last_rollback=last, params=params).roll_back:
                last = outcome.week + 1
                delays.append(n)
                break
    return delays


def row(found: dict[str, Any], params: RollbackParams, *, kind: str, life: int, worse: float) -> str:
    """One line of the table: how many histories and lives have a rollback, and how soon it comes."""
    rng = np.random.default_rng(20240101)
    all_lives = list(histories(found, rng, kind=kind, life=life))
    each = [rollbacks(lives, params, worse=worse) for lives in all_lives]
    share = float(np.mean([bool(delays) for delays in each]))
    delays = [delay for delays in each for delay in delays]
    soon = float(np.median(delays)) if delays else float("nan")
    champions = sum(len(lives) for lives in all_lives)
    says = f"{len(delays) / champions:.1%}" if worse else f"{1 - (1 - share) ** (YEAR / LENGTH):.2%} a year"
    after = f"{soon:.0f}" if delays else "–"
    shadow = {"seed": "another seed", "older": "4 weeks older", "calm": f"4 weeks older, without {ODD}'s"}[kind]
    served = f"{life} weeks" if life < LENGTH else f"all {LENGTH} weeks"
    return f"| {shadow} | {served} | {worse:g} | {share:.1%} | {says} | {after} |"


def main() -> None:
    """Prints the table into docs/benchmarks.md."""
    if "--again" in sys.argv:
        STORED.write_text(json.dumps(outcomes(), indent=1) + "\n")
    found = json.loads(STORED.read_text())
    params = read_params(Path(__file__).resolve().parents[1] / "params.yaml").rollback
    calm = [week for week in found["old"] if week not in found["holidays"]]
    new, old = (np.array([found[name][week] for week in calm]) for name in ("new", "old"))
    pairs = [(a, b) for a in range(SEEDS) for b in range(SEEDS) if a != b]
    seeds = np.concatenate([new[:, a] - new[:, b] for a, b in pairs])
    ages = np.concatenate([new[:, a] - old[:, b] for a, b in pairs])
    says = f"""\
The rule of `params.yaml` (`rollback`) on {HISTORIES:,} histories of {LENGTH} weeks, drawn from SodAI's F1 in
{len(found["old"])} weeks of 2024 by {SEEDS} models that differ in their seed alone ({TREES} trees, at most
{FIT_ROWS:,} rows: smaller than what serves), each also as it was four weeks earlier. Blocks of four weeks are drawn
whole. Weekly differences in F1, holidays left out: between seeds sd {seeds.std():.4f}, lowest {seeds.min():+.3f}; to a
model four weeks older mean {ages.mean():+.4f}, sd {ages.std():.4f}, lowest {ages.min():+.3f}.

Without a planted loss a rollback is false where champion and shadow differ in their seed. Where the shadow is four
weeks older, all of them come from one block: whoever had learned from 2024-W28, a week unlike any other, was worse
in truth in the four weeks after it (in {ODD} by {(old - new).mean(axis=1)[calm.index(ODD)]:.3f}), and goes back.
"""
    lines = [
        *says.splitlines(),
        "",
        "| shadow | champion serves | planted loss | histories with one | champions rolled back | weeks, median |",
        "|---|---|---|---|---|---|",
    ]
    for kind in ("seed", "calm", "older"):
        for life in (REFIT, LENGTH):
            lines += [row(found, params, kind=kind, life=life, worse=worse) for worse in DEGRADATIONS]
    lines += ["", f"{made_on('numpy')} The outcomes were stored before (`benchmarks/rollback.json`)."]
    write_section("rollback", "\n".join(lines))


if __name__ == "__main__":
    main()
