"""HTML from templates, with our words and numbers in it; what comes from the data is escaped."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from semana.reports import words
from semana.reports.phrases import LANGUAGES
from semana.ui.words import say
from semana.ui.words.sentences import sentence

_DAYS = (["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"])
_MONTHS = (
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
)
NOTHING = "–"
_SURE = 0.99


def drawn(template: str, lang: str, **values: Any) -> Markup:
    """The template filled with the values, in the language."""
    return Markup(_room(lang).get_template(template).render(values))  # noqa: S704 - autoescaped


def day(when: date | str | None, lang: str, *, year: bool = True) -> str:
    """A day for people.

    >>> day("2025-01-06", "en"), day("2025-01-06", "es", year=False), day(None, "en")
    ('Mon 6 Jan 2025', 'lun 6 ene', '–')
    """
    if when is None:
        return NOTHING
    when = date.fromisoformat(when) if isinstance(when, str) else when
    n = LANGUAGES.index(lang)
    told = f"{_DAYS[n][when.weekday()]} {when.day} {_MONTHS[n][when.month - 1]}"
    return f"{told} {when.year}" if year else told


def days_of(week: str, lang: str) -> str:
    """The days of a week like 2025-W02.

    >>> days_of("2025-W02", "en")
    'Mon 6 Jan – Sun 12 Jan 2025'
    """
    begins = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    return f"{day(begins, lang, year=False)} – {day(begins + timedelta(days=6), lang)}"


def number(value: float | None, lang: str) -> str:
    """A number for people, a dash where there is none."""
    return NOTHING if value is None else words.number(value, lang)


def percent(share: float | None, lang: str) -> str:
    """A share for people, a dash where there is none; what is not quite sure is not told as sure.

    >>> percent(0.345, "en"), percent(0.999999, "es"), percent(1.0, "en")
    ('34%', '>99 %', '100%')
    """
    if share is None:
        return NOTHING
    return f">{words.percent(_SURE, lang)}" if _SURE < share < 1 else words.percent(share, lang)


@cache
def _room(lang: str) -> Environment:
    room = Environment(loader=PackageLoader("semana.ui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    for does in (number, percent, day, days_of):
        room.filters[does.__name__] = partial(does, lang=lang)
    room.filters["sentence"] = partial(sentence, lang=lang)
    room.filters["kind"] = partial(words.kind_in_words, lang=lang)
    room.globals.update(t=lambda key, **values: say(key, lang, **values), lang=lang)
    return room
