"""Results: every list whose week is over against what was bought, and what the current one can be expected to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from markupsafe import Markup

from semana.reports import figures
from semana.reports.words import percent
from semana.ui.client import Ask
from semana.ui.figures import decimal, paged, short, whole
from semana.ui.page import Page
from semana.ui.words.sentences import sentence

_SHOWN = 26  # weeks in a plot: half a year
_LATEST = 8  # weeks of which parts are told
_ROWS = 10  # a part of the table
_BESIDE = 2  # weeks below which nothing is drawn
_CELLS = ("f1", "lift", "recall_at_10", "ndcg_at_10", "calibration", "recommended", "purchases")
_COUNTS = ("recommended", "purchases", "hits")
Record = Mapping[str, Any]


def performance(page: Page) -> None:
    """The weeks, then the parts of the lists, then every list."""
    page.html("how.html", key="results_how")
    weeks, parts, rows = page.html(at="results-weeks"), page.html(at="results-parts"), page.html(at="results-lists")

    def everything(ask: Ask) -> list[Markup]:
        found = ask.get("/v1/performance")
        entries = ask.get("/v1/ledger", limit=200)["entries"]
        return [_weeks(page, found, entries), _parts(page, found["parts"], {}), _rows(page, found["weeks"], {})]

    page.opens(everything, [weeks, parts, rows])
    page.picked(parts, lambda ask, what: _parts(page, ask.get("/v1/performance")["parts"], what), [parts])
    page.picked(rows, lambda ask, what: _rows(page, ask.get("/v1/performance")["weeks"], what), [rows])


def _weeks(page: Page, found: Record, entries: Sequence[Record]) -> Markup:
    lang = page.lang
    served = [row for row in found["weeks"] if row["role"] == "champion"]
    estimate = found["estimate"]
    known = [row for row in served if row["f1"] is not None]
    f1 = fmean(row["f1"] for row in known) if known else None
    usual = fmean(row["reference_f1"] or 0.0 for row in known) if known else None
    newest = known[-1] if known else None
    span = _interval(newest, "f1") if newest else None
    return page.draw(
        "results_weeks.html",
        reviewed=len(known),
        f1=decimal(f1, lang),
        usual=decimal(usual, lang),
        times=decimal(f1 / usual, lang, 2) if f1 and usual else None,
        newest=newest and {"week": newest["week"], "f1": decimal(newest["f1"], lang), "between": _between(span, lang)},
        estimate=estimate
        and {
            "week": estimate["week"],
            "f1": decimal(estimate["f1"], lang),
            "between": _between((estimate["low"], estimate["high"]), lang) if estimate["low"] is not None else None,
            "note": sentence(estimate["note"], lang) if estimate["note"] else None,
        },
        figures=_figures(page, found["weeks"], entries) if len(served) >= _BESIDE else [],
    )


def _figures(page: Page, rows: Sequence[Record], entries: Sequence[Record]) -> list[dict[str, Any]]:
    weeks = sorted({row["week"] for row in rows})[-_SHOWN:]
    by_role = {(row["week"], row["role"]): row for row in rows}
    t = page.t

    def values(role: str, figure: str) -> list[float | None]:
        return [by_role.get((week, role), {}).get(figure) for week in weeks]

    def spans(figure: str) -> list[tuple[float, float] | None]:
        return [_interval(by_role.get((week, "champion"), {}), figure) for week in weeks]

    f1 = {t("results_served"): values("champion", "f1"), t("results_rule"): values("champion", "reference_f1")}
    if any(value is not None for value in values("shadow", "f1")):
        f1[t("results_shadow")] = values("shadow", "f1")
    shares = {t(f"results_{name}"): values("champion", name) for name in ("precision", "recall")}
    top = {name: values("champion", key) for name, key in (("recall@10", "recall_at_10"), ("NDCG@10", "ndcg_at_10"))}
    calibration = {t("results_calibration"): values("champion", "calibration")}
    events = {entry["week"]: f"{'↩ ' if entry['rolled_back'] else ''}{entry['version']}" for entry in entries[::-1]}
    draw = partial(_drawn, page, weeks)
    share = partial(percent, lang=page.lang)
    return [
        draw("results_f1", f1, spans={t("results_served"): spans("f1")}, events=events),
        draw(
            "results_shares", shares, spans={t(f"results_{n}"): spans(n) for n in ("precision", "recall")}, said=share
        ),
        draw("results_calibration", calibration, level=1.0),
        draw("results_top", top),
    ]


def _drawn(
    page: Page,
    weeks: Sequence[str],
    key: str,
    lines: Mapping[str, Sequence[float | None]],
    *,
    said: Callable[[float], str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    title = page.t(key)
    drawn = figures.weekly_lines(
        weeks,
        lines,
        what=title,
        said=said or partial(short, lang=page.lang),
        told=said or partial(decimal, lang=page.lang),
        says=page.t("results_plot", what=title, n=len(weeks)),
        **more,
    )
    legend = [(figures.mark_of(n), name) for n, name in enumerate(lines)] if len(lines) > 1 else []
    return {"title": title, "says": page.t(f"{key}_says"), "legend": legend, "drawn": drawn}


def _interval(row: Record, figure: str) -> tuple[float, float] | None:
    low, high = row.get(f"{figure}_low"), row.get(f"{figure}_high")
    return None if low is None or high is None else (low, high)


def _between(span: tuple[float, float] | None, lang: str) -> tuple[str, str] | None:
    return span and (decimal(span[0], lang), decimal(span[1], lang))


def _parts(page: Page, parts: Sequence[Record], what: Record) -> Markup:
    """The latest weeks together, by kind of pair or by segment of customer."""
    lang = page.lang
    weeks = sorted({row["week"] for row in parts})[-_LATEST:]
    part = what.get("part", "kind")
    sums: dict[str, dict[str, float]] = {}
    for row in parts:
        if row["week"] in weeks and row["part"] == part:
            mine = sums.setdefault(row["name"], dict.fromkeys(_COUNTS, 0.0))
            for name in _COUNTS:
                mine[name] += row[name]
    rows = [_part(sentence(name, lang), mine) for name, mine in sorted(sums.items())]
    drawn = [(row["name"], {page.t(f"results_{name}"): row[name] for name in ("precision", "recall")}) for row in rows]
    numbers = {"said": partial(short, lang=lang), "told": partial(decimal, lang=lang)}
    return page.draw(
        "results_parts.html",
        part=part,
        weeks=len(weeks),
        legend=[(figures.mark_of(n), page.t(f"results_{name}")) for n, name in enumerate(("precision", "recall"))],
        drawn=figures.dots(drawn, what="F1", says=page.t("results_parts"), **numbers) if drawn else None,
        **paged([{**row, "f1": decimal(row["f1"], lang)} for row in rows], whole(what.get("to", "")), _ROWS),
    )


def _part(name: str, sums: Mapping[str, float]) -> dict[str, Any]:
    hits, listed, bought = sums["hits"], sums["recommended"], sums["purchases"]
    return {
        "name": name,
        "f1": 2 * hits / (listed + bought) if listed + bought else None,
        "precision": hits / listed if listed else None,
        "recall": hits / bought if bought else None,
        "listed": listed,
        "bought": bought,
    }


def _rows(page: Page, weeks: Sequence[Record], what: Record) -> Markup:
    rows = [
        {
            **row,
            "shadow": row["role"] != "champion",
            "cells": [decimal(row.get(name), page.lang, 0 if name in _COUNTS else 3) for name in _CELLS],
            "between": _between(_interval(row, "f1"), page.lang),
        }
        for row in weeks[::-1]
    ]
    return page.draw("results_lists.html", **paged(rows, whole(what.get("to", "")), _ROWS))
