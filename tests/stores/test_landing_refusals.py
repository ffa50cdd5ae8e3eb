"""Every delivery that must be refused: landing as it was, the file kept with its report, and a message that helps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from semana.errors import ConfigurationError, ContractError
from semana.stores.landing import Landing
from semana.ui.words.sentences import sentence
from tests import shop
from tests.stores.home import LATER, deliver, open_landing, tree

WEEK = shop.transactions(shop.FIRST + 5)


def parquet(frame: pl.DataFrame) -> bytes:
    import io

    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv().encode()


def with_quantity(value: pl.Expr) -> pl.DataFrame:
    return WEEK.with_columns(quantity=value)


BAD = {
    "truncated": ("transactions.parquet", parquet(WEEK)[:-100], "truncated"),
    "damaged": ("transactions.parquet", b"PAR1" + b"\x15" * 400 + b"PAR1", "damaged Parquet"),
    "csv named parquet": ("transactions.parquet", csv(WEEK), "is named Parquet but is text, a CSV perhaps"),
    "parquet named csv": ("transactions.csv", parquet(WEEK), "is named as CSV but is Parquet"),
    "no bytes": ("transactions.parquet", b"", r"is empty \(0 bytes\)"),
    "zero rows": ("transactions.parquet", parquet(WEEK.clear()), "no rows, only column names"),
    "only a header": ("transactions.csv", csv(WEEK.clear()), "no rows, only column names"),
    "spreadsheet": ("transactions.xlsx", b"PK\x03\x04", "not a Parquet or CSV file"),
    "utf-16": ("transactions.csv", csv(WEEK).decode().encode("utf-16"), "UTF-8 text was expected"),
    "latin-1": ("transactions.csv", b"customer_id,product_id,date\n1,Jam\xf3n,2025-01-06\n", "not UTF-8: byte 0xf3"),
    "ragged": ("transactions.csv", b"customer_id,product_id,date\n1,2,2025-01-06,9,9\n", "as many values"),
    "missing column": ("transactions.parquet", parquet(WEEK.drop("date")), r"column 'date' \(date\) is missing"),
    "renamed column": (
        "transactions.csv",
        csv(WEEK.rename({"customer_id": "custmer_id"})),
        "Was it renamed to 'custmer_id'",
    ),
    "text in numbers": (
        "transactions.parquet",
        parquet(with_quantity(pl.lit("two"))),
        "column 'quantity' is text; a quantity was expected. Fix the export, or map another column",
    ),
    "text in csv numbers": ("transactions.csv", csv(with_quantity(pl.lit("two"))), "quantity is not a number: 320"),
    "dates as numbers": ("transactions.parquet", parquet(WEEK.with_columns(date=20250106)), "is a number; a date"),
    "fractional ids": (
        "transactions.parquet",
        parquet(WEEK.with_columns(product_id=pl.col("product_id") + 0.5)),
        "column 'product_id' holds 0.5; ids are whole numbers or text",
    ),
    "fractional csv ids": ("transactions.csv", csv(WEEK.with_columns(product_id=pl.lit(2.5))), "holds 2.5"),
    "text among integer ids": (
        "transactions.parquet",
        parquet(WEEK.with_columns(customer_id=pl.lit("C7"))),
        "holds 'C7'; whole numbers were expected",
    ),
    "lists as ids": (
        "transactions.parquet",
        parquet(WEEK.with_columns(customer_id=pl.concat_list("customer_id"))),
        "id",
    ),
    "thousands": ("transactions.parquet", parquet(with_quantity(pl.col("quantity") * 1000)), "is 1000 times"),
    "thousandths": ("transactions.csv", csv(with_quantity(pl.col("quantity") / 1000)), "is 0.001 times"),
    "cents": ("transactions.parquet", parquet(WEEK.with_columns(pl.col("amount") * 100)), "median amount of a product"),
    "all rows bad": ("transactions.parquet", parquet(with_quantity(pl.lit(0.0))), "320 of 320 rows of transactions"),
    "bad dates": ("transactions.csv", csv(WEEK.with_columns(date=pl.lit("06/01/25"))), "date is missing or not"),
    "one row in ten bad": (
        "transactions.parquet",
        parquet(WEEK.with_columns(product_id=pl.when(pl.int_range(pl.len()) % 10 > 0).then("product_id"))),
        "32 of 320 rows of transactions are bad .product_id is missing: 32.; at most 5% may be",
    ),
    "from the future": (
        "transactions.parquet",
        parquet(WEEK.with_columns(pl.col("date") + pl.duration(days=700))),
        "date is later than the day after arrival: 320",
    ),
    "no such table": ("sales.parquet", parquet(WEEK), r"no table for a file of this name .transactions: \*trans"),
    "not its table": (
        "transactions.parquet",
        parquet(shop.products().head(5)),
        r"column 'customer_id' \(customer_id\) is miss",
    ),
    "attribute of ours": (
        "customers.parquet",
        parquet(shop.customers().rename({"visits": "seen"})),
        "attribute seen has a name that we use",
    ),
    "attribute of ours in another case": (
        "customers.parquet",
        parquet(shop.customers().rename({"visits": "Draw"})),
        "attribute Draw has a name that we use; not allowed, whatever their case: customer_id",
    ),
    "attributes that differ in case": (
        "customers.parquet",
        parquet(shop.customers().with_columns(Visits=pl.lit(1.0))),
        "the attributes visits and Visits have one name but for its case. Rename a column",
    ),
    "contradicting customers": (
        "customers.parquet",
        parquet(pl.concat([shop.customers(), shop.customers().with_columns(owner=pl.lit("x"))])),
        "customer_id is repeated with other attributes: 40",
    ),
    "amounts that are gone": (
        "transactions.parquet",
        parquet(WEEK.with_columns(amount=pl.lit(None, pl.Float64))),
        "100% of the rows of transactions have no amount; of those that have landed, 0%",
    ),
    "a column that is gone": (
        "customers.parquet",
        parquet(shop.customers().drop("owner").with_columns(visits=pl.col("visits") + 1)),
        "100% of the rows of customers have no owner; of those that have landed, 0%",
    ),
    "new codes": (
        "customers.parquet",
        parquet(shop.customers().with_columns(pl.col("owner").str.to_uppercase())),
        r"owner of 100% of the rows of customers is of kinds that have never landed \(NORTH, SOUTH\)",
    ),
    "customers rewritten": (
        "transactions.parquet",
        parquet(WEEK.with_columns(pl.col("customer_id") + 1000)),
        "100% of its lines of new days are of a customer_id that has never landed",
    ),
    "a sign that changed": (
        "transactions.parquet",
        parquet(WEEK.with_columns(-pl.col("quantity"), -pl.col("amount"))),
        "100% of its lines were sent back .* of those that have landed, 0%",
    ),
    "customers rewritten beside a line of a day that has landed": (
        "transactions.parquet",
        parquet(pl.concat([shop.transactions(shop.WEEKS[2]).tail(1), WEEK.with_columns(pl.col("customer_id") + 1000)])),
        "100% of its lines of new days are of a customer_id that has never landed",
    ),
    "most of the shop is gone": (
        "transactions.parquet",
        parquet(shop.transactions(shop.FIRST + 5, shop.FIRST + 6).filter(pl.col("customer_id") < 3)),
        r"order lines a day is 0\.1219 times what has landed",
    ),
    "a column twice": (
        "transactions.csv",
        csv(WEEK).replace(b"amount", b"quantity", 1),
        "'quantity' heads two columns",
    ),
    "products rewritten": (
        "transactions.parquet",
        parquet(WEEK.with_columns(pl.col("product_id") + 1000)),
        "100% of its lines of new days are of a product_id that has never landed",
    ),
}


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """A home with three weeks in it: enough lines to judge a jump."""
    landing = open_landing(tmp_path / "home")
    for path in shop.write_all(tmp_path / "good", weeks=shop.WEEKS[:3]):
        deliver(landing, path)
    return Landing(
        landing.home,
        find_source=landing._find_source,
        params=landing._params.model_copy(update={"jump_lines": 300, "judged_rows": 20}),
    )


def write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("name", "content", "says"), BAD.values(), ids=BAD)
def test_a_bad_delivery_is_refused_whole(
    landing: Landing, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = write(tmp_path / "bad", name, content)
    before = {room: tree(landing.home / room) for room in ("landing", "staged", "quarantine")}
    with pytest.raises(ContractError, match=says) as refused:
        deliver(landing, path)
    assert str(refused.value).startswith(f"{name}: ")
    assert {room: tree(landing.home / room) for room in before} == before
    assert landing.position == 5
    (kept,) = (landing.home / "rejected").iterdir()
    assert (kept / name).read_bytes() == content
    report = json.loads((kept / "report.json").read_text())
    assert report == {
        "file": name,
        "source": "canonical",
        "arrival": "2026-01-05T06:00:00+00:00",
        "error": str(refused.value),
    }
    assert not list(landing.home.rglob(".tmp-*"))
    assert path.exists()
    assert english_in(sentence(str(refused.value), "es")) == set()


def english_in(spanish: str) -> set[str]:
    """English words outside of what is quoted, in brackets, or to be typed."""
    words = "the is are of was were rows column columns has have not that there it or and export expected missing with"
    typed = re.compile(r"semana ingest.*|csv: \{.*?\}|'.*?'|hay: [^.]*|sin ellas: [^.]*|\((?!.*: \d).*?\)")
    return set(words.split()) & set(re.findall(r"\w+", typed.sub("", spanish)))


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        (
            (
                "ventas de mayo.csv: 1024 of 2048 rows of transactions are bad (quantity is not a number: 1024); at "
                "most 1% may be. The first is row 2 below the heading: quantity is not a number (Cantidad '1,5'). Fix "
                "the "
                'export, or say in the source\'s file how its CSV is written, like csv: {dates: "%d/%m/%Y", decimal: '
                '","}; then deliver it again.'
            ),
            (
                "ventas de mayo.csv: 1024 de 2048 filas de pedidos son malas (la cantidad no es un número: 1024); se "
                "permite el 1 %. La primera es la fila 2 bajo el encabezado: la cantidad no es un número (Cantidad "
                "'1,5'). Corrija la exportación, o diga en el archivo de la fuente cómo está escrito su CSV, como csv: "
                "{dates: "
                '"%d/%m/%Y", '
                'decimal: ","}; luego entréguela de nuevo.'
            ),
        ),
        (
            (
                "v.csv: column 'Fecha' (date) is missing; there are: Cliente, Monto. Fix the export, or map another "
                "column in sources/mine.yaml."
            ),
            (
                "v.csv: falta la columna 'Fecha' (fecha); hay: Cliente, Monto. Corrija la exportación o asigne otra "
                "columna en sources/mine.yaml."
            ),
        ),
        (
            (
                "v.csv: 9 of 90 rows of customers are bad (customer_id is missing: 6; visits is not a number: 3); at "
                "most 5% may be. The first is row 7 below the heading: customer_id is missing. Fix the export and "
                "deliver it again."
            ),
            (
                "v.csv: 9 de 90 filas de clientes son malas (falta el cliente: 6; visits no es un número: 3); se "
                "permite el 5 %. La primera es la fila 7 bajo el encabezado: falta el cliente. Corrija la exportación "
                "y entréguela de nuevo."
            ),
        ),
        (
            (
                "v.csv: 9 of 90 rows of transactions are bad (quantity is missing: 9); at most 5% may be. The first is "
                "row 7 below the heading: quantity is missing (Unidades empty). Fix the export and deliver it again."
            ),
            (
                "v.csv: 9 de 90 filas de pedidos son malas (falta la cantidad: 9); se permite el 5 %. La primera es la "
                "fila 7 bajo el encabezado: falta la cantidad (Unidades sin valor). Corrija la exportación y "
                "entréguela de nuevo."
            ),
        ),
    ],
)
def test_a_refusal_is_told_in_spanish_whole(english: str, spanish: str) -> None:
    assert sentence(english, "es") == spanish


def test_a_bad_first_delivery_binds_the_home_to_nothing(tmp_path: Path) -> None:
    landing = open_landing(tmp_path / "home")
    with pytest.raises(ContractError):
        deliver(landing, write(tmp_path / "bad", *BAD["zero rows"][:2]))
    assert landing.source is None
    assert tree(landing.home / "landing") == {}


def test_an_unknown_source_stores_nothing(landing: Landing, tmp_path: Path) -> None:
    before = tree(landing.home)
    with pytest.raises(ConfigurationError, match="'sodia' is unknown; there are"):
        deliver(landing, shop.write_week(tmp_path, shop.FIRST + 4), source="sodia")
    assert tree(landing.home) == before


def test_a_real_jump_is_accepted_with_a_reason_that_is_kept(landing: Landing, tmp_path: Path) -> None:
    path = write(tmp_path / "bad", *BAD["thousands"][:2])
    assert deliver(landing, path, accept="we sell by the gram now")["outcome"] == "landed"
    assert landing.deliveries()[-1].accepted == "we sell by the gram now"


@pytest.mark.parametrize("kind", ["all rows bad", "zero rows", "truncated", "fractional ids", "from the future"])
def test_accepting_a_jump_accepts_nothing_else(landing: Landing, tmp_path: Path, kind: str) -> None:
    with pytest.raises(ContractError):
        deliver(landing, write(tmp_path / "bad", *BAD[kind][:2]), accept="just take it")


def test_what_is_usual_is_that_of_the_last_year(landing: Landing, tmp_path: Path) -> None:
    old = shop.transactions(*shop.WEEKS[:8]).with_columns(pl.col("date") - timedelta(weeks=104), pl.col("amount") / 10)
    deliver(landing, shop.write(old, tmp_path / "transactions-old.parquet"), accept="before prices rose")
    assert deliver(landing, write(tmp_path, "transactions.parquet", parquet(WEEK)))["outcome"] == "landed"


def test_a_jump_of_volume_is_refused(landing: Landing, tmp_path: Path) -> None:
    many = pl.concat([WEEK.with_columns(pl.format("{}-{}", "order_id", pl.lit(n)).alias("order_id")) for n in range(9)])
    with pytest.raises(ContractError, match=r"order lines a day is 9 times .*0.125 to 8 times was expected"):
        deliver(landing, write(tmp_path / "bad", "transactions.parquet", parquet(many)))


@pytest.mark.parametrize("kind", ["amounts that are gone", "a column that is gone", "new codes", "products rewritten"])
def test_what_is_unlike_before_is_taken_with_a_reason(landing: Landing, tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "bad", *BAD[kind][:2])
    assert deliver(landing, path, accept="the new system")["outcome"] == "landed"


def test_another_part_of_the_shop_with_the_same_days_is_taken(landing: Landing, tmp_path: Path) -> None:
    other = shop.transactions(*shop.WEEKS[1:3]).with_columns(pl.col("customer_id", "product_id") + 1000)
    assert deliver(landing, write(tmp_path / "x", "transactions-b.parquet", parquet(other)))["outcome"] == "landed"


def test_some_new_customers_products_and_kinds_are_taken(landing: Landing, tmp_path: Path) -> None:
    lines = WEEK.with_columns(
        pl.when(pl.col(name) % 4 == 0).then(pl.col(name) + 1000).otherwise(name) for name in ("product_id",)
    )
    people = shop.customers().with_columns(
        owner=pl.when(pl.col("customer_id") < 15).then(pl.lit("east")).otherwise("owner")
    )
    for name, frame in (("transactions.parquet", lines), ("customers.parquet", people)):
        assert deliver(landing, write(tmp_path / "some", name, parquet(frame)))["outcome"] == "landed"


def test_few_lines_are_not_judged_for_jumps(landing: Landing, tmp_path: Path) -> None:
    some = with_quantity(pl.col("quantity") * 1000).head(299)
    assert deliver(landing, write(tmp_path / "bad", "transactions.parquet", parquet(some)))["outcome"] == "landed"


def test_a_file_refused_before_lands_once_its_reason_is_gone(landing: Landing, tmp_path: Path) -> None:
    early = shop.write_week(tmp_path, shop.FIRST + 4)
    arrival = shop.arrival(shop.FIRST + 4)
    with pytest.raises(ContractError, match="later than the day after arrival"):
        deliver(landing, early, arrival=arrival - timedelta(weeks=2))
    assert deliver(landing, early, arrival=arrival)["outcome"] == "landed"


@pytest.mark.parametrize(("zone", "lands"), [("Pacific/Kiritimati", True), ("Pacific/Pago_Pago", False)])
def test_the_day_after_arrival_is_the_shops_own(tmp_path: Path, zone: str, lands: bool) -> None:
    source = open_landing(tmp_path)._find_source("canonical").model_copy(update={"timezone": zone})
    landing = Landing(tmp_path / "home", find_source=lambda name: source, params=open_landing(tmp_path)._params)
    day = (LATER + timedelta(days=2)).date()
    late = LATER.replace(hour=11)  # Kiritimati: already the next day; Pago Pago: exactly midnight of the same
    frame = shop.transactions(shop.FIRST).with_columns(date=pl.lit(day))
    path = shop.write(frame, tmp_path / "transactions.parquet")
    act: Callable[[], object] = lambda: deliver(landing, path, arrival=late)  # noqa: E731
    if lands:
        act()
    else:
        with pytest.raises(ContractError, match="later than the day after arrival"):
            act()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_a_csv_is_read_whatever_its_separator(tmp_path: Path, separator: str, mark: bytes) -> None:
    landing = open_landing(tmp_path / "home")
    content = mark + WEEK.write_csv(separator=separator).encode()
    summary = deliver(landing, write(tmp_path / "in", "Transactions.CSV", content))
    assert summary["tables"]["transactions"]["kept"] == WEEK.height
