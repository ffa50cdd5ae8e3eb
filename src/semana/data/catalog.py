"""Every dataset of the lake, registered once: grain, key, path and the step that makes it.

`docs/tables.md` is printed from this list.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from semana.data import schemas as s


@dataclass(frozen=True)
class Dataset:
    """A dataset: `path` is relative to the home; {week} and {delivery} stand where it has a file for each."""

    name: str
    grain: str
    key: tuple[str, ...]
    path: str
    made_by: str
    columns: dict[str, str] = field(hash=False)


_PAIR = {
    s.CUSTOMER_ID: "who; integer or text, as delivered",
    s.PRODUCT_ID: "what; integer or text, as delivered",
}
_WEEK = {s.WEEK: "weeks since Monday 1969-12-29"}
_DRAW = {s.DRAW: "fixed whole number of the id, by which samples are drawn"}
_LABEL = {s.LABEL: "name for people, null where the source has none"}
_OWNER = {s.OWNER: "the agent or zone that the customer belongs to, null where the source has none"}
_ATTRIBUTES = {"attributes": "the source's categorical and numeric attributes, null where not delivered"}

STAGED_TRANSACTIONS = Dataset(
    "staged_transactions",
    "One row per kept order line of one delivery.",
    (),
    "staged/{delivery}/transactions.parquet",
    "ingest",
    {
        **_PAIR,
        s.DATE: "the local date",
        s.ORDER_ID: "order number, text; null where the source has none",
        s.QUANTITY: "in the product's own unit, below zero is a return; 1 where the source has none",
        s.AMOUNT: "money, below zero is a return; null where the source has none",
        **_WEEK,
    },
)
STAGED_CUSTOMERS = Dataset(
    "staged_customers",
    "One row per customer of one delivery; from a flat file, per customer and day.",
    (s.CUSTOMER_ID, s.SEEN),
    "staged/{delivery}/customers.parquet",
    "ingest",
    {
        s.CUSTOMER_ID: "who",
        s.SEEN: "day of the row in a flat file, else null",
        **_LABEL,
        **_OWNER,
        **_ATTRIBUTES,
    },
)
STAGED_PRODUCTS = Dataset(
    "staged_products",
    "One row per product of one delivery; from a flat file, per product and day.",
    (s.PRODUCT_ID, s.SEEN),
    "staged/{delivery}/products.parquet",
    "ingest",
    {s.PRODUCT_ID: "what", s.SEEN: "day of the row in a flat file, else null", **_LABEL, **_ATTRIBUTES},
)
STAGED = {"transactions": STAGED_TRANSACTIONS, "customers": STAGED_CUSTOMERS, "products": STAGED_PRODUCTS}
QUARANTINE = Dataset(
    "quarantine",
    "One row per row of a delivery that broke a rule.",
    (),
    "quarantine/{delivery}.parquet",
    "ingest",
    {
        "table": "which table it was meant for",
        "row": "its place in the file, from 0",
        s.REASON: "the rule it broke",
        "values": "the row as delivered, as JSON",
    },
)
CUSTOMERS = Dataset(
    "customers",
    "One row per customer known at the run's position.",
    (s.CUSTOMER_ID,),
    "prepared/week={week}/customers.parquet",
    "prepare",
    {s.CUSTOMER_ID: "who", **_LABEL, **_OWNER, **_ATTRIBUTES, **_DRAW},
)
PRODUCTS = Dataset(
    "products",
    "One row per product known at the run's position.",
    (s.PRODUCT_ID,),
    "prepared/week={week}/products.parquet",
    "prepare",
    {s.PRODUCT_ID: "what", **_LABEL, **_ATTRIBUTES, **_DRAW},
)
PURCHASES = Dataset(
    "purchases",
    "One row per (customer, product, week) with at least one order line.",
    (s.CUSTOMER_ID, s.PRODUCT_ID, s.WEEK),
    "prepared/week={week}/purchases.parquet",
    "prepare",
    {
        **_PAIR,
        **_WEEK,
        s.QUANTITY: "net of returns, in the product's own unit; above zero it is a purchase",
        s.AMOUNT: "money, net of returns; null where the source has none",
        s.RETURNED: "returned quantity, zero or more",
        s.LINES: "order lines, duplicates counted once",
        s.ORDERS: "orders (different order numbers; lines where there are none)",
        s.LAST_DATE: "the last day of the week on which it was ordered",
        s.GAP: "weeks since the pair's purchase before; null for its first, and where nothing was kept",
        s.IN_A_ROW: "weeks in a row in which it was bought, this one included; likewise null",
        s.ORDER_WEEK: "the customer's how many-th week with a purchase; likewise null",
    },
)
WEEKS = Dataset(
    "weeks",
    "One row per week from the first to the latest one with rows.",
    (s.WEEK,),
    "prepared/week={week}/weeks.parquet",
    "prepare",
    {
        **_WEEK,
        s.WEEK_START: "its Monday",
        "complete": "over, with what came",
        "whole": "complete, and no day without rows that usually brings a tenth of a week: may teach and judge",
        s.LINES: "order lines, duplicates counted once",
        "purchases": "pairs with a purchase",
        "customers": "customers with a purchase",
        "trading_days": "days with rows",
        "holidays": "holidays in it, by the source's calendar",
    },
)
SCORES = Dataset(
    "scores",
    "One row per candidate pair of the target week.",
    (s.CUSTOMER_ID, s.PRODUCT_ID),
    "scores/week={week}/champion.parquet",
    "predict",
    {
        **_PAIR,
        s.REPEAT: "bought before (else explore)",
        s.PROBABILITY: "chance of a purchase in the week, 0 to 1",
        s.LAST_BOUGHT: "day of the last purchase, null where there is none",
        s.USUAL_GAP_DAYS: "usual days between two purchases of the pair",
        s.USUAL_QUANTITY: "usual quantity of a purchase of the pair (of the product where it was never bought)",
        s.USUAL_AMOUNT: "usual amount of a purchase, likewise; null where the source has none",
        s.REASONS: "list of (code, value, contribution)",
    },
)
SHADOW = Dataset(
    "shadow",
    "One row per candidate pair of the target week, scored by the champion's predecessor.",
    (s.CUSTOMER_ID, s.PRODUCT_ID),
    "scores/week={week}/shadow.parquet",
    "predict",
    {**_PAIR, s.PROBABILITY: "chance of a purchase in the week, 0 to 1"},
)
PREDICTIONS = Dataset(
    "predictions",
    "One row per candidate pair of the week.",
    (s.CUSTOMER_ID, s.PRODUCT_ID),
    "published/week={week}/predictions.parquet",
    "publish",
    {
        s.WEEK: "the week predicted, like 2025-W02",
        s.WEEK_START: "its Monday",
        **_PAIR,
        s.PROBABILITY: "chance of a purchase in the week, 0 to 1",
        s.RANK: "1 is the customer's best",
        s.RECOMMENDED: "on the list",
        s.KIND: "usual, overdue or new",
        s.EXPECTED_QUANTITY: "probability times the usual quantity",
        s.EXPECTED_AMOUNT: "probability times the usual amount, null where the source has none",
        s.LAST_BOUGHT: "day of the last purchase, null where there is none",
        s.USUAL_GAP_DAYS: "usual days between two purchases of the pair, null before the second",
        s.USUAL_QUANTITY: "usual quantity of a purchase of the pair (of the product where it was never bought)",
        s.REASONS: "list of (code, value, contribution); words are added where people read",
        s.MODEL_VERSION: "semantic version of the model",
        s.HELD_OUT: "made for an experiment and not shown: list and calls leave the customer out",
    },
)
PERFORMANCE = Dataset(
    "performance",
    "One row per model version that was scored for the week: champion and shadow.",
    ("role", s.MODEL_VERSION),
    "performance/week={week}.parquet",
    "review",
    {
        s.WEEK: "the week predicted",
        "role": "champion (its list was published) or shadow",
        s.MODEL_VERSION: "semantic version of the model",
        "policy": "by which the list was decided",
        "expected_f1": "the F1 that the published list promised by its own probabilities; null for the shadow",
        "f1_low, f1_high": "its 95 % interval over customers; the same of precision and recall; in older weeks none",
        "f1_held_out": "F1 over the customers that an experiment held out, null in other weeks",
        "metrics": "f1, precision, recall, recall_at_10, ndcg_at_10, average_precision, calibration, ...",
    },
)
PERFORMANCE_PARTS = Dataset(
    "performance_parts",
    "One row per part of the published list of the week.",
    ("part", "name"),
    "performance/parts/week={week}.parquet",
    "review",
    {
        "part": "kind (of pair) or segment (of customer)",
        "name": "usual, overdue, new or not scored; largest, newcomers or a value of the customers' attribute",
        "metrics": "f1, precision, recall, calibration, recommended, purchases, hits",
    },
)

DATASETS = (
    STAGED_TRANSACTIONS,
    STAGED_CUSTOMERS,
    STAGED_PRODUCTS,
    QUARANTINE,
    CUSTOMERS,
    PRODUCTS,
    PURCHASES,
    WEEKS,
    SCORES,
    SHADOW,
    PREDICTIONS,
    PERFORMANCE,
    PERFORMANCE_PARTS,
)
