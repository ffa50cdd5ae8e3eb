"""Numbers of the system's views in a language, and the steps and datasets of runs that its figures are drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from semana.reports.words import number
from semana.ui.drawn import NOTHING

_MINUTE, _HOUR = 60, 3600
_THOUSAND = 1000
_KIB = 1024
_UNITS: Mapping[str, Sequence[tuple[float, str]]] = {
    "seconds": ((1.0, "s"), (60.0, "min"), (3600.0, "h")),
    "bytes": ((1.0, "B"), (1024.0, "KiB"), (2.0**20, "MiB"), (2.0**30, "GiB")),
}


def decimal(value: float | None, lang: str, places: int = 3) -> str:
    """A number with so many decimals; a dash where there is none.

    >>> decimal(0.5953, "es"), decimal(1234.5, "en", 0), decimal(None, "en")
    ('0,595', '1,234', '–')
    """
    if value is None or math.isnan(value):
        return NOTHING
    text = f"{value:,.{places}f}".replace("-", "\N{MINUS SIGN}")
    return text if lang == "en" else text.translate(str.maketrans(",.", ".,"))


def short(value: float, lang: str) -> str:
    """A number as it stands beside a grid: as exact as it needs to be.

    >>> short(0.25, "es"), short(2500000.0, "en"), short(12000.0, "es"), short(3.0, "en")
    ('0,25', '2.5 M', '12.000', '3')
    """
    if abs(value) >= _THOUSAND**2:
        return f"{number(value / _THOUSAND**2, lang)} M"
    text = f"{round(value, 6):,.7g}" if abs(value) < _THOUSAND else f"{value:,.0f}"
    return text if lang == "en" else text.translate(str.maketrans(",.", ".,"))


def seconds(value: float, lang: str) -> str:
    """A span of time.

    >>> seconds(4.25, "es"), seconds(125, "en"), seconds(7300, "en"), seconds(0.04, "en")
    ('4,2 s', '2 min 5 s', '2 h 1 min', '0.04 s')
    """
    if value < _MINUTE:
        return f"{decimal(value, lang, 2 if 0 < value < 0.1 else 1)} s"
    if value < _HOUR:
        return f"{value // _MINUTE:.0f} min {value % _MINUTE:.0f} s"
    return f"{value // _HOUR:.0f} h {value % _HOUR // _MINUTE:.0f} min"


def size(value: float, lang: str) -> str:
    """Bytes.

    >>> size(0, "en"), size(1536, "es"), size(3 * 2**30, "en")
    ('0 B', '1,5 KiB', '3 GiB')
    """
    for unit in ("B", "KiB", "MiB"):
        if value < _THOUSAND:
            return f"{number(value, lang)} {unit}"
        value /= _KIB
    return f"{number(value, lang)} GiB"


def unit_of(most: float, kind: str) -> tuple[float, str]:
    """A unit in which values up to `most` are told, of seconds or bytes: how much it is, and its name.

    >>> unit_of(90, "seconds"), unit_of(300, "seconds"), unit_of(5 * 2**20, "bytes"), unit_of(7, "rows")
    ((1.0, 's'), (60.0, 'min'), (1048576.0, 'MiB'), (1.0, ''))
    """
    found = (1.0, "")
    for size_of, name in _UNITS.get(kind, ()):
        if most >= 2 * size_of or found == (1.0, ""):
            found = (size_of, name)
    return found


def paged(rows: Sequence[Any], first: int, step: int) -> dict[str, Any]:
    """A part of the rows, with what a pager says of it."""
    first = first if 0 <= first < len(rows) else 0
    return {"rows": rows[first : first + step], "first": first, "total": len(rows), "step": step}


def whole(text: str) -> int:
    """A number that was picked; 0 for what is none."""
    return int(text) if text.isdecimal() else 0
