"""Model: what serves and since when, what the gate found of every challenger, the ledger, and orders to change it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from semana.data.weeks import Week
from semana.reports import figures
from semana.ui.client import Ask, Refused
from semana.ui.drawn import day
from semana.ui.figures import decimal, short, whole
from semana.ui.page import Page
from semana.ui.words.sentences import model_in_words, sentence

_GATES, _ENTRIES, _ORDERS = 6, 8, 5  # a part of each list
_SHORTEST = 3  # letters of a reason
_WEEK = 7
_COLOURS = 6
_NO_LIST = 503
_SMALL = 0.0001  # a value of a check below it has more decimals
Record = Mapping[str, Any]


def model(page: Page) -> None:
    """Four parts: what serves, the gate, the ledger, and the orders."""
    page.html("how.html", key="model_how")
    now, gate = page.html(at="model-now"), page.html(at="model-gate")
    ledger, orders = page.html(at="model-ledger"), page.html(at="model-orders")
    parts = (partial(_now, page), partial(_gate, page), partial(_ledger, page), partial(_orders, page))

    def everything(ask: Ask) -> list[Markup]:
        return [draw(ask, {}) for draw in parts]

    page.opens(everything, [now, gate, ledger, orders])
    page.picked(gate, parts[1], [gate])
    page.picked(ledger, parts[2], [ledger])
    page.picked(orders, partial(_ordered, page), [orders, now, ledger])


def _now(page: Page, ask: Ask, _: Record) -> Markup:
    versions = ask.get("/v1/model/versions")["versions"]
    entries = ask.get("/v1/ledger", limit=200)["entries"][::-1]
    weeks = [row for row in ask.get("/v1/performance")["weeks"] if row["role"] == "champion"]
    try:
        listed, ready = ask.get("/v1/model"), ask.get("/readyz")
    except Refused as refused:
        if refused.status != _NO_LIST:
            raise
        listed, ready = None, None
    rows = [_version(each, weeks, page.lang) for each in versions]
    return page.draw(
        "model_now.html",
        versions=rows,
        serving=next((row for row in rows if row["serves"]), None),
        list=listed,
        differs=_begun(sentence(listed["differs"], page.lang)) if listed and listed["differs"] else None,
        degraded=[sentence(why, page.lang) for why in listed["degraded"]] if listed else [],
        over=day(Week.parse(ready["week"]).end, page.lang) if ready and ready["age_days"] >= _WEEK else None,
        strip=_strip(entries, until=listed["week"] if listed else None),
    )


def _begun(said: str) -> str:
    """The sentence with a capital."""
    return said[:1].upper() + said[1:]


def _version(each: Record, weeks: Sequence[Record], lang: str) -> dict[str, Any]:
    """A version with the F1 that its lists reached."""
    mine = [row["f1"] for row in weeks if row["model_version"] == each["version"] and row["f1"] is not None]
    return {
        **each,
        "kind": model_in_words(each["model"], lang),
        "gate": decimal(each["gate_f1"], lang),
        "f1": decimal(sum(mine) / len(mine), lang) if mine else None,
        "reviewed": len(mine),
    }


def _strip(entries: Sequence[Record], *, until: str | None) -> list[dict[str, Any]]:
    """Who served from when on, for how many weeks; a version keeps its colour."""
    starts = [Week.parse(entry["week"]) for entry in entries]
    if not starts:
        return []
    last = max(starts[-1], Week.parse(until)) if until else starts[-1]
    versions = list(dict.fromkeys(entry["version"] for entry in entries))
    return [
        {
            "version": entry["version"],
            "week": entry["week"],
            "weeks": end - start,
            "back": entry["rolled_back"],
            "colour": versions.index(entry["version"]) % _COLOURS,
        }
        for entry, start, end in zip(entries, starts, [*starts[1:], last + 1], strict=True)
        if end > start
    ]


def _gate(page: Page, ask: Ask, what: Record) -> Markup:
    first = whole(what.get("to", what.get("first", "")))
    found = ask.get("/v1/gates", limit=_GATES, offset=first)
    gates = [{**each, "word": _word(each), "kind": model_in_words(each["model"], page.lang)} for each in found["gates"]]
    chosen = next((each for each in gates if each["run"] == what.get("run")), gates[0] if gates else None)
    return page.draw(
        "model_gate.html",
        gates=gates,
        first=first,
        total=found["total"],
        step=_GATES,
        chosen=chosen and _report(chosen, page),
    )


def _word(gate: Record) -> str:
    """What became of a challenger, as a word of ours."""
    if gate["passed"]:
        return "gate_passed" if gate["checks"] else "gate_off"
    return "gate_would" if gate["admitted"] else "gate_refused"


def _report(gate: Record, page: Page) -> dict[str, Any]:
    """A gate's report with every check in words."""
    lang = page.lang
    checks = [
        {
            **check,
            "golden": check["name"].startswith(("golden ", "case ", "critical ")),
            "name": sentence(check["name"], lang),
            "limit": sentence(check["limit"], lang),
            "says": sentence(check["says"], lang),
            "figure": _figure(check["value"], lang),
        }
        for check in gate["checks"]
    ]
    weeks = sorted({week for found in gate["f1"].values() for week in found})
    names = {name: model_in_words(name, lang) for name in gate["f1"] if gate["f1"][name]}
    rows = [(week, {told: gate["f1"][name].get(week) for name, told in names.items()}) for week in weeks]
    numbers = {"said": partial(short, lang=lang), "told": partial(decimal, lang=lang)}
    return {
        **gate,
        "groups": [
            (title, [check for check in checks if check["golden"] is golden])
            for title, golden in (("gate_model", False), ("gate_golden", True))
        ],
        "failed": [check for check in checks if not check["passed"]],
        "held": sum(check["passed"] and check["judged"] for check in checks),
        "judged": sum(check["judged"] for check in checks),
        "unjudged": sum(not check["judged"] for check in checks),
        "legend": [(figures.mark_of(n), name) for n, name in enumerate(names.values())],
        "drawn": figures.dots(rows, what="F1", says=page.t("gate_f1"), **numbers) if rows else None,
    }


def _figure(value: float | None, lang: str) -> str:
    """The value of a check: whole, or with as many decimals as it takes."""
    if value is None:
        return decimal(value, lang)
    return decimal(value, lang, 0 if value == round(value) else 4 if abs(value) >= _SMALL else 6)


def _ledger(page: Page, ask: Ask, what: Record) -> Markup:
    first = whole(what.get("to", ""))
    found = ask.get("/v1/ledger", limit=_ENTRIES, offset=first)
    rows = [
        {
            **entry,
            "kind": model_in_words(entry["evidence"]["model"], page.lang),
            "from": entry["evidence"].get("rolled_back"),
            "by": page.t("ledger_hand") if entry["by"].startswith("by hand") else page.t("ledger_by", by=entry["by"]),
            "why": [sentence(why, page.lang) for why in entry["why"]],
        }
        for entry in found["entries"]
    ]
    return page.draw("model_ledger.html", rows=rows, first=first, total=found["total"], step=_ENTRIES)


def _orders(page: Page, ask: Ask, what: Record, *, said: str | None = None, wrong: bool = False) -> Markup:
    """The form, for a key that reaches that far, and what became of earlier orders."""
    first = whole(what.get("to", ""))
    found = ask.get("/v1/orders", limit=_ORDERS, offset=first)
    return page.draw(
        "model_orders.html",
        key=ask.get("/v1/key"),
        choices=_choices(page, ask),
        chosen=what.get("what", "") if wrong else "",
        reason=what.get("reason", "") if wrong else "",
        once=uuid.uuid4().hex,
        said=said,
        wrong=wrong,
        orders=[{**each, "says": sentence(each["says"], page.lang)} for each in found["orders"]],
        first=first,
        total=found["total"],
        step=_ORDERS,
    )


def _choices(page: Page, ask: Ask) -> list[tuple[str, str]]:
    """What may be ordered: back to the model before, or that another one serves, refused ones too."""
    versions = [each for each in ask.get("/v1/model/versions")["versions"] if not each["serves"] and not each["fault"]]
    refused = [each for each in ask.get("/v1/gates", limit=_GATES)["gates"] if each["version"] is None]
    named = partial(model_in_words, lang=page.lang)
    return [
        ("rollback", page.t("order_rollback")),
        *(
            (v["version"], page.t("order_promote", version=v["version"], model=named(v["model"]), week=v["weeks"][-1]))
            for v in versions
        ),
        *((g["bundle"], page.t("order_refused", week=g["week"], model=named(g["model"]))) for g in refused),
    ]


def _ordered(page: Page, ask: Ask, what: Record) -> list[Markup]:
    """Gives the order that was picked, or shows what became of earlier ones."""
    said, wrong = None, False
    if what["pick"] == "order":
        reason = what.get("reason", "").strip()
        wrong = len(reason) < _SHORTEST
        if wrong:
            said = "order_no_reason"
        else:
            chosen = what.get("what", "rollback")
            body = {"reason": reason} if chosen == "rollback" else {"reason": reason, "version": chosen}
            path = "/v1/model/rollback" if chosen == "rollback" else "/v1/model/promote"
            ask.post(path, body, once=what.get("once"))
            said = "order_left"
    return [_orders(page, ask, what, said=said, wrong=wrong), _now(page, ask, {}), _ledger(page, ask, {})]
