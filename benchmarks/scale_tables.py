"""What `benchmarks.scale` measured, as people read it: tables, growth, what a million customers would take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log
from statistics import linear_regression

from benchmarks.distributor import CUSTOMERS, GROWTH, PRODUCTS, WEEKS
from benchmarks.pictures import growth as drawn_growth
from semana.pipeline import STEPS as WEEKLY
from semana.pipeline.live import LOOK_AFTER

FEATURES, ALL = "of it, features", "all"
BEFORE, AS_OF = "2024-12-29", "2025-01-05"  # Sundays: the last days of the newest week but one, and of the newest
INGEST, *OTHERS = (step.name for step in WEEKLY)
WHOLE = (INGEST, LOOK_AFTER, *OTHERS)
STEPS = tuple(name for step in WHOLE for name in ([step, FEATURES] if step == "predict" else [step]))
FIGURES = ("seconds", "memory", "written")
MILLION = 1_000_000
MILLION_S_PRODUCTS = PRODUCTS * round((MILLION / CUSTOMERS) ** GROWTH)
LEAST = 1.0  # seconds: what takes less in an ordinary week at every scale has no row of its own
Steps = dict[str, dict[str, float]]  # seconds, peak MiB (memory) and MiB written of each


@dataclass(frozen=True)
class Took:
    """What one home took: the week that trains, the ordinary one after it, and its bytes on disk, now and at most.

    `ended` says how it did ("done", or why not), `limited` whether its memory was, `made` with what and where.
    """

    engine: str
    scale: float
    trains: Steps
    ordinary: Steps
    home_bytes: int
    most_bytes: int
    ended: str
    limited: bool
    weeks: int = WEEKS
    gib: float = 8
    made: str = ""

    @property
    def shop(self) -> tuple[float, int]:
        """What grows: how many times SodAI, and the weeks of its history."""
        return self.scale, self.weeks

    @property
    def is_done(self) -> bool:
        """Whether both weeks came through."""
        return self.ended == "done"


def trains(took: Took) -> Steps:
    """The steps of the week that trains."""
    return _with_all(took.trains)


def ordinary(took: Took) -> Steps:
    """The steps of the ordinary week."""
    return _with_all(took.ordinary)


def _with_all(steps: Steps) -> Steps:
    """With the whole week, where all of it is there: seconds and MiB written in all, and the largest peak."""
    whole = [steps[step] for step in WHOLE if step in steps]
    if len(whole) < len(WHOLE):
        return steps
    sums = {figure: sum(each[figure] for each in whole) for figure in FIGURES}
    return {**steps, ALL: {**sums, "memory": max(each["memory"] for each in whole)}}


WEEKS_OF_IT = {"the week that trains": trains, "an ordinary week": ordinary}


def slope(points: Iterable[tuple[float, float]]) -> float | None:
    """The exponent with which the second grows as the first does: the slope of a line through the logarithms.

    None where that cannot be told: of one scale, or of what took nothing.
    """
    known = [(log(x), log(y)) for x, y in points if y > 0]
    if len({x for x, _ in known}) < 2:
        return None
    return linear_regression(*zip(*known, strict=True)).slope


def slope_of(taken: Iterable[Took], week: Callable[[Took], Steps], step: str, figure: str) -> float | None:
    """The same of a figure of a step."""
    return slope((took.scale, week(took)[step][figure]) for took in taken if step in week(took))


def growth(*exponents: float | None) -> str:
    """Exponents for people; nothing where there is none."""
    return "" if set(exponents) == {None} else " · ".join("–" if each is None else f"{each:.2f}" for each in exponents)


def row(name: str, cells: Sequence[str], last: str = "") -> str:
    """A line of a table."""
    return f"| {name} | {' | '.join(cells)} | {last} |"


def week_rows(mine: Sequence[Took], title: str, week: Callable[[Took], Steps], *, least: float = 0.0) -> list[str]:
    """A line for each step of a week that takes at least so many seconds anywhere, a column for each run."""
    lines = [row(f"**{title}**", [""] * len(mine))]
    for step in (*STEPS, ALL):
        found = [week(each).get(step) for each in mine]
        if max((each["seconds"] for each in found if each), default=0.0) < least:
            continue
        cells = [f"{e['seconds']:,.1f} · {e['memory']:,.0f} · {e['written']:,.0f}" if e else "–" for e in found]
        lines.append(row(step, cells, growth(*(slope_of(mine, week, step, figure) for figure in FIGURES))))
    return lines


def table(mine: Sequence[Took], heads: Sequence[str]) -> list[str]:
    """Both weeks, the disk, and how each run ended."""
    lines = [row("seconds · peak MiB · MiB written", heads, "growth of each"), "|---" * (len(mine) + 2) + "|"]
    for title, week in WEEKS_OF_IT.items():
        lines += week_rows(mine, title, week, least=LEAST if week is ordinary else 0.0)
    sizes = [(each.home_bytes / 2**20, each.most_bytes / 2**20) for each in mine]
    done = [(each.scale, size) for each, size in zip(mine, sizes, strict=True) if each.is_done]
    grown = (slope((scale, size[n]) for scale, size in done) for n in range(2))
    cells = [f"{now:,.0f} · {most:,.0f}" for now, most in sizes]
    lines.append(row("**MiB of the home on disk**: at the end · at most", cells, growth(*grown)))
    return [*lines, row("", [each.ended for each in mine]), ""]


def finished(taken: Sequence[Took], engine: str) -> list[Took]:
    """The runs of the engine that came through, the smallest first."""
    return sorted((each for each in taken if each.engine == engine and each.is_done), key=lambda took: took.scale)


def extrapolated(taken: Sequence[Took], engine: str) -> list[str]:
    """What a million customers would take an engine by what was measured, step by step."""
    mine = finished(taken, engine)
    if len(mine) < 2:
        return []
    largest = mine[-1]
    times = MILLION / CUSTOMERS / largest.scale
    heads = ["step", f"s at {largest.scale:g} ×", "growth", "s at a million"]
    heads += [f"MiB at {largest.scale:g} ×", "growth", "GiB at a million"]
    lines = [
        f"**{engine}**, {times:.2f} times the largest shop that came through",
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
    ]
    for title, week in WEEKS_OF_IT.items():
        then = {step: at_so_many(mine, week, step, times) for step in STEPS if step in week(largest)}
        for step, (seconds, longer, gib, larger) in then.items() if week is trains else ():
            now = week(largest)[step]
            told = f"| {step} | {now['seconds']:,.1f} | {longer:.2f} | {seconds:,.0f} |"
            lines.append(f"{told} {now['memory']:,.0f} | {larger:.2f} | {gib:.1f} |")
        seconds = sum(each[0] for step, each in then.items() if step != FEATURES)
        now, gib = week(largest)[ALL], max(each[2] for each in then.values())
        told = f"| **{title}** | {now['seconds']:,.1f} | | {seconds:,.0f} ({seconds / 3600:.1f} hours) |"
        lines.append(f"{told} {now['memory']:,.0f} | | {gib:.1f} |")
    return [*lines, ""]


def at_so_many(
    mine: Sequence[Took], week: Callable[[Took], Steps], step: str, times: float
) -> tuple[float, float, float, float]:
    """What a step would take of a shop `times` as large as the last: seconds and their growth, GiB and theirs."""
    now = week(mine[-1])[step]
    longer, larger = slope_of(mine[-2:], week, step, "seconds"), slope_of(mine, week, step, "memory")
    longer = 1.0 if longer is None else max(1.0, longer)
    larger = 1.0 if larger is None else min(1.0, larger)
    return now["seconds"] * times**longer, longer, now["memory"] * times**larger / 1024, larger


def longer_histories(taken: Sequence[Took]) -> list[str]:
    """Every engine beside the others for a shop of more weeks than the others."""
    lines = []
    for scale, weeks, gib in sorted({(*each.shop, each.gib) for each in taken if each.weeks != WEEKS}):
        mine = [each for each in taken if (*each.shop, each.gib) == (scale, weeks, gib)]
        lines += [f"**{scale:g} times SodAI with a history of {weeks} weeks, in {gib:g} GiB**", ""]
        lines += table(mine, [each.engine for each in mine])
    return lines


def figures(taken: Sequence[Took], engines: Sequence[str]) -> list[str]:
    """Seconds of both weeks as the shop grows, a line an engine."""
    lines = []
    for name, (title, week) in zip(("scale", "scale-ordinary"), WEEKS_OF_IT.items(), strict=True):
        seconds = {
            engine: {each.scale: week(each)[ALL]["seconds"] for each in mine}
            for engine in engines
            if len(mine := finished(taken, engine)) > 1
        }
        if seconds:
            caption = f"Seconds of {title}, ingest included, as the shop grows"
            lines += [drawn_growth(name, seconds, across="times as many customers as SodAI", caption=caption), ""]
    return lines


def report(measured: Sequence[Took], engines: Sequence[str], *, gib: float, beside: str) -> str:
    """The tables, and how they were made; `beside` is what the synthetic shop is like."""
    taken = [each for each in measured if each.weeks == WEEKS and each.gib == gib]
    lines = [
        "Every home lives two weeks, by commands as people give them. **The week that trains** is its first: all of",
        f"the history but its newest week lands, then `semana run --as-of {BEFORE} --retrain always`. Constants are",
        "not searched for (no tuning); no model serves yet, so the challenger is compared with none, and no list is",
        "there to be reviewed. **An ordinary week** follows: the newest week lands, a file of its own, then",
        f"`semana run --as-of {AS_OF} --retrain never`: the list before is reviewed, drift looks at the weeks that",
        "the champion learned from too, and the champion predicts. No shadow is scored beside it: that comes with a",
        f"second champion. What takes less than {LEAST:g} s there at every scale has no row, but is part of `{ALL}`.",
        "",
        "Memory is that of the process and its children. Written is what the process itself writes, DuckDB's overflow",
        "included; what Java and its workers write for Spark is not. The home on disk is all of that: what overflows",
        "and what Spark settles lie in it while they are needed; it was looked at once a second. `of it, features`:",
        "those of the week that the first run predicts, worked out once more alone.",
        "",
        beside,
        "",
    ]
    for engine in engines:
        mine = sorted((each for each in taken if each.engine == engine), key=lambda took: took.scale)
        lines += [f"**{engine}**", "", *table(mine, [f"{each.scale:g} ×" for each in mine])]
    if larger := [line for engine in engines for line in extrapolated(taken, engine)]:
        lines += [
            f"**A million customers, {MILLION_S_PRODUCTS:,} products** (not measured). What a step takes in the",
            "largest shop that came through is multiplied by how many times as large this one is, to the power of the",
            "step's growth: of seconds that between the two largest shops that came through, 1 at the least; of memory",
            "that over all of them, 1 at the most.",
            "",
            *larger,
        ]
    lines += figures(taken, engines)
    lines += longer_histories(measured)
    kept = "enforced by a control group"
    if not all(took.limited for took in measured):
        kept = "not enforced: this machine allows no control group"
    lines += [f"Memory: {gib:g} GiB for all of a command where no other is told, {kept}.", "", *how_made(measured)]
    return "\n".join(lines)


def how_made(measured: Iterable[Took]) -> list[str]:
    """With what, where and when, a line for those that were made alike."""
    alike: dict[str, list[str]] = {}
    for each in measured:
        weeks = "" if each.weeks == WEEKS else f", {each.weeks} weeks"
        alike.setdefault(each.made, []).append(f"{each.engine} {each.scale:g} ×{weeks}")
    return [f"- {made} So: {'; '.join(which)}." for made, which in alike.items()]
