"""Routes that are told something: posted purchases, results of calls, orders. All go to the inbox."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, BeforeValidator, Field, FiniteFloat, StrictStr, StringConstraints
from starlette.responses import Response

from semana.data import schemas as s
from semana.data.cleaning import FIRST_DATE, LARGEST
from semana.serving import responses_of_system as r
from semana.serving.asking import (
    ANY,
    Home,
    Idempotency,
    Limit,
    Offset,
    Publication,
    answer,
    known,
    needs,
    page,
    refusals,
)
from semana.serving.problems import Problem
from semana.serving.scoring import Id, Strict
from semana.stores.home import Stores
from semana.stores.inbox import ORDER, RESULT, TRANSACTIONS
from semana.stores.mapped import key_of

router = APIRouter(prefix="/v1", responses={**ANY, **refusals(409, 413, 415)})
read_router = APIRouter(prefix="/v1", responses={**ANY, **refusals(404)}, dependencies=[needs("read")])
_log = logging.getLogger(__name__)
_LATEST = date(9999, 12, 30)
Number = Annotated[FiniteFloat, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Why = Annotated[
    StrictStr,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=500),
    Field(description="Kept in the ledger."),
]


def _as_text(value: object) -> object:
    """The value where it may be a date as JSON has it; numbers are none."""
    if not isinstance(value, str | date):
        raise ValueError("a date like 2025-01-07 was expected")
    return value


class Posted(BaseModel):
    """A line of an order of the running week."""

    model_config = Strict
    order_id: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    customer_id: Id
    product_id: Id
    date: Annotated[date, Field(ge=FIRST_DATE, le=_LATEST), BeforeValidator(_as_text)]
    quantity: Number = 1.0
    amount: Number | None = None


class Transactions(BaseModel):
    """Order lines; the same order again is taken once."""

    model_config = {
        **Strict,
        "json_schema_extra": {
            "examples": [
                {"lines": [{"order_id": "a-1", s.CUSTOMER_ID: 2, s.PRODUCT_ID: 0, "date": "2025-01-07", "quantity": 3}]}
            ]
        },
    }
    lines: Annotated[list[Posted], Field(min_length=1, max_length=1000)]


class Result(BaseModel):
    """What came of a call."""

    model_config = {**Strict, "json_schema_extra": {"examples": [{s.CUSTOMER_ID: 2, "result": "ordered"}]}}
    customer_id: Id
    result: Literal["ordered", "no", "not_reached"]
    note: Annotated[StrictStr, Field(max_length=500)] | None = None
    week: (
        Annotated[StrictStr, Field(max_length=8, description="Of the list that was called by; another is refused.")]
        | None
    ) = None


class Rollback(BaseModel):
    """An order to go back to the model that served before."""

    model_config = {**Strict, "json_schema_extra": {"examples": [{"reason": "the list was wrong for the north"}]}}
    reason: Why


class Promote(Rollback):
    """An order to make a version serve."""

    model_config = {
        **Strict,
        "json_schema_extra": {"examples": [{"version": "1.0.0", "reason": "the list was wrong for the north"}]},
    }
    version: Annotated[StrictStr, Field(pattern=r"^([0-9]{1,6}(\.[0-9]{1,6}){2}|[0-9a-f]{16})$")]


@router.post(
    "/transactions", response_model=r.Accepted, status_code=202, tags=["telling"], dependencies=[needs("write")]
)
def transactions(request: Request, stores: Home, loaded: Publication, posted: Transactions) -> Response:
    """Orders of the running week, before their file is delivered: a delivered file replaces those of its days."""
    today = _now().date()
    for number, line in enumerate(posted.lines):
        if line.quantity == 0:
            raise Problem(422, f"lines.{number}.quantity: above zero, or below for a return, was expected")
        if (line.date - today).days > 1:
            raise Problem(422, f"lines.{number}.date: {line.date} has not come yet")
        kinds = (loaded.mapped.customers.dtype, loaded.products[s.PRODUCT_ID].dtype)
        for text, kind in zip((str(line.customer_id), str(line.product_id)), kinds, strict=True):
            if key_of(text, kind) is None:
                raise Problem(422, f"lines.{number}: {text!r} is no id of this shop, whose ids are whole numbers")
    marks = _marks_of(posted.lines)
    while True:  # orders that were told before are left out; somebody may be telling others of them now
        known = _known(stores, marks)
        fresh = [line.model_dump(mode="json") for line in posted.lines if f"order {line.order_id}" not in known]
        if not fresh:
            return _told_before(request, stores, next(iter(known.values())))
        new = {mark: lines for mark, lines in marks.items() if mark not in known}
        left = _left(request, stores, TRANSACTIONS, {"lines": fresh}, marks=new)
        if not left["before"]:
            return _told(request, left)


def _marks_of(lines: Sequence[Posted]) -> dict[str, Any]:
    """What each order stands for: its lines, in any order, with ids as text."""
    found: dict[str, list[str]] = {}
    for line in lines:
        ids = {key: str(getattr(line, key)) for key in s.PAIR}
        found.setdefault(f"order {line.order_id}", []).append(json.dumps({**line.model_dump(mode="json"), **ids}))
    return {mark: sorted(of_order) for mark, of_order in found.items()}


@router.post(
    "/calls/results",
    response_model=r.Accepted,
    status_code=202,
    tags=["telling"],
    dependencies=[needs("write")],
    responses=refusals(404),
)
def call_result(
    request: Request, stores: Home, loaded: Publication, result: Result, once: Idempotency = None
) -> Response:
    """What came of calling a customer of the current list; the last word of a week counts."""
    known(loaded.customer(str(result.customer_id)), "customer", str(result.customer_id))
    week = loaded.stamp["week"]
    if result.week not in (None, week):
        raise Problem(409, f"the list is that of {week} by now: look at it again, then say what came of the call")
    return _left_once(request, stores, RESULT, {**result.model_dump(mode="json"), s.WEEK: week}, once)


@router.post(
    "/model/rollback", response_model=r.Accepted, status_code=202, tags=["model"], dependencies=[needs("admin")]
)
def rollback(request: Request, stores: Home, order: Rollback, once: Idempotency = None) -> Response:
    """Orders the model back to its predecessor; the next run or `semana watch` does it, or says why not."""
    return _left_once(request, stores, ORDER, {"what": "rollback", "reason": order.reason}, once)


@router.post(
    "/model/promote", response_model=r.Accepted, status_code=202, tags=["model"], dependencies=[needs("admin")]
)
def promote(request: Request, stores: Home, order: Promote, once: Idempotency = None) -> Response:
    """Orders a version (or a refused bundle) to serve; the next run or `semana watch` does it, or says why not."""
    return _left_once(
        request, stores, ORDER, {"what": "promote", "version": order.version, "reason": order.reason}, once
    )


@read_router.get("/orders", response_model=r.Orders, tags=["model"])
def orders(request: Request, stores: Home, limit: Limit = 20, offset: Offset = 0) -> Response:
    """The orders to roll back or promote that are remembered, and what became of each; the newest first."""
    every = stores.inbox.orders()
    parts = ("name", "when", "what", "version", "reason", "outcome", "says")
    shown = [{part: letter.get(part) for part in parts} for letter in every[offset : offset + limit]]
    return answer(request, None, {**page(offset, len(shown), len(every)), "orders": shown})


@read_router.get("/letters/{name}", response_model=r.Letter, tags=["telling"])
def letter(request: Request, stores: Home, name: Annotated[str, Path(max_length=60)]) -> Response:
    """What became of something that was told: waiting, taken or refused, and why."""
    found = stores.inbox.outcome(name)
    if found is None:
        raise Problem(404, f"letter {name!r} is unknown, or was taken long ago")
    return answer(request, None, {part: found[part] for part in ("name", "kind", "when", "outcome", "says")})


def _left_once(request: Request, stores: Stores, kind: str, content: dict[str, Any], once: str | None) -> Response:
    """Leaves a letter; the same Idempotency-Key of the same asker and route is the same letter."""
    marks = {f"key {request.state.key.name} {request.url.path} {once}": content} if once else {}
    left = _left(request, stores, kind, content, marks=marks)
    return _told_before(request, stores, left["name"]) if left["before"] else _told(request, left)


def _known(stores: Stores, marks: dict[str, Any]) -> dict[str, str]:
    try:
        return stores.inbox.known(marks)
    except OSError as err:
        raise _away(err) from err


def _left(
    request: Request, stores: Stores, kind: str, content: dict[str, Any], *, marks: dict[str, Any]
) -> dict[str, Any]:
    """Leaves a letter, unless there is one with one of its marks `before`; that which is there."""
    try:
        return stores.inbox.post(kind, content, request=request.state.request_id, now=_now(), marks=marks)
    except OSError as err:
        raise _away(err) from err


def _told(request: Request, left: dict[str, Any]) -> Response:
    return answer(request, None, {"letter": left["name"], "before": False, "outcome": "waiting"}, status=202)


def _told_before(request: Request, stores: Stores, name: str) -> Response:
    found = stores.inbox.outcome(name)
    told = {"letter": name, "before": True, "outcome": found["outcome"] if found else "waiting"}
    return answer(request, None, told, status=202)


def _away(err: OSError) -> Problem:
    _log.warning("the inbox cannot be used: %s", err)
    return Problem(
        503,
        "the inbox cannot be written to, and nothing was taken: tell it again",
        {"Retry-After": "5"},
    )


def _now() -> datetime:
    return datetime.now(UTC)
