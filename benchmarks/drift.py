"""Whether drift cries wolf, what it finds and how soon, beside the usual rules: `python -m benchmarks.drift`.

Histories are drawn from the weeks of real shops: blocks of four weeks drawn whole, customers drawn with replacement, so
that nothing drifts but by chance. A shift is planted into the last twelve weeks of some. All is done on the statistics,
not on whole runs.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from scipy import stats

from benchmarks.drift_histories import (
    BLOCK,
    JUDGED,
    LENGTH,
    SHIFTS,
    Floats,
    Shop,
    draws,
    histories,
    prices_rise,
    shops,
    watched,
)
from benchmarks.page import PEERS, made_on, write_section
from benchmarks.pictures import methods
from benchmarks.speed import SHARED
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.monitoring import behaviour as b
from semana.monitoring.drift import CONFIRMED, RECENT, TRAINING, Drift, judge_drift, references
from semana.params import DriftParams
from semana.stores.home import read_params

REPLAYS, PLANTED, FEW = 200, 20, 3
LEARNED = 14  # weeks that a champion learns from
AGES = (1, 3, 5)  # of a champion, week by week
OURS, KS, PSI, PRESET = "ours", "KS / chi-square, p < .05", "PSI > .1", "Evidently's preset"
PARAMS = read_params(Path(__file__).resolve().parents[1] / "params.yaml").drift


def alarms(columns: Sequence[b.Column], params: DriftParams) -> list[bool]:
    """Whether drift is confirmed, in each of the last JUDGED weeks, by champions of every age in turn."""
    by_age = [
        judge_drift(
            columns,
            range(LENGTH),
            holidays=frozenset(),
            compared=references(age=age, learned=LEARNED, params=params),
            params=params,
        )
        for age in AGES
    ]
    return [by_age[week % len(AGES)].weeks[week].verdict == CONFIRMED for week in range(LENGTH - JUDGED, LENGTH)]


def usual_rules(columns: Sequence[b.Column]) -> dict[str, list[bool]]:
    """Alarms of the usual rules in each of the last JUDGED weeks, against the four weeks before."""
    found: dict[str, list[bool]] = {KS: [], PSI: []}
    for week in range(LENGTH - JUDGED, LENGTH):
        pairs = [(c.kind, c.weights[week], c.weights[week - 4 : week].sum(axis=0)) for c in columns]
        found[KS].append(any(_p_value(*pair) < 0.05 for pair in pairs))
        found[PSI].append(any(_psi(*pair) > 0.1 for pair in pairs))
    return found


def _p_value(kind: str, now: Floats, then: Floats) -> float:
    here, there = now.sum(), then.sum()
    if kind == b.NUMBER:
        apart = np.abs(np.cumsum(now / here) - np.cumsum(then / there)).max()
        return float(stats.kstwobign.sf(apart * np.sqrt(here * there / (here + there))))
    table = np.array([now, then])
    return float(stats.chi2_contingency(table[:, table.sum(axis=0) > 0])[1])


def _psi(kind: str, now: Floats, then: Floats) -> float:
    """Population stability index; of numbers over the tenths of the weeks before."""
    p, q = now / now.sum(), then / then.sum()
    if kind == b.NUMBER:
        tenth = np.minimum((np.cumsum(q) * 10 - 1e-9).astype(int), 9)
        p, q = (np.bincount(tenth, weights=each, minlength=10) for each in (p, q))
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return float(((p - q) * np.log(p / q)).sum())


def measured(shop: Shop, params: DriftParams, folder: Path) -> dict[str, list[list[bool]]]:
    """By rule, whether it sounds, history by history and week by week."""
    told: dict[str, list[list[bool]]] = {}
    for columns in histories(shop, REPLAYS, seed=1):
        for rule, alarmed in {OURS: alarms(columns, params), **usual_rules(columns)}.items():
            told.setdefault(rule, []).append(alarmed)
    if peer := evidently(shop, folder / f"frames of {shop.name}"):
        told[PRESET] = peer
    return told


def of_shop(shop: Shop, told: Mapping[str, Sequence[Sequence[bool]]]) -> list[str]:
    """The shop's rows of the first table."""
    lines = []
    for rule, of_all in told.items():
        with_one = np.mean([any(each) for each in of_all])
        lines.append(f"| {shop.name} | {rule} | {len(of_all)} | {with_one:.1%} | {np.mean(of_all):.1%} |")
    return lines


def drawn(told: Mapping[str, Mapping[str, Sequence[Sequence[bool]]]]) -> str:
    """In how many calm weeks an alarm sounds, a row a rule, a mark a shop; every shop has the same rules."""
    rules = next(iter(told.values()))
    shares = {rule: {shop: float(np.mean(of_all[rule])) for shop, of_all in told.items()} for rule in rules}
    return methods("drift", shares, caption="Calm weeks with an alarm, by rule", said="{:.0%}".format)


def evidently(shop: Shop, folder: Path) -> list[list[bool]]:
    """Whether Evidently's preset calls the data drifted, week by week of a few of the same histories; or nothing."""
    if not PEERS.exists():
        return []
    folder.mkdir()
    names = [name for name in shop.table.columns if name not in (s.CUSTOMER_ID, s.WEEK)]
    table = shop.table.select(s.CUSTOMER_ID, s.WEEK, *(name for name in names if shop.table[name].n_unique() > 1))
    for number, (votes, weeks) in enumerate(draws(shop, FEW, seed=1)):
        rows = table.filter(pl.Series(votes > 0).gather(table[s.CUSTOMER_ID]))
        times = pl.Series(votes).gather(rows[s.CUSTOMER_ID]).cast(pl.UInt32)
        again = rows.select(pl.all().repeat_by(times)).explode(rows.columns)
        for week in range(LENGTH - JUDGED, LENGTH):
            for which, part in (("now", weeks[[week]]), ("then", weeks[week - 4 : week])):
                drawn = pl.concat([again.filter(pl.col(s.WEEK) == each) for each in part])
                drawn.drop(s.CUSTOMER_ID, s.WEEK).write_parquet(folder / f"{number:03d}-{week:03d}-{which}.parquet")
    found: dict[str, list[bool]] = {}
    for line in asked(folder):
        found.setdefault(line["name"][:3], []).append(line["share"] >= 0.5)
    return list(found.values())


def asked(folder: Path) -> list[dict[str, Any]]:
    """What Evidently says of the frames in the folder."""
    program = Path(__file__).with_name("evidently_peer.py")
    done = subprocess.run([PEERS, program, folder], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def found(shop: Shop, params: DriftParams) -> list[str]:
    """How often each planted shift is confirmed within its twelve weeks, and after how many in the median."""
    rows = []
    for name, (make, sizes) in SHIFTS.items():
        if make is prices_rise and "price" not in shop.rows:
            continue
        cells = []
        for size in sizes:
            delays = []
            for columns in histories(shop, PLANTED, seed=2, shift=make(size)):
                told = alarms(columns, params)
                delays.append(told.index(True) + 1 if any(told) else None)
            there = [delay for delay in delays if delay is not None]
            after = f", {np.median(there):.0f}" if there else ""
            cells.append(f"{size:g}: {len(there) / PLANTED:.0%}{after}")
        rows.append(f"| {shop.name} | {name} | {' | '.join(cells)} |")
    return rows


def christmas(folder: Path) -> str:
    """The verdicts on SodAI's last weeks, as its year ends."""
    sodai = [SHARED / "sodai" / f"{name}.parquet" for name in ("clientes", "productos", "transacciones")]
    if not sodai[0].exists():
        return "not judged: SodAI is not there"
    seen = watched("christmas", "sodai", sodai, date(2024, 12, 31), folder)
    params = seen.stores.params.drift
    drifts: list[Drift] = [
        judge_drift(
            seen.columns(),
            seen.weeks,
            holidays=seen.holidays,
            compared=references(age=age, learned=LEARNED, params=params),
            params=params,
        )
        for age in AGES
    ]
    last = [f"{Week(each.week)} {each.verdict}" for each in drifts[0].weeks[-4:]]
    confirmed = sum(each.verdict == CONFIRMED for drift in drifts for each in drift.weeks)
    return f"{', '.join(last)}. In the whole year, with champions of any age, confirmed: {confirmed}."


def speed(folder: Path) -> str:
    """Seconds of 20 columns of 2 x 100,000 rows, half numbers, half kinds: ours beside Evidently's preset."""
    rng = np.random.default_rng(1)
    many, plain = 100_000, [f"n{n}" for n in range(10)]
    frame = pl.DataFrame(
        {
            s.CUSTOMER_ID: np.tile(np.arange(many), 2),
            s.WEEK: np.repeat([1, 2], many),
            **{name: rng.normal(size=2 * many) for name in plain},
            **{f"k{n}": rng.integers(20, size=2 * many).astype(str) for n in range(10)},
        }
    )
    began = time.perf_counter()
    rows = nw.from_native(frame.lazy())
    columns = b.figures(rows, plain)
    for n in range(10):
        column = b.kinds(f"k{n}", rows.select(s.CUSTOMER_ID, s.WEEK, nw.col(f"k{n}").alias("kind")))
        columns += [column] if column else []
    compared = references(age=None, learned=0, params=PARAMS)
    judge_drift(columns, [1, 2], holidays=frozenset(), compared=compared, params=PARAMS)
    ours = f"2 x 100,000 rows x 20 columns: {time.perf_counter() - began:.2f} s"
    if not PEERS.exists():
        return f"{ours}; Evidently is not there (make peers)."
    folder.mkdir()
    for which, week in (("now", 2), ("then", 1)):
        part = frame.filter(pl.col(s.WEEK) == week).drop(s.CUSTOMER_ID, s.WEEK)
        part.write_parquet(folder / f"speed-{which}.parquet")
    return f"{ours}; Evidently's preset {asked(folder)[0]['seconds']:.1f} s, its import left out."


def main() -> None:
    """Prints the section."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        calm, planted, told = [], [], {}
        for shop, seen in shops(folder):
            told[shop.name] = measured(shop, seen.stores.params.drift, folder)
            calm += of_shop(shop, told[shop.name])
            planted += found(shop, seen.stores.params.drift)
            print(*calm, *planted, sep="\n", flush=True)
        lines = [
            f"{REPLAYS} calm histories of {LENGTH} weeks a shop, of which the last {JUDGED} are judged,",
            f"in blocks of {BLOCK} real weeks, holidays left out, customers drawn; champions 1, 3 and 5 weeks old.",
            f"References: {RECENT}, {TRAINING}. The usual rules compare a week with the four before it; a column that",
            "moved is an alarm.",
            "",
            "| shop | rule | histories | with an alarm | weeks with one |",
            "|---|---|---|---|---|",
            *calm,
            "",
            drawn(told),
            "",
            f"Shifts planted into the last {JUDGED} weeks of {PLANTED} histories each. A cell: size of the shift, how",
            "many are confirmed, and in which week in the median (the second is the earliest that can be). One history",
            "of twenty, 5%, may be an alarm that no shift caused: calm ones have some too, above.",
            "",
            "| shop | shift | small | medium | large |",
            "|---|---|---|---|---|",
            *planted,
            "",
            f"SodAI's Christmas: {christmas(folder)}",
            "",
            speed(folder / "speed"),
            "",
            made_on("numpy", "scipy", "polars", others=["evidently"]),
        ]
        write_section("drift", "\n".join(lines))


if __name__ == "__main__":
    main()
