"""What one process of the API serves at a time: one publication, its names and what was bought since, as one value."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.reports import lists
from semana.serving.index import PairIndex
from semana.serving.live import Live
from semana.stores.home import Stores
from semana.stores.known import bought_in, names_of
from semana.stores.mapped import Mapped, place_of
from semana.stores.publications import named_by

_KEPT_BYTES = 16 * 2**20  # of answers that were given before
_OVERHEAD = 512
Target = tuple[bytes, bytes, str]  # path, query and language of a request


class Kept:
    """An answer that was given: its body and route, what it told (`tally`), and how often it was given since."""

    __slots__ = ("body", "hits", "length", "route", "tally")

    def __init__(self, body: bytes, route: str, tally: Mapping[str, Any]) -> None:
        self.body = body
        self.length = str(len(body)).encode()
        self.route = route
        self.tally = tally
        self.hits = 0


class Answers:
    """The answers given from one publication, by what was asked; the oldest go where they become too many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Target, Kept] = OrderedDict()
        self._bytes = 0

    def get(self, target: Target) -> Kept | None:
        """The answer that was given to the same request before."""
        return self._kept.get(target)

    def keep(self, target: Target, kept: Kept) -> list[Kept]:
        """Keeps the answer; returns those that went for it."""
        gone = []
        if target not in self._kept and len(kept.body) <= _KEPT_BYTES // 16:
            self._kept[target] = kept
            self._bytes += _size(target, kept)
        while self._bytes > _KEPT_BYTES:
            oldest, left = self._kept.popitem(last=False)
            self._bytes -= _size(oldest, left)
            gone.append(left)
        return gone

    def all(self) -> list[Kept]:
        """Every answer that is kept."""
        return list(self._kept.values())


def _size(target: Target, kept: Kept) -> int:
    """Bytes that it takes: what was asked, what was answered, and what holds both."""
    return len(kept.body) + len(target[0]) + len(target[1]) + _OVERHEAD


@dataclass(frozen=True)
class Loaded:
    """One publication with all that its answers are made from: whoever holds it answers from nothing else.

    `bought` is what landed since as bought in its week, by customer and product; `rules` are those of exclude.csv.
    """

    mapped: Mapped
    live: Live
    customers: pl.DataFrame
    products: pl.DataFrame
    index: PairIndex
    bought: Mapping[int | str, Mapping[int | str, float]]
    position: int
    rules: pl.DataFrame
    answers: Answers = field(default_factory=Answers)

    @property
    def stamp(self) -> dict[str, Any]:
        """What every answer says of where it comes from."""
        manifest = self.mapped.manifest
        return {"week": manifest["week"], "rev": manifest["rev"], "model_version": manifest["model_version"]}

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The same, as headers."""
        names = {"week": b"x-semana-week", "rev": b"x-semana-revision", "model_version": b"x-semana-model"}
        return [(names[name], str(value).encode()) for name, value in self.stamp.items()]

    def customer(self, text: str) -> dict[str, Any] | None:
        """The id, label and owner of the customer, matched as text; None for an unknown one."""
        place = place_of(self.customers[s.CUSTOMER_ID], text)
        if place is not None:
            return self.customers.row(place, named=True)
        place = place_of(self.mapped.customers, text)
        return None if place is None else {s.CUSTOMER_ID: self.mapped.customers[place], s.LABEL: None, s.OWNER: None}

    def product(self, text: str) -> dict[str, Any] | None:
        """The id and label of the product, matched as text; None for an unknown one."""
        place = place_of(self.products[s.PRODUCT_ID], text)
        return None if place is None else self.products.row(place, named=True)

    def shown(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those of the list's rows that people see: of nobody who is held out, and nothing that exclude.csv names."""
        rows = lists.shown(rows)
        return rows if self.rules.is_empty() else rows.filter(~named_by(self.rules, rows.select(s.PAIR)))

    def with_since(self, stores: Stores) -> Loaded:
        """The same publication beside what has landed, and what is excluded, by now."""
        return replace(self, answers=Answers(), **since(stores, self.mapped))


def load(stores: Stores, mapped: Mapped) -> Loaded:
    """The publication with what has landed by now."""
    return Loaded(mapped, Live(stores, mapped), index=PairIndex(mapped.frame), **since(stores, mapped))


def since(stores: Stores, mapped: Mapped) -> dict[str, Any]:
    """`customers` and `products` with their names, `bought`, `position` and `rules` by now."""
    customers, products = (names_of(stores, dataset, mapped.week) for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS))
    position = stores.landing.position
    found: dict[int | str, dict[int | str, float]] = {}
    for customer, product, quantity in bought_in(stores, mapped.week).rows():
        found.setdefault(customer, {})[product] = quantity
    told = {"bought": found, "position": position, "rules": stores.publications.exclusions()}
    return {**told, "customers": customers, "products": products}


def labels(names: pl.DataFrame, ids: pl.Series) -> Iterable[str | None]:
    """The label of each id, in their order; None where there is none."""
    known = names[names.columns[0]]
    if not len(known) or known.dtype != ids.dtype:
        return [None] * len(ids)
    places = known.search_sorted(ids).clip(upper_bound=len(known) - 1)
    same = known.gather(places) == ids
    return [label if fits else None for label, fits in zip(names[s.LABEL].gather(places), same, strict=True)]
