"""A step's JSON summary as a note that an operator reads without opening logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_FIRST = ("published", "retrain", "reasons", "promoted", "refused", "verdict", "confirmed", "stays", "rows")
_LEFT_OUT = ("step", "hash")
_MANY = 12  # of a list that are shown
_LONGEST = 3900  # characters: Airflow cuts a field at 4,096, in the middle


def note_of(summary: Mapping[str, Any]) -> str:
    """One line a fact, what decides first; nested facts below their name, as YAML has them."""
    names = [name for name in _FIRST if name in summary]
    names += [name for name in summary if name not in names and name not in _LEFT_OUT]
    return shortened("\n".join(line for name in names for line in _lines(name, summary[name], depth=0)))


def shortened(note: str) -> str:
    """The note as far as Airflow shows it, and where the rest stands."""
    if len(note) <= _LONGEST:
        return note
    return f"{note[:_LONGEST].rstrip()} ...\nthe rest: in its XCom, or in its log"


def _lines(name: str, value: Any, *, depth: int) -> Iterator[str]:
    bullet = f"{'  ' * depth}{name.replace('_', ' ')}:"
    if isinstance(value, Mapping):
        yield bullet
        for inner, found in value.items():
            if inner not in _LEFT_OUT and found is not None:
                yield from _lines(str(inner), found, depth=depth + 1)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        yield f"{bullet} {len(value):,}"
        for each in value[:_MANY]:
            if isinstance(each, Mapping):
                yield f"{'  ' * (depth + 1)}- {'; '.join(_facts(each))}"
        if len(value) > _MANY:
            yield f"{'  ' * (depth + 1)}- and {len(value) - _MANY:,} more"
    else:
        yield f"{bullet} {_word(value)}"


def _facts(value: Mapping[str, Any]) -> Iterator[str]:
    for name, found in value.items():
        if isinstance(found, Mapping):
            yield from (f"{name} {fact}" for fact in _facts(found))
        elif name not in _LEFT_OUT:
            yield f"{name} {_word(found)}"


def _word(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, list):
        more = [f"and {len(value) - _MANY:,} more"] if len(value) > _MANY else []
        return "; ".join([*map(_word, value[:_MANY]), *more]) or "none"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
