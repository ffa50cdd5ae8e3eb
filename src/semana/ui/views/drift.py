"""Drift: the verdict on the last whole weeks, what moved, deliveries at the door, and the running week."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from markupsafe import Markup

from semana.reports import figures
from semana.reports.shapes import densities, now_and_then
from semana.reports.spans import Range, ranges
from semana.reports.words import number, percent
from semana.ui.client import Ask
from semana.ui.drawn import NOTHING, day
from semana.ui.figures import decimal, paged, short, whole
from semana.ui.page import Page
from semana.ui.words.columns import meaning, name_of
from semana.ui.words.sentences import sentence

_WEEKS, _SCORED = 13, 52  # told one by one; drawn
_COLUMNS, _DELIVERIES = 10, 5  # a part of each list
_TOLD_APART = 8
_SHARE = "share without an amount"  # of the running week's figures the one that is no count
_HARDLY, _LITTLE = 0.55, 0.65  # of an AUC
_WEEKDAYS = dict(
    zip("1234567", ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)
)
_ALARMS = ("violates", "confirmed", "short history")
Record = Mapping[str, Any]


def drift(page: Page) -> None:
    """The whole weeks first, then the running one."""
    page.html("how.html", key="drift_how")
    weeks, columns = page.html(at="drift-weeks"), page.html(at="drift-columns")
    live, door = page.html(at="drift-live"), page.html(at="drift-door")

    def everything(ask: Ask) -> list[Markup]:
        found = ask.get("/v1/drift")
        past = found["historical"]
        return [_weeks(page, past), _live(page, found["live"]), _columns(page, past, {}), _door(page, found, {})]

    def other_columns(ask: Ask, what: Record) -> Markup:
        return _columns(page, ask.get("/v1/drift")["historical"], what)

    def other_deliveries(ask: Ask, what: Record) -> Markup:
        return _door(page, ask.get("/v1/drift"), what)

    page.opens(everything, [weeks, live, columns, door])
    page.picked(columns, other_columns, [columns])
    page.picked(door, other_deliveries, [door])


def _weeks(page: Page, past: Record | None) -> Markup:
    if past is None:
        return page.draw("drift_weeks.html", past=None)
    lang = page.lang
    scored = [each for each in past["weeks"] if each["score"] is not None][-_SCORED:]
    worst = name_of(past["worst"], lang) if past["worst"] else ""
    return page.draw(
        "drift_weeks.html",
        past=past,
        says=page.t(f"drift_{past['verdict']}", week=past["judged_week"], worst=worst),
        absent=", ".join(sentence(name, lang) for name in past["absent"]),
        weeks=[
            {**each, "alarm": each["verdict"] in _ALARMS, "score": decimal(each["score"], lang, 1)}
            for each in past["weeks"][-_WEEKS:]
        ],
        scores=_scores(page, scored) if len(scored) > 1 else None,
        legend=[(figures.mark_of(n), page.t(key)) for n, key in enumerate(("drift_score_line", "drift_limit_line"))],
        shapes=[_shape(page, each, past["judged_week"]) for each in past["shapes"]],
        telling=_telling(page, past["telling"]),
    )


def _scores(page: Page, scored: list[Record]) -> Markup:
    said = partial(short, lang=page.lang)
    lines = {
        page.t(key): [each[name] for each in scored]
        for key, name in (("drift_score_line", "score"), ("drift_limit_line", "limit"))
    }
    return figures.weekly_lines(
        [each["week"] for each in scored],
        lines,
        what=page.t("drift_score"),
        events={each["week"]: page.t(f"drift_is_{each['verdict']}") for each in scored if each["verdict"] in _ALARMS},
        said=said,
        told=partial(decimal, lang=page.lang, places=2),
        says=page.t("results_plot", what=page.t("drift_score"), n=len(scored)),
    )


def _shape(page: Page, shape: Record, week: str) -> dict[str, Any]:
    """What a column tells, and its distribution now and before; of kinds, those that have a name."""
    lang, column = page.lang, str(shape["column"])
    says = {"says": page.t("drift_shape", column=name_of(column, lang))}
    share = partial(percent, lang=lang)
    told = f"{meaning(column, lang)}."
    if shape["kind"] != "category":
        both = (partial(short, lang=lang), share)
        drawn = densities(shape["bins"], shape["now"], shape["then"], said=both, **says)
    else:
        every = list(zip(shape["bins"], shape["now"], shape["then"], strict=True))
        named = [kind for kind in every if kind[0] != "(other)"] or every
        rest = [
            page.t("drift_rest", now=share(now), before=share(then)) for kind, now, then in every if kind[:1] == "("
        ]
        told += "".join(rest[:1] if len(named) < len(every) else [])
        bins, now, then = map(list, zip(*named, strict=True))
        bins = [_kind(kind, column, lang) for kind in bins]
        drawn = now_and_then(bins, now, then, in_order=column == "weekday", said=share, **says)
    return {"name": name_of(column, lang), "says": told, "drawn": drawn, "week": week}


def _kind(kind: str, column: str, lang: str) -> str:
    """A kind of a column: weekdays have names, what is in brackets is a word of ours."""
    if column == "weekday" and kind in _WEEKDAYS:
        return sentence(_WEEKDAYS[kind], lang)
    return sentence(kind, lang) if kind.startswith("(") else kind


def _telling(page: Page, telling: Record | None) -> dict[str, Any] | None:
    if telling is None:
        return None
    auc = telling["auc"]
    how = page.t("drift_hardly" if auc < _HARDLY else "drift_little" if auc < _LITTLE else "drift_well")
    share = partial(percent, lang=page.lang)
    shares = {name_of(name, page.lang): share for name, share in telling["columns"][:_TOLD_APART] if share > 0}
    return {
        "says": page.t("drift_telling_says", how=how, auc=decimal(auc, page.lang, 2)),
        "drawn": figures.bars(shares, whole=1.0, model=0, says=page.t("drift_telling"), said=share) if shares else None,
    }


def _columns(page: Page, past: Record | None, what: Record) -> Markup:
    rows = [
        {
            "name": name_of(each["column"], page.lang),
            "says": meaning(each["column"], page.lang),
            "reference": sentence(each["reference"], page.lang),
            "distance": decimal(each["distance"], page.lang),
            "ratio": decimal(each["ratio"], page.lang, 1),
        }
        for each in (past["moved"] if past else ())
    ]
    week = past["judged_week"] if past else ""
    return page.draw("drift_columns.html", week=week, **paged(rows, whole(what.get("to", "")), _COLUMNS))


def _door(page: Page, found: Record, what: Record) -> Markup:
    rows = [
        {**each, "says": sentence(each["says"], page.lang), "stopped": each["rows"] is None}
        for each in found["deliveries"][::-1]
    ]
    there = bool(rows or found["historical"])
    return page.draw("drift_door.html", there=there, **paged(rows, whole(what.get("to", "")), _DELIVERIES))


def _live(page: Page, live: Record | None) -> Markup:
    if live is None:
        return page.draw("drift_live.html", live=None)
    lang = page.lang
    rows = [_figure(page, each) for each in live["figures"]]
    coming, lines = live["projected_lines"], next(iter(live["figures"]), None)
    return page.draw(
        "drift_live.html",
        live=live,
        says=page.t(
            "live_over_says" if live["over"] else "live_says",
            week=live["week"],
            until=day(live["until"], lang),
            n=live["past_weeks"],
        ),
        odd=", ".join(sentence(name, lang) for name in live["odd"]),
        coming=_count(coming["total"], lang) if coming else None,
        between=page.t(
            "live_between",
            **{name: _count(coming[name], lang) for name in ("low", "high")},
            now=_count(lines["now"], lang),
        )
        if coming and lines
        else "",
        figures=rows,
        drawn=ranges([row["range"] for row in rows], says=page.t("live")) if rows else None,
        asked=_asked(page, live["asked"]),
    )


def _figure(page: Page, each: Record) -> dict[str, Any]:
    lang = page.lang
    name = sentence(each["name"], lang)
    told = {key: _count(each[key], lang, share=each["name"] == _SHARE) for key in ("now", "usual", "low", "high")}
    says = page.t("live_told", name=name, now=told["now"], usual=told["usual"])
    if each["low"] is not None:
        says += page.t("live_told_range", low=told["low"], high=told["high"])
    usual = None if each["usual"] is None or math.isnan(each["usual"]) else each["usual"]
    drawn = Range(name, each["now"], usual, each["low"], each["high"], odd=each["odd"], told=says)
    return {"name": name, **told, "odd": each["odd"], "known": each["low"] is not None, "range": drawn}


def _asked(page: Page, asked: Record | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    lang = page.lang
    kinds = list(asked["kinds"])
    legend = [page.t("asked_answers"), page.t("asked_list")]
    drawn = now_and_then(
        [sentence(kind, lang) for kind in kinds],
        [asked["kinds"][kind][0] for kind in kinds],
        [asked["kinds"][kind][1] for kind in kinds],
        says=page.t("asked_kinds"),
        said=partial(percent, lang=lang),
    )
    return {
        "requests": number(asked["requests"], lang),
        "rows": number(asked["rows"], lang),
        "unknown": percent(asked["unknown"], lang),
        "distance": decimal(asked["distance"], lang, 2),
        "gap": NOTHING if asked["gap"] is None else "0" if not asked["gap"] else f"{asked['gap']:.1g}",
        "odd": [sentence(name, lang) for name in asked["odd"]],
        "legend": legend,
        "drawn": drawn,
    }


def _count(value: float | None, lang: str, *, share: bool = False) -> str:
    """A figure of the running week; nothing lies below zero, and no share above one."""
    if value is None or math.isnan(value):
        return NOTHING
    return percent(min(max(value, 0.0), 1.0), lang) if share else decimal(max(value, 0.0), lang, 0)
