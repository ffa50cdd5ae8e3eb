"""The inbox: what the API was told is taken in; a letter that cannot be is put aside with a report, and told of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from semana.data import schemas as s
from semana.data.cleaning import FIRST_DATE, LARGEST
from semana.data.values import INTEGER
from semana.data.weeks import Week
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.pipeline.succession import BY_HAND, promote_by_hand, roll_back_by_hand
from semana.stores.alerts import Event
from semana.stores.home import Stores
from semana.stores.inbox import ALERT, ORDER, REFUSED, RESULT, TAKEN, TRANSACTIONS
from semana.stores.mapped import key_of

_FAULTS = (ContractError, ConfigurationError, UsageError, ValueError, KeyError, TypeError)
_log = logging.getLogger(__name__)


def take_letters(stores: Stores, *, arrival: datetime) -> dict[str, Any]:
    """Takes posted lines, results of calls and alerts, under the lease of `ingest`; orders wait for `take_orders`.

    All lines become one posted delivery (`delivery`, None where there is none). Nothing is raised for a bad letter.
    """
    stores.inbox.sweep(now=arrival)
    stores.inbox.finish()
    lines: list[pl.DataFrame] = []
    posted: list[tuple[Path, dict[str, Any]]] = []
    counts = {TAKEN: 0, REFUSED: 0}
    for path in stores.inbox.waiting():
        try:
            letter = stores.inbox.read(path)
            if letter["kind"] == TRANSACTIONS:
                if stores.landing.source is None:
                    continue
                lines.append(_lines(stores, letter, arrival))
                posted.append((path, letter))
            elif letter["kind"] != ORDER:
                _take(stores, letter, arrival)
                stores.inbox.settle(path, letter, TAKEN, said="", now=arrival)
                counts[TAKEN] += 1
        except FileNotFoundError:
            continue  # somebody else took it
        except _FAULTS as err:
            _refuse(stores, path, str(err), arrival)
            counts[REFUSED] += 1
    delivery = _post(stores, lines, posted, counts, arrival) if posted else None
    return {**counts, "delivery": delivery}


def take_orders(stores: Stores, *, now: datetime) -> dict[str, int]:
    """Carries out the orders to roll back or promote, under a lease that keeps runs out; a bad one is put aside."""
    counts = {TAKEN: 0, REFUSED: 0}
    stores.inbox.finish()
    for path in stores.inbox.waiting():
        try:
            letter = stores.inbox.read(path)
            if letter["kind"] != ORDER:
                continue
            entry = _carry_out(stores, letter, now)
            said = f"{entry['version']} serves from {entry['week']} on"
            stores.inbox.settle(path, letter, TAKEN, said=said, now=now)
            counts[TAKEN] += 1
        except FileNotFoundError:
            continue  # somebody else took it
        except _FAULTS as err:
            _refuse(stores, path, str(err), now)
            counts[REFUSED] += 1
    return counts


def _carry_out(stores: Stores, letter: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The entry of the ledger; the one there is, where the order was carried out before and could not be settled."""
    by = f"{BY_HAND}, letter {letter['name']}"
    done = next((entry for entry in stores.ledger.entries() if entry["by"] == by), None)
    if done:
        return done
    if letter["what"] == "rollback":
        return roll_back_by_hand(stores, reason=str(letter["reason"]), now=now, by=by)
    return promote_by_hand(stores, str(letter["version"]), reason=str(letter["reason"]), now=now, by=by)


def _take(stores: Stores, letter: Mapping[str, Any], now: datetime) -> None:
    if letter["kind"] == ALERT:
        stores.alerts.tell(Event(str(letter["what"]), str(letter["key"]), str(letter["says"]), urgent=True), now=now)
    elif letter["kind"] == RESULT:
        told = {name: letter[name] for name in (s.CUSTOMER_ID, "result", "note", "when")}
        stores.results.note(Week.parse(letter[s.WEEK]), told)


def _lines(stores: Stores, letter: Mapping[str, Any], arrival: datetime) -> pl.DataFrame:
    """The letter's lines with ids as they have landed; raises UsageError for one that can be no line of this shop."""
    ids = stores.landing.ids()
    kinds = {key: pl.Int64() if ids.get(key) == INTEGER else pl.String() for key in s.PAIR}
    schema = {**kinds, s.DATE: pl.Date, s.ORDER_ID: pl.String, s.QUANTITY: pl.Float64, s.AMOUNT: pl.Float64}
    rows = []
    for line in letter["lines"]:
        keys = [key_of(str(line[key]), kind) for key, kind in kinds.items()]
        day = datetime.fromisoformat(line[s.DATE]).date()
        due = FIRST_DATE <= day <= arrival.date() + timedelta(days=1)
        sane = line[s.QUANTITY] and max(abs(line[s.QUANTITY]), abs(line[s.AMOUNT] or 0)) <= LARGEST
        if None in keys or not due or not sane:
            sizes = f"quantity {line[s.QUANTITY]}, amount {line[s.AMOUNT]}"
            odd = [
                f"{name} is unlike those that have landed" for name, key in zip(kinds, keys, strict=True) if key is None
            ]
            wrong = odd[0] if odd else sizes if due else f"date {day}"
            raise UsageError(f"order {line[s.ORDER_ID]!r} holds a line that cannot be: {wrong}")
        rows.append((*keys, day, str(line[s.ORDER_ID]), float(line[s.QUANTITY]), line[s.AMOUNT]))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _post(
    stores: Stores,
    lines: list[pl.DataFrame],
    letters: list[tuple[Path, dict[str, Any]]],
    counts: dict[str, int],
    arrival: datetime,
) -> dict[str, Any] | None:
    """Lands the lines of all letters as one delivery."""
    try:
        landed = stores.landing.post(pl.concat(lines), name=letters[-1][1]["name"], arrival=arrival)
    except (ContractError, ConfigurationError) as err:
        for path, _ in letters:
            _refuse(stores, path, str(err), arrival)
        counts[REFUSED] += len(letters)
        return None
    for path, letter in letters:
        stores.inbox.settle(path, letter, TAKEN, said=f"landed at position {landed['position']}", now=arrival)
    counts[TAKEN] += len(letters)
    return landed


def _refuse(stores: Stores, path: Path, why: str, now: datetime) -> None:
    _log.warning("letter %s is refused: %s", path.stem, why)
    stores.landing.reject(path, arrival=now, error=why)
    try:
        letter = stores.inbox.read(path)
    except (OSError, ValueError):
        letter = {"name": path.stem, "kind": "none", "when": now.isoformat()}
    stores.inbox.settle(path, letter, REFUSED, said=why, now=now)
    stores.alerts.tell(Event("letter refused", path.stem, f"{letter['kind']}: {why}", urgent=True), now=now)
