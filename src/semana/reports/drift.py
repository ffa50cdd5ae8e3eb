"""Drift for people: a table of the weeks and columns, and a page with the distributions of what moved most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from semana.monitoring.behaviour import FIGURES, ORDERED, OTHER, PRODUCTS, WEEKDAY
from semana.monitoring.drift import CALM, CONFIRMED, HOLIDAY, NOT_ENOUGH, SHORT, VIOLATES
from semana.reports import figures
from semana.reports.pages import page
from semana.reports.shapes import densities, now_and_then
from semana.reports.terminal import titled_table

Report = Mapping[str, Any]
_WEEKS, _COLUMNS = 13, 12  # in the terminal
_SAYS = {
    CALM: "{week} is as different from before as weeks usually are",
    VIOLATES: "{week} differs more than all weeks it is compared with; another one soon, and drift is confirmed",
    CONFIRMED: "Drift is confirmed: {week} and one shortly before it differ more than all weeks they are compared with",
    SHORT: "{week} differs more than every week before it, but there are too few of them to confirm drift",
    NOT_ENOUGH: "Too few weeks are known to judge {week} by",
    HOLIDAY: "{week} holds holidays: it is shown, not judged",
}
_MEANS = {
    **FIGURES,
    ORDERED: "whether customers of the quarter before ordered in the week",
    PRODUCTS: "which products were bought, each customer with one vote",
    WEEKDAY: "on which day of the week (1 is Monday)",
    "expected": "purchases that the published list expected of the customer",
}


def meaning(column: str) -> str:
    """What a column tells of a customer; of an attribute, that it is one."""
    return _MEANS.get(column, "an attribute, as the source declares it")


def verdict_in_words(report: Report) -> str:
    """One sentence."""
    said = _SAYS[report["verdict"]].format(week=report["judged_week"])
    worst = f"; most in {report['worst']}" if report["worst"] and report["verdict"] != CALM else ""
    missing = (
        f". Not compared with: {', '.join(report['absent'])} (the history is too short)" if report["absent"] else ""
    )
    return f"{said}{worst}{missing}."


def drift_report(report: Report, *, where: str) -> Group:
    """The verdict, the newest weeks with their scores, and how far each column moved."""
    weeks = titled_table(
        "weeks", ("week", "left"), ("score", "right"), ("limit", "right"), ("verdict", "left"), ("most", "left")
    )
    for each in report["weeks"][-_WEEKS:]:
        weeks.add_row(
            each["week"], _number(each["score"]), _number(each["limit"]), each["verdict"], each["worst"] or ""
        )
    columns = titled_table(
        f"columns of {report['judged_week']}, distance over the usual one",
        *((name, "left") for name in ("column", "against")),
        *((name, "right") for name in ("distance", "× usual")),
    )
    for each in report["moved"][:_COLUMNS]:
        columns.add_row(each["column"], each["reference"], f"{each['distance']:.3f}", f"{each['ratio']:.1f}")
    return Group(Text(verdict_in_words(report)), weeks, columns, Text(f"The page: {where}"))


def live_report(report: Report) -> Group:
    """The running week: each figure beside its usual value and the bounds of what is not odd; what it may come to."""
    table = titled_table(
        f"{report['week']} until {report['until']}, against {report['past_weeks']} past weeks until the same weekday",
        ("figure", "left"),
        *((name, "right") for name in ("now", "usual", "from", "to")),
        ("", "left"),
    )
    for each in report["figures"]:
        table.add_row(each["name"], *_counts(each), "odd" if each["odd"] else "")
    coming = report["projected_lines"]
    lines = [
        f"The week may come to {coming['total']:,.0f} lines ({coming['low']:,.0f} to {coming['high']:,.0f})."
        if coming
        else "No past week tells what this one may come to.",
    ]
    return Group(table, *map(Text, [*lines, *asked_in_words(report.get("asked"))]))


def asked_in_words(asked: Report | None) -> list[str]:
    """What the API was asked in the last seven days, beside the list; nothing where it was not asked."""
    if not asked:
        return []
    kinds = ", ".join(f"{kind} {now:.0%} ({then:.0%})" for kind, (now, then) in asked["kinds"].items())
    same = "" if asked["gap"] is None else f"; pairs scored live differ from their list by {asked['gap']:.2g}"
    return [
        f"The API answered {asked['requests']:,} requests with {asked['rows']:,} rows in seven days.",
        f"Unknown ids: {asked['unknown']:.1%} of the rows.",
        f"Of the answers (of the list): {kinds}; chances lie up to {asked['distance']:.2f} apart{same}.",
        *(f"odd: {name}" for name in asked["odd"]),
    ]


def _counts(figure: Report) -> list[str]:
    """The figure now, as usual and its bounds: a share to the hundredth, counts whole."""
    values = [figure[name] for name in ("now", "usual", "low", "high")]
    known = [max(value, 0.0) for value in values if value is not None and not math.isnan(value)]
    form = ".2f" if known and max(known) <= 1 else ",.0f"
    return ["–" if value is None or math.isnan(value) else f"{max(value, 0.0):{form}}" for value in values]


def drift_page(report: Report) -> str:
    """The page of a report of `detect_drift`."""
    weeks = [each for each in report["weeks"] if each["score"] is not None]
    names = [each["week"] for each in weeks]
    events = {each["week"]: each["verdict"] for each in weeks if each["verdict"] in (VIOLATES, CONFIRMED)}
    lines = {
        "score": [each["score"] for each in weeks],
        "limit": [each["limit"] for each in weeks],
    }
    shapes = [(each["column"], *_drawn(each)) for each in report["shapes"]]
    return page(
        "drift.html",
        week=report["judged_week"],
        says=verdict_in_words(report),
        scores=figures.weekly_lines(names, lines, what="Score", events=events) if names else None,
        legend=[(figures.mark_of(n), name) for n, name in enumerate(lines)],
        shapes=shapes,
        moved=[
            (each["column"], each["reference"], f"{each['distance']:.3f}", f"{each['ratio']:.1f}")
            for each in report["moved"]
        ],
        telling=_told_apart(report["telling"]),
        deliveries=report["deliveries"][::-1],
    )


def _drawn(shape: Report) -> tuple[str, Any]:
    """What a column tells, in words, and its distribution now and before; of kinds, those that have a name."""
    column, says = shape["column"], f"{meaning(shape['column'])}."
    if shape["kind"] != "category":
        return says, densities(shape["bins"], shape["now"], shape["then"])
    shares = list(zip(shape["bins"], shape["now"], shape["then"], strict=True))
    named = [share for share in shares if share[0] != OTHER] or shares
    rest = [f" All others together: {now:.0%}, before {then:.0%}." for kind, now, then in shares if kind == OTHER]
    said = "".join([says, *(rest if len(named) < len(shares) else [])])
    return said, now_and_then(*map(list, zip(*named, strict=True)), in_order=column == WEEKDAY)


def _told_apart(telling: Report | None) -> Mapping[str, Any] | None:
    """The classifier's answer in words, with a bar a column."""
    if telling is None:
        return None
    auc = telling["auc"]
    hardly, little = 0.55, 0.65
    how = "hardly" if auc < hardly else "a little" if auc < little else "well"
    columns: Sequence[Sequence[Any]] = telling["columns"]
    drawn = figures.bars({name: share for name, share in columns[:10] if share > 0}, whole=1.0, model=0)
    return {
        "says": f"Customers of the week are told {how} from those of the weeks before (AUC {auc:.2f}).",
        "drawn": drawn,
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
