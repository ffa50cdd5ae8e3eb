"""What the API answers, as models: they make the OpenAPI document, with an example each."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = int | str
Chance = Annotated[float, Field(ge=0, le=1, description="Chance of a purchase in the week.")]
USUAL = "What a purchase of the pair usually is (of the product where it was never bought): what to offer."
Open = ConfigDict(extra="allow")


class Fault(BaseModel):
    """One thing that a request says and that cannot be."""

    where: str = Field(examples=["query.top"])
    says: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["customer '7' is unknown"])
    request_id: str
    errors: list[Fault] = []


class Stamped(BaseModel):
    """Every answer says which publication it comes from, all of it."""

    week: str = Field(examples=["2025-W02"])
    rev: int = Field(examples=[1])
    model_version: str = Field(examples=["1.0.0"])


class Paged(Stamped):
    """A part of a longer list."""

    total: int
    next: int | None = Field(description="The `offset` of the next part; null where this is the last.")


class Reason(BaseModel):
    """Something that moved a chance, in the reader's language."""

    code: str = Field(examples=["weeks_of_last_26"])
    value: float | None = Field(examples=[23])
    contribution: float = Field(examples=[1.27], description="Its part of the score; above zero it raises the chance.")
    words: str = Field(examples=["bought in 23 of the last 26 weeks"])


class Offer(BaseModel):
    """A product that a customer may buy."""

    product_id: Id
    product: str | None = Field(examples=["BANANAS"])
    probability: Chance
    rank: int = Field(description="1 is the customer's best.")
    recommended: bool
    kind: str = Field(examples=["usual"], description="usual, overdue or new")
    expected_quantity: float | None = Field(description="The chance times the usual quantity.")
    expected_amount: float | None
    last_bought: date | None
    usual_gap_days: float | None
    usual_quantity: float | None = Field(description=USUAL)
    bought_this_week: float | None = Field(description="The quantity that has landed for the list's week, else null.")
    why: str = Field(examples=["↑ bought in 23 of the last 26 weeks"])
    reasons: list[Reason]


class Bought(BaseModel):
    """A product that a customer has bought in the list's week."""

    product_id: Id
    product: str | None
    quantity: float


class CustomerList(Stamped):
    """One customer's list, best first."""

    customer_id: Id
    customer: str | None
    owner: str | None
    held_out: bool = Field(description="An experiment keeps the list from being shown.")
    recommended: int
    total: int
    bought: list[Bought] = Field(description="What has landed of the customer in the list's week, listed or not.")
    predictions: list[Offer]


class Person(BaseModel):
    """A customer, and what the list holds for them."""

    customer_id: Id
    customer: str | None
    owner: str | None
    recommended: int
    expected_purchases: float
    expected_amount: float | None
    bought_this_week: bool


class Customers(Paged):
    """Customers by name."""

    owners: list[str] = Field(description="Every owner there is.")
    customers: list[Person]


class Thing(BaseModel):
    """A product, and what the list expects of it."""

    product_id: Id
    product: str | None
    recommended: int
    expected_buyers: float


class Products(Paged):
    """Products by name."""

    products: list[Thing]


class Caller(BaseModel):
    """A customer to call for a product."""

    customer_id: Id
    customer: str | None
    owner: str | None
    probability: Chance
    rank: int
    kind: str
    expected_quantity: float | None
    expected_amount: float | None
    last_bought: date | None
    usual_quantity: float | None = Field(description=USUAL)
    bought_this_week: float | None
    why: str


class ProductCustomers(Stamped):
    """Whom to call for a product, the likeliest first."""

    product_id: Id
    product: str | None
    total: int
    customers: list[Caller]


class ProductSummary(Stamped):
    """What the list expects of a product."""

    product_id: Id
    product: str | None
    expected_buyers: float
    share: float | None = Field(description="Expected buyers over all customers of the list.")
    expected_quantity: float | None
    expected_amount: float | None
    recommended: int
    scored: int
    bought_this_week: int = Field(description="Customers for whom a purchase has landed in the list's week.")


class Call(BaseModel):
    """A customer worth a call."""

    customer_id: Id
    customer: str | None
    owner: str | None
    products: int
    expected_purchases: float
    expected_amount: float | None
    bought_this_week: bool
    result: str | None = Field(description="What was told of the call: ordered, no or not_reached.")
    told: str | None = Field(description="What was told of it since, and waits in the inbox to be taken.")


class Calls(Stamped):
    """Whom to call, for so many calls: by what their lists are worth, not by what a call changes."""

    calls: list[Call]


class PairAnswer(BaseModel):
    """What is known of one pair; `error` where it cannot be answered, and nothing else then."""

    customer_id: Id
    product_id: Id
    probability: float | None = None
    recommended: bool | None = None
    rank: int | None = None
    kind: str | None = None
    scored: Literal["batch", "live"] | None = None
    bought_this_week: float | None = None
    error: str | None = None


class PairAnswers(Stamped):
    """The pairs that were asked for, in their order."""

    predictions: list[PairAnswer]


class Scored(BaseModel):
    """A product scored now."""

    product_id: Id
    product: str | None
    probability: Chance
    rank: int
    recommended: bool
    kind: str
    last_bought: date | None
    usual_gap_days: float | None
    usual_quantity: float | None
    why: str
    reasons: list[Reason]


class Score(Stamped):
    """One customer's candidates, scored now by the model of the list."""

    customer_id: Id | None
    customer: str | None
    known: bool = Field(description="Whether the list knows the customer.")
    ignored: int = Field(description="Lines of the list's week or later: they cannot tell of the past.")
    predictions: list[Scored]


class Attribute(BaseModel):
    """Something that is known of customers, and that may be told of a newcomer."""

    name: str = Field(examples=["region"])
    kind: Literal["category", "number"]
    values: list[str] = Field(description="The most usual categories, the most usual first; of a number none.")


class Attributes(Stamped):
    """What is known of customers beside their purchases."""

    attributes: list[Attribute]


class Explanation(Stamped):
    """One pair, and why."""

    model_config = Open
    customer_id: Id
    customer: str | None
    owner: str | None
    product_id: Id
    product: str | None
    probability: Chance
    scored: Literal["batch", "live"]
    rank: int | None
    recommended: bool
    excluded: bool
    cut: float = Field(description="The chance at which the list begins.")
    kind: str
    last_bought: date | None
    usual_gap_days: float | None
    usual_quantity: float | None
    base: float = Field(description="The score before any reason; with all contributions it makes the score.")
    reasons: list[Reason]
    sentences: list[str] = Field(description="The reasons gathered, strongest first, with an arrow each.")
