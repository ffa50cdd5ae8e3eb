"""Live drift: the running week as it has landed, looked at after every delivery of order lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.frames import collected
from semana.data.purchases import count_once
from semana.data.sources import holidays_of
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.evaluation.decision import NEW, OVERDUE, USUAL
from semana.monitoring.live import judge_asked, judge_spans, projected
from semana.pipeline.calendar import calendar_of
from semana.stores import files
from semana.stores.alerts import Event
from semana.stores.home import Stores
from semana.stores.landed import TRANSACTIONS
from semana.stores.landing import LANDED
from semana.stores.reviewed import LIVE

LOOK_AFTER = "look_after"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LINES, _CUSTOMERS, _PRODUCTS, _UNPRICED = "lines", "customers", "products", "share without an amount"
# Beyond what was ever seen: as a share of a week's lines for one day, and of lines.
_DAY_SLACK, _UNPRICED_SLACK = 0.02, 0.05
_ASKED = timedelta(days=7)
_SHOWN = 20  # rows of a customer, as many as the API answers when it is not told


def look(stores: Stores, *, clock: date) -> dict[str, Any]:
    """The report on the running week up to the latest landed day (`clock` at the latest); kept in the home.

    Figures of the days since Monday, and the lines of each day alone, against the same weekdays of past weeks that are
    complete and hold no holiday. Raises UsageError where no order line has landed.
    """
    position = stores.landing.position
    days = [day for day in stores.landing.trading_days(position) if day <= clock]
    if not days:
        raise UsageError("no order line has landed. Deliver a transactions file: semana ingest PATH --source NAME")
    latest, params = max(days), stores.params.drift
    week = Week.of(latest)
    holidays = _holidays(stores, week, params.past_weeks)
    past = [each for each in _calm(stores, position, latest, clock) if each < week][-params.past_weeks :]
    reached = latest.isoweekday()
    seen = {each: _seen(stores, position, each, latest, reached) for each in (*past, week)}
    now = seen[week].figures
    before = {name: [seen[each].figures[name] for each in past] for name in now}
    now |= {day: value for day, value in seen[week].days.items() if week.days[_DAYS.index(day)] not in holidays}
    for each in past:
        for day, value in seen[each].days.items():
            before.setdefault(day, []).append(value)
    a_week = sum(seen[each].lines for each in past) / max(1, len(past))
    slack = {_UNPRICED: _UNPRICED_SLACK, **dict.fromkeys(_DAYS, _DAY_SLACK * a_week)}
    spans = judge_spans(now, before, params, slack=slack)
    shares = [seen[each].figures[_LINES] / seen[each].lines for each in past if seen[each].lines]
    projection = projected(now[_LINES], shares, interval=stores.params.level.interval)
    report = {
        "week": str(week),
        "until": str(latest),
        "past_weeks": len(past),
        "figures": [{**asdict(span), "odd": span.odd} for span in spans],
        "odd": [span.name for span in spans if span.odd],
        "projected_lines": asdict(projection) if projection else None,
        "asked": _asked(stores, clock),
    }
    files.replace_json(stores.home / LIVE, report)
    return report


def _asked(stores: Stores, clock: date) -> dict[str, Any] | None:
    """What the API was asked in the last days, beside the newest list as it is shown; None where nothing was."""
    hours = stores.inbox.asked(datetime.combine(clock - _ASKED, time(), tzinfo=UTC))
    manifest = stores.publications.current_manifest()
    if not hours or manifest is None:
        return None
    rows = stores.publications.predictions(Week.parse(manifest["week"])).filter(nw.col(s.RANK) <= _SHOWN)
    shown = collected(rows.select(s.PROBABILITY, s.KIND))
    bins = (10 * shown[s.PROBABILITY]).cast(pl.Int64).clip(upper_bound=9)
    published = {
        "bins": [int((bins == place).sum()) for place in range(10)],
        "kinds": {kind: int((shown[s.KIND] == kind).sum()) for kind in (USUAL, OVERDUE, NEW)},
    }
    found = judge_asked(hours, published, unknown=stores.params.data.unknown_ids)
    return asdict(found) if found else None


def look_after(stores: Stores, ingested: Mapping[str, Any], *, clock: date, now: datetime) -> dict[str, Any] | None:
    """The report where order lines have just landed, told where something is odd; nothing is told of a past day."""
    came = [each for each in ingested["deliveries"] if each["outcome"] == LANDED and TRANSACTIONS in each["tables"]]
    if not came:
        return None
    with stores.telemetry.measure(LOOK_AFTER):
        report = look(stores, clock=clock)
    if clock == now.date():
        _tell(stores, report, now=now)
    return {name: report[name] for name in ("week", "until", "odd", "projected_lines")}


def _tell(stores: Stores, report: Mapping[str, Any], *, now: datetime) -> None:
    """Tells what is odd, once for what it is."""
    if not report["odd"]:
        return
    told = {each["name"]: each for each in report["figures"]}
    says = "; ".join(f"{name}: {told[name]['now']:,.0f}, usual is {told[name]['usual']:,.0f}" for name in report["odd"])
    key = f"{report['until']} {', '.join(report['odd'])}"
    event = Event("running week odd", key, f"{report['week']} until {report['until']}: {says}", urgent=True)
    stores.alerts.tell(event, now=now)


def _calm(stores: Stores, position: int, latest: date, clock: date) -> list[Week]:
    """The complete weeks without a holiday, oldest first."""
    calendar = calendar_of(stores, position=position, as_of=latest, clock=clock)
    whole = [week for week in calendar.complete if week not in calendar.missing]
    off = _holidays(stores, Week.of(latest), len(whole) + 1)
    return [week for week in whole if not any(day in off for day in week.days)]


def _holidays(stores: Stores, week: Week, weeks: int) -> dict[date, str]:
    source = stores.landing.source
    return holidays_of(source, (week + -weeks).start, week.end) if source else {}


@dataclass(frozen=True)
class _Seen:
    """A week's figures from Monday to a weekday, the lines of each of these days, and of the whole week."""

    figures: dict[str, float]
    days: dict[str, float]
    lines: float


def _seen(stores: Stores, position: int, week: Week, latest: date, reached: int) -> _Seen:
    """Of the lines up to a day, each counted once; `reached` is the weekday."""
    lines = stores.landing.lines(position, days=(week.start, min(week.end, latest)))
    kept = (s.DATE, s.CUSTOMER_ID, s.PRODUCT_ID, s.AMOUNT, s.LINES)
    rows = collected(count_once(lines).select(*kept)).with_columns(pl.col(s.DATE).dt.weekday().alias(s.WEEKDAY))
    so_far = rows.filter(pl.col(s.WEEKDAY) <= reached)
    counted = float(so_far[s.LINES].sum())
    figures = {
        _LINES: counted,
        _CUSTOMERS: float(so_far[s.CUSTOMER_ID].n_unique()),
        _PRODUCTS: float(so_far[s.PRODUCT_ID].n_unique()),
        _UNPRICED: float(so_far.filter(pl.col(s.AMOUNT).is_null())[s.LINES].sum()) / max(1.0, counted),
    }
    sums = dict(so_far.group_by(s.WEEKDAY).agg(pl.col(s.LINES).sum()).rows())
    days = {_DAYS[day - 1]: float(sums.get(day, 0)) for day in range(1, reached + 1)}
    return _Seen(figures, days, float(rows[s.LINES].sum()))
