"""Runs: one run along the time, what its steps took and how large its datasets were, and both over all runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from markupsafe import Markup

from semana.reports import figures
from semana.reports.spans import Bar, gantt
from semana.reports.words import ended_in_words
from semana.ui.client import Ask
from semana.ui.figures import decimal, paged, seconds, short, size, unit_of, whole
from semana.ui.page import Page
from semana.ui.words.columns import name_of
from semana.ui.words.sentences import refusal, sentence

_LOOKED_AT, _RUNS, _DATASETS = 26, 6, 8  # runs in the trends (half a year); parts of lists
_DONE = "done"
_MIB = 2**20
_STATES = ("success", "failed", "running")
_FEW = 2  # runs and steps below which there is no trend, and no run of its own
_TRENDS = ("wall", "memory", "cpu", "rows", "bytes", "home")
_FIGURES = {"wall": "wall_seconds", "memory": "peak_memory_mib", "cpu": "cpu_seconds"}
Record = Mapping[str, Any]
Line = tuple[str, list[float | None], dict[str, str]]  # a name, its value in each run, and marks at runs


def pipeline(page: Page) -> None:
    """The runs with the chosen one, its datasets, then the trends."""
    page.html("how.html", key="runs_how")
    runs, datasets, trends = page.html(at="runs-one"), page.html(at="runs-datasets"), page.html(at="runs-trends")

    def everything(ask: Ask) -> list[Markup]:
        found = ask.get("/v1/runs", limit=_LOOKED_AT)
        return [_runs(page, found, {}), _datasets(page, found, {}), _trends(page, found, {})]

    def chosen(ask: Ask, what: Record) -> list[Markup]:
        found = ask.get("/v1/runs", limit=_LOOKED_AT)
        return [_runs(page, found, what), _datasets(page, found, what)]

    def again(draw: Callable[..., Markup], ask: Ask, what: Record) -> Markup:
        return draw(page, ask.get("/v1/runs", limit=_LOOKED_AT), what)

    page.opens(everything, [runs, datasets, trends])
    page.picked(runs, chosen, [runs, datasets])
    page.picked(datasets, partial(again, _datasets), [datasets])
    page.picked(trends, partial(again, _trends), [trends])


def _chosen(found: Record, run: str | None) -> Record | None:
    """The run of that name, else the newest that ran as a whole."""
    runs = found["runs"]
    whole_ones = (each for each in runs if len(each["steps"]) > _FEW)
    named = (each for each in runs if each["id"] == run)
    return next(named, None) or next(whole_ones, None) or next(iter(runs), None)


def _runs(page: Page, found: Record, what: Record) -> Markup:
    lang = page.lang
    first = whole(what.get("to", what.get("first", "")))
    one = _chosen(found, what.get("run"))
    rows = [
        {
            "id": each["id"],
            "day": each["began"][:10],
            "took": seconds(sum(step["wall_seconds"] for step in each["steps"]), lang),
            "retrained": bool(each["summary"] and each["summary"]["retrained"]),
            "failed": any(step["outcome"] != _DONE for step in each["steps"]),
            "slow": any(step["times_usual"] for step in each["steps"]),
            "part": each["summary"] is None,
        }
        for each in found["runs"]
    ]
    return page.draw(
        "runs_one.html",
        one=one and _told(page, one),
        disk={"free": size(found["disk"]["free_bytes"], lang), "low": found["disk"]["low"]}
        | ({"low": sentence(found["disk"]["low"], lang)} if found["disk"]["low"] else {}),
        **paged(rows, first, _RUNS),
    )


def _told(page: Page, run: Record) -> dict[str, Any]:
    """A run in words, with its figures."""
    lang, steps = page.lang, run["steps"]
    begins = min((_moment(step["began"]) for step in steps), default=0.0)
    span = max((_moment(step["began"]) + step["wall_seconds"] for step in steps), default=begins) - begins or 1.0
    bars = [
        Bar(
            name_of(step["step"], lang),
            [(_kind(step), _moment(step["began"]) - begins, step["wall_seconds"])],
            seconds(step["wall_seconds"], lang),
        )
        for step in steps
    ]
    said = partial(seconds, lang=lang)
    remarks = [page.t("runs_refused", why=refusal(why, lang)) for why in (run["summary"] or {}).get("refused") or ()]
    remarks += [
        page.t("runs_step_failed", step=name_of(step["step"], lang), error=_why(step, lang))
        for step in steps
        if step["outcome"] != _DONE
    ]
    remarks += [
        page.t("runs_step_slow", step=name_of(step["step"], lang), times=decimal(step["times_usual"], lang, 1))
        for step in steps
        if step["times_usual"]
    ]
    return {
        "id": run["id"],
        "day": run["began"][:10],
        "reasons": [sentence(why, lang) for why in (run["summary"] or {}).get("reasons") or ()],
        "remarks": remarks,
        "steps": [
            {
                "name": name_of(step["step"], lang),
                "alarm": bool(step["times_usual"]) or step["outcome"] != _DONE,
                "cells": [
                    said(step["wall_seconds"]),
                    said(step["cpu_seconds"]),
                    *(
                        size(value, lang)
                        for value in (_MIB * step["peak_memory_mib"], step["bytes_read"], step["bytes_written"])
                    ),
                ],
            }
            for step in steps
        ],
        "wall": said(span),
        "cpu": said(sum(step["cpu_seconds"] for step in steps)),
        "memory": size(_MIB * max((step["peak_memory_mib"] for step in steps), default=0), lang),
        "home": size(steps[-1]["home_bytes"], lang) if steps else None,
        "gantt": _gantt(page, bars, span, says=page.t("runs_gantt_says", n=len(bars))) if bars else None,
        "scheduled": [_scheduled(page, each, steps) for each in run["scheduled"]],
    }


def _why(step: Record, lang: str) -> str:
    """Why a step failed; of one that ran before reasons were kept, and of a bug, what the error is called."""
    ended, says = ended_in_words(step["outcome"], lang), step.get("says")
    return f"{ended}: {sentence(says, lang)}" if says else ended


def _gantt(page: Page, bars: Sequence[Bar], span: float, *, says: str) -> Markup:
    """The bars along the time, in a unit that fits it."""
    unit, name = unit_of(span, "seconds")
    scaled = [
        Bar(bar.name, [(kind, begins / unit, long / unit) for kind, begins, long in bar.parts], bar.told)
        for bar in bars
    ]
    return gantt(scaled, span=span / unit, says=says, said=_in_unit(name, page.lang))


def _kind(step: Record) -> str:
    return "failed" if step["outcome"] != _DONE else "slow" if step["times_usual"] else ""


def _scheduled(page: Page, record: Record, steps: Sequence[Record]) -> dict[str, Any]:
    """What a scheduler made of the run: waiting, running, and the step within it, a row a try."""
    lang = page.lang
    ran = sorted((task for task in record["tasks"] if task["start"]), key=lambda task: str(task["start"]))
    never = [name_of(task["task"], lang) for task in record["tasks"] if not task["start"]]
    moments = [_moment(task[name]) for task in ran for name in ("queued", "start", "end") if task[name]]
    begins, ends = min(moments, default=0.0), max(moments, default=1.0)
    bars = []
    for task in ran:
        start = _moment(task["start"])
        queued = _moment(task["queued"]) if task["queued"] else start
        end = _moment(task["end"]) if task["end"] else ends
        state = "running" if task["state"] in ("success", "skipped") else "failed"
        parts = [("queued", queued - begins, start - queued), (state, start - begins, end - start)]
        for step in steps:
            at = _moment(step["began"])
            if step["step"] == task["task"] and start <= at <= end:
                parts.append((_kind(step), at - begins, step["wall_seconds"]))
        name = " ".join([name_of(task["task"], lang), task["part"]]).strip()
        again = page.t("runs_attempt", n=task["attempt"]) if task["attempt"] > 1 else ""
        bars.append(Bar(f"{name} {again}".strip(), parts, seconds(end - queued, lang)))
    state = page.t(f"scheduled_{record['state']}") if record["state"] in _STATES else record["state"]
    return {
        "says": page.t("runs_scheduled_says", dag=record["dag"], state=state),
        "never": page.t("runs_never", names=", ".join(never)) if never else None,
        "drawn": _gantt(page, bars, ends - begins or 1.0, says=page.t("runs_scheduled")),
    }


def _datasets(page: Page, found: Record, what: Record) -> Markup:
    lang = page.lang
    one = _chosen(found, what.get("run"))
    rows = [
        {
            "name": name_of(each["dataset"], lang),
            "step": name_of(step["step"], lang),
            "how": page.t(f"runs_{each['how']}"),
            "rows": decimal(each["rows"], lang, 0),
            "columns": each["columns"],
            "size": size(each["bytes"], lang),
        }
        for step in (one["steps"] if one else ())
        for each in step["datasets"]
    ]
    first = whole(what.get("to", "")) if what.get("pick") == "page" and "first" not in what else 0
    return page.draw("runs_datasets.html", run=one["id"] if one else "", **paged(rows, first, _DATASETS))


def _trends(page: Page, found: Record, what: Record) -> Markup:
    """A figure of every step, or of every dataset that was written, over the runs, oldest first."""
    trend = what.get("trend", "wall")
    runs = [run for run in found["runs"][::-1] if len(run["steps"]) > _FEW]
    lines = _lines(page, runs, trend if trend in _TRENDS else "wall")
    drawn = [_trend(page, trend, [run["id"] for run in runs], line) for line in lines]
    return page.draw("runs_trends.html", trend=trend, trends=_TRENDS, runs=len(runs), drawn=drawn)


def _trend(page: Page, trend: str, runs: Sequence[str], line: Line) -> dict[str, Any]:
    """One figure of the trends, in a unit that fits its largest value."""
    name, values, events = line
    kind = {"wall": "seconds", "cpu": "seconds", "rows": "rows"}.get(trend, "bytes")
    unit, unit_name = unit_of(max((value for value in values if value is not None), default=0.0), kind)
    said = _in_unit(unit_name, page.lang)
    there = [None if value is None else value / unit for value in values]
    says = page.t("trend_says", what=page.t(f"trend_{trend}"), name=name, n=len(runs))
    return {
        "name": name,
        "last": next((said(round(value, 2)) for value in there[::-1] if value is not None), None),
        "slow": bool(events),
        "drawn": figures.trend(runs, there, what=name, says=says, events=events, said=said),
    }


def _in_unit(name: str, lang: str) -> Callable[[float], str]:
    """Says a value with the name of its unit."""
    return lambda value: f"{short(round(value, 3), lang)} {name}".strip()


def _lines(page: Page, runs: Sequence[Record], trend: str) -> list[Line]:
    """What is drawn."""
    if trend == "home":
        return [(page.t("runs_home"), [run["steps"][-1]["home_bytes"] for run in runs], {})]
    if trend in _FIGURES:
        figure, unit = _FIGURES[trend], _MIB if trend == "memory" else 1
        found: dict[str, dict[str, Record]] = {}
        for run in runs:
            for step in run["steps"]:
                found.setdefault(step["step"], {})[run["id"]] = step
        return [
            (
                name_of(name, page.lang),
                [unit * mine[run["id"]][figure] if run["id"] in mine else None for run in runs],
                {run: "▲" for run, step in mine.items() if trend == "wall" and step["times_usual"]},
            )
            for name, mine in found.items()
        ]
    sizes: dict[str, dict[str, float]] = {}
    for run in runs:
        for step in run["steps"]:
            for each in step["datasets"]:
                if each["how"] == "written":
                    sizes.setdefault(each["dataset"], {})[run["id"]] = each[trend]
    return [
        (name_of(name, page.lang), [mine.get(run["id"]) for run in runs], {}) for name, mine in sorted(sizes.items())
    ]


def _moment(when: str) -> float:
    return datetime.fromisoformat(when).timestamp()
