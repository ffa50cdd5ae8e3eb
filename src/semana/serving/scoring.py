"""Routes that score: given pairs, one customer now, and why a pair has the chance that it has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import numpy as np
import polars as pl
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, StrictInt, StrictStr
from starlette.responses import Response

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.features.build import FEATURES
from semana.reports.words import merged
from semana.serving import responses as r
from semana.serving.asking import (
    ANY,
    Home,
    Language,
    Publication,
    Text,
    answer,
    known,
    named,
    needs,
    refusals,
    why,
    with_words,
)
from semana.serving.counts import tally_of
from semana.serving.loaded import Loaded, labels
from semana.serving.problems import Problem
from semana.stores.mapped import key_of
from semana.stores.publications import named_by

router = APIRouter(prefix="/v1", tags=["scoring"], dependencies=[needs("read")], responses=ANY)
_SAFE = 2**53 - 1  # what every JSON reader keeps exactly; larger ids are sent as text
Whole = Annotated[StrictInt, Field(ge=-_SAFE, le=_SAFE)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Id = Annotated[Whole | Name, BeforeValidator(lambda id_: int(id_) if isinstance(id_, float) and id_ % 1 == 0 else id_)]
Strict = ConfigDict(extra="forbid")
_TWICE = 20  # batch pairs of a request that are scored live too, to see that both agree
_USUAL = 50  # categories of an attribute that are named
_ARROWS = ("↑", "↓")


class Pair(BaseModel):
    """A customer and a product; ids are matched as text."""

    model_config = Strict
    customer_id: Id
    product_id: Id


class Pairs(BaseModel):
    """Pairs to be told of."""

    model_config = {**Strict, "json_schema_extra": {"examples": [{"pairs": [{s.CUSTOMER_ID: 2, s.PRODUCT_ID: 0}]}]}}
    pairs: Annotated[list[Pair], Field(min_length=1, max_length=10_000)]


class Line(BaseModel):
    """A line of an order, as it would be delivered."""

    model_config = Strict
    product_id: Id
    date: date
    order_id: Annotated[StrictStr, Field(min_length=1, max_length=200)] | None = None
    quantity: Annotated[FiniteFloat, Field(ge=-1e9, le=1e9)] = 1.0
    amount: Annotated[FiniteFloat, Field(ge=-1e12, le=1e12)] | None = None


class Asked(BaseModel):
    """One customer to score: a known one, with purchases that have not landed yet, or a newcomer with attributes."""

    model_config = {
        **Strict,
        "json_schema_extra": {
            "examples": [{s.CUSTOMER_ID: 2, "purchases": [{s.PRODUCT_ID: 0, "date": "2025-01-03"}], "top": 10}]
        },
    }
    customer_id: Id | None = None
    purchases: Annotated[list[Line], Field(max_length=2000)] = []
    attributes: Annotated[dict[str, StrictStr | FiniteFloat | None], Field(max_length=100)] = {}
    top: Annotated[int, Field(ge=1, le=1000)] = 20
    reasons: Annotated[int, Field(ge=0, le=20, description="How many of each product; 0 answers soonest.")] = 3


@router.get("/attributes", response_model=r.Attributes)
def attributes(request: Request, loaded: Publication) -> Response:
    """What is known of customers beside their purchases: `POST /v1/score` takes the same of a newcomer."""
    frame = loaded.live.described
    found = []
    for name in loaded.live.attributes:
        number = frame.schema[name].is_numeric()
        counts = (
            frame[name].drop_nulls().cast(pl.String).value_counts(name="n").sort("n", name, descending=[True, False])
        )
        usual = [] if number else counts[name].head(_USUAL).to_list()
        found.append({"name": name, "kind": "number" if number else "category", "values": usual})
    return answer(request, loaded, {"attributes": found})


@router.post("/predictions", response_model=r.PairAnswers, responses=refusals(409, 413, 415))
def predictions(request: Request, loaded: Publication, asked: Pairs) -> Response:
    """The chance of each pair, at most 10,000: as published, or scored now where it is not among the list's pairs.

    An id that the list does not know, and a customer whom an experiment holds out, is that item's error.
    """
    places, keys = _places(loaded, asked.pairs)
    found: list[dict[str, Any]] = []
    live: list[int] = []
    rows = loaded.mapped.frame[np.maximum(places, 0).tolist()] if loaded.mapped.frame.height else None
    columns = [s.PROBABILITY, s.RECOMMENDED, s.RANK, s.KIND]
    listed = rows.select(columns).to_dicts() if rows is not None else []
    held_out = loaded.mapped.held_out[np.maximum(places, 0).tolist()].to_list() if listed else []
    for number, (pair, place, key) in enumerate(zip(asked.pairs, places, keys, strict=True)):
        told: dict[str, Any] = {s.CUSTOMER_ID: pair.customer_id, s.PRODUCT_ID: pair.product_id}
        if place >= 0:
            out = held_out[number]
            bought = loaded.bought.get(key[0], {}).get(key[1])
            told |= _HELD_OUT if out else {**listed[number], "scored": "batch", "bought_this_week": bought}
        elif error := _unknown(loaded, str(pair.customer_id), str(pair.product_id)):
            told["error"] = error
        else:
            live.append(number)
        found.append(told)
    named = named_by(loaded.rules, pl.DataFrame(keys, schema=_schema(loaded), orient="row"))
    for told, out in zip(found, named, strict=True):
        if out and told.get("scored"):
            told[s.RECOMMENDED] = False
    gaps = _score(loaded, found, keys, live, [n for n, place in enumerate(places) if place >= 0])
    unknown = sum("error" in each for each in found)
    return answer(request, loaded, {"predictions": found}, tally=tally_of(found, unknown=unknown, gaps=gaps))


@router.post("/score", response_model=r.Score, responses=refusals(404, 409, 413, 415))
def score(request: Request, loaded: Publication, stores: Home, lang: Language, asked: Asked) -> Response:
    """One customer's candidates scored now by the list's model, from the same features as the list itself.

    Purchases are those that have not been delivered yet, before the list's week; attributes are those of a newcomer,
    or replace a known customer's.
    """
    live = loaded.live
    live.make_ready()
    text = None if asked.customer_id is None else str(asked.customer_id)
    customer, _ = live.typed(text, "")
    who = loaded.customer(text) if text is not None else None
    if text is not None and _is_held_out(loaded, text):
        raise Problem(409, "an experiment holds this customer's list out: what is not shown is not scored")
    ids = live.customers
    if customer is None:
        customer = _nobody(ids)
    lines, ignored = _lines(loaded, customer, asked.purchases)
    rows = live.customer(customer, lines=lines, attributes=asked.attributes, most=asked.top, top=asked.reasons)
    names = labels(loaded.products, pl.Series(s.PRODUCT_ID, [row[s.PRODUCT_ID] for row in rows], live.products.dtype))
    excluded = _excluded(stores, rows, customer, live.customers.dtype)
    cut = loaded.mapped.manifest["cut"]
    told = [
        {
            **{name: row[name] for name in (s.PRODUCT_ID, s.PROBABILITY, s.KIND, s.LAST_BOUGHT)},
            **{name: row[name] for name in (s.USUAL_GAP_DAYS, s.USUAL_QUANTITY)},
            "product": name,
            s.RANK: rank,
            s.RECOMMENDED: row[s.PROBABILITY] >= cut and not out,
            "why": why(row[s.REASONS], lang),
            s.REASONS: with_words(row[s.REASONS], lang),
        }
        for rank, (row, name, out) in enumerate(zip(rows, names, excluded, strict=True), 1)
    ]
    person = {s.CUSTOMER_ID: asked.customer_id, "customer": who[s.LABEL] if who else None, "known": who is not None}
    return answer(request, loaded, {**person, "ignored": ignored, "predictions": told}, told=told)


@router.get("/explanations", response_model=r.Explanation, responses=refusals(404, 409))
def explanation(
    request: Request,
    loaded: Publication,
    stores: Home,
    lang: Language,
    customer_id: Text,
    product_id: Text,
    top: Annotated[int, Query(ge=0, le=100, description="Reasons at the most; 0 for all.")] = 5,
) -> Response:
    """Why a customer is likely to buy a product, or not, in words and numbers; any pair, on the list or not."""
    who = known(loaded.customer(customer_id), "customer", customer_id)
    what = known(loaded.product(product_id), "product", product_id)
    if _is_held_out(loaded, customer_id):
        raise Problem(409, "an experiment holds this customer's list out: what is not shown is not explained")
    pair = pl.DataFrame(
        {s.CUSTOMER_ID: [who[s.CUSTOMER_ID]], s.PRODUCT_ID: [what[s.PRODUCT_ID]]},
        schema={s.CUSTOMER_ID: loaded.mapped.customers.dtype, s.PRODUCT_ID: loaded.products[s.PRODUCT_ID].dtype},
    )
    (scored,) = loaded.live.pairs(pair, top=len(FEATURES))
    mine = loaded.mapped.rows_of(customer_id)
    listed = mine.filter(pl.col(s.PRODUCT_ID) == what[s.PRODUCT_ID])
    row = listed.row(0, named=True) if listed.height else None
    cut = loaded.mapped.manifest["cut"]
    excluded = bool(stores.publications.excluded(pair).item())
    chance = row[s.PROBABILITY] if row else scored[s.PROBABILITY]
    most = top or None
    content = {
        **scored,
        **named(who),
        s.PRODUCT_ID: what[s.PRODUCT_ID],
        "product": what[s.LABEL],
        s.PROBABILITY: chance,
        "scored": "batch" if row else "live",
        s.RANK: row[s.RANK] if row else None,
        s.RECOMMENDED: (bool(row[s.RECOMMENDED]) if row else chance >= cut) and not excluded,
        "excluded": excluded,
        "cut": cut,
        "base": loaded.live.scorer.model.base(),
        s.REASONS: with_words(scored[s.REASONS][:most], lang),
        "sentences": [f"{_ARROWS[by < 0]} {said}" for said, by in merged(scored[s.REASONS], lang)[:most]],
    }
    return answer(request, loaded, content, told=[content])


_HELD_OUT = {"error": "an experiment holds this customer's list out"}


def _places(loaded: Loaded, pairs: Sequence[Pair]) -> tuple[list[int], list[tuple[Any, Any]]]:
    """Where each pair stands in the list (-1: it does not), and its ids as the list has them (None: none of its)."""
    kinds = loaded.mapped.customers.dtype, loaded.mapped.frame.schema[s.PRODUCT_ID]
    keys = [(key_of(str(pair.customer_id), kinds[0]), key_of(str(pair.product_id), kinds[1])) for pair in pairs]
    customers, products = (pl.Series([key[n] for key in keys], dtype=kinds[n]) for n in (0, 1))
    return loaded.index.places(customers, products).tolist(), keys


def _schema(loaded: Loaded) -> dict[str, Any]:
    """The kinds of the list's ids."""
    return {s.CUSTOMER_ID: loaded.mapped.customers.dtype, s.PRODUCT_ID: loaded.mapped.frame.schema[s.PRODUCT_ID]}


def _unknown(loaded: Loaded, customer: str, product: str) -> str | None:
    if loaded.customer(customer) is None:
        return "the customer is unknown"
    if loaded.product(product) is None:
        return "the product is unknown"
    return _HELD_OUT["error"] if _is_held_out(loaded, customer) else None


def _score(
    loaded: Loaded,
    found: list[dict[str, Any]],
    keys: Sequence[tuple[Any, Any]],
    live: Sequence[int],
    batch: Sequence[int],
) -> list[float]:
    """Fills in what is not listed, scored now; |live - batch| of a few pairs that are, where others are scored."""
    if not live:
        return []
    twice = [number for number in batch[:_TWICE] if "error" not in found[number]]
    distinct = list(dict.fromkeys(keys[number] for number in (*live, *twice)))
    pairs = pl.DataFrame(distinct, schema=_schema(loaded), orient="row")
    scored = dict(zip(distinct, loaded.live.pairs(pairs), strict=True))
    excluded = dict(zip(distinct, named_by(loaded.rules, pairs), strict=True))
    cut = loaded.mapped.manifest["cut"]
    for number in live:
        row = scored[keys[number]]
        wanted = row[s.PROBABILITY] >= cut and not excluded[keys[number]]
        bought = loaded.bought.get(keys[number][0], {}).get(keys[number][1])
        told = {s.PROBABILITY: row[s.PROBABILITY], s.RECOMMENDED: wanted, s.RANK: None, s.KIND: row[s.KIND]}
        found[number] |= {**told, "scored": "live", "bought_this_week": bought}
    return [abs(scored[keys[number]][s.PROBABILITY] - found[number][s.PROBABILITY]) for number in twice]


def _is_held_out(loaded: Loaded, customer: str) -> bool:
    experiment = loaded.live.experiment
    return bool(experiment and experiment.holds_out(customer))


def _nobody(ids: pl.Series) -> int | str:
    """An id that no customer has."""
    if ids.dtype == pl.String:
        return "\0newcomer"
    return int(ids.min() or 0) - 1  # type: ignore[arg-type]


def _lines(loaded: Loaded, customer: int | str, lines: Sequence[Line]) -> tuple[pl.DataFrame, int]:
    """The lines that lie before the list's week as the landed ones are, and how many do not."""
    week = loaded.mapped.week
    products = loaded.products[s.PRODUCT_ID].dtype
    rows = []
    for number, line in enumerate(lines):
        product = key_of(str(line.product_id), products)
        if product is None or loaded.product(str(line.product_id)) is None:
            raise Problem(422, f"purchases.{number}.product_id: product {str(line.product_id)!r} is unknown")
        if line.date < week.start:
            of = Week.of(line.date).index
            rows.append((customer, product, line.date, line.order_id, line.quantity, line.amount, of, 1))
    schema: dict[str, Any] = {
        s.CUSTOMER_ID: loaded.live.customers.dtype, s.PRODUCT_ID: products, s.DATE: pl.Date, s.ORDER_ID: pl.String,
        s.QUANTITY: pl.Float64, s.AMOUNT: pl.Float64, s.WEEK: pl.Int32, s.DELIVERY: pl.Int32,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row"), len(lines) - len(rows)


def _excluded(stores: Any, rows: Sequence[dict[str, Any]], customer: int | str, kind: Any) -> list[bool]:
    products = [row[s.PRODUCT_ID] for row in rows]
    pairs = pl.DataFrame({s.CUSTOMER_ID: pl.Series([customer] * len(rows), dtype=kind), s.PRODUCT_ID: products})
    return list(stores.publications.excluded(pairs)) if rows else []
