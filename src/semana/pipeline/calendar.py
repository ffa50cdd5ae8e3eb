"""Which weeks are complete for a run, and the rules of when a run may not go on."""

from __future__ import annotations

from datetime import date

from semana.data.sources import holidays_of
from semana.data.weeks import Calendar, Week, read_calendar
from semana.errors import ContractError
from semana.stores.home import Stores
from semana.stores.runs import Run


def calendar_of(stores: Stores, *, position: int, as_of: date, clock: date) -> Calendar:
    """The calendar of what had landed at `position`, as of that day, read on the day `clock`."""
    source, days = stores.landing.source, stores.landing.trading_days(position)
    return read_calendar(
        days,
        as_of=as_of,
        clock=clock,
        look_back=stores.params.data.trading_weeks,
        complete_after_days=stores.params.data.complete_after_days,
        closed=source.closed if source else (),
        holidays=holidays_of(source, min(days), max(days)) if source and days else (),
    )


def has_begun(run: Run, stores: Stores) -> bool:
    """Whether the run's week had begun, in business time or in the arrival of what this run knew."""
    return max(run.today, stores.landing.arrival(run.position).date()) >= run.week.start


def check_gaps(calendar: Calendar, target: Week, *, weeks: int, source: str) -> None:
    """Raises ContractError where one of the `weeks` before `target` has no row and is no declared closure."""
    recent = [str(week) for week in calendar.gaps if target - week <= weeks]
    if recent:
        raise ContractError(
            f"no row has landed for {', '.join(recent)}: taken as it is, it would be learned as 'nobody bought'. "
            f"Deliver the missing files, or declare the closure in sources/{source}.yaml: closed_weeks: [{recent[0]}]"
        )


def check_not_over(target: Week, calendar: Calendar, *, clock: date, landed: date) -> None:
    """Raises ContractError where the week that would be predicted has ended by the clock."""
    if target.end >= clock:
        return
    last = calendar.latest_complete
    days = ", ".join(str(day) for day in calendar.missing.get(last, ()))
    lacking = f" ({last} lacks {days})" if days else ""
    raise ContractError(
        f"{target} ended on {target.end}, today is {clock}: nothing newer than {landed} has landed{lacking}. "
        f"Deliver what is missing, or predict from what is there with: semana run --as-of {landed}"
    )
