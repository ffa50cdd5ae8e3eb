"""The list over HTTP is the published one: row by row, name by name, in two languages, whatever ids look like."""

from __future__ import annotations

import csv
import io
from urllib.parse import quote

import polars as pl
import pytest
from starlette.testclient import TestClient

from semana.pipeline import ingest
from semana.serving.lists import plain
from semana.stores.home import Stores
from tests import shop
from tests.serving import homes
from tests.serving.conftest import Ask


def get(client: TestClient, path: str, code: int = 200, **params: object) -> dict:
    answer = client.get(path, params=params)
    assert answer.status_code == code, answer.text
    return answer.json()


def test_every_customer_has_the_published_rows_with_names_and_the_stamp_of_their_publication(
    trees: Stores, ask: Ask
) -> None:
    client, published = ask(trees), homes.rows(trees)
    for customer in range(shop.CUSTOMERS):
        answer = client.get(f"/v1/customers/{customer}/predictions", params={"top": 1000})
        mine = published.filter(customer_id=customer).sort("rank")
        found = answer.json()
        assert (found["customer"], found["owner"]) == (f"Customer {customer}", "north" if customer < 20 else "south")
        assert [row["product_id"] for row in found["predictions"]] == mine["product_id"].to_list()
        assert [row["probability"] for row in found["predictions"]] == mine["probability"].to_list()
        assert found["recommended"] == mine["recommended"].sum()
        assert found["predictions"][0]["product"] == shop.products()["label"][found["predictions"][0]["product_id"]]
        stamp = str(homes.TARGET), 1, trees.publications.current_manifest()["model_version"]
        assert (found["week"], found["rev"], found["model_version"]) == stamp
        headers = (answer.headers[f"x-semana-{name}"] for name in ("week", "revision", "model"))
        assert tuple(headers) == tuple(map(str, stamp))


def test_an_answer_given_again_is_the_same_bytes(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    first, again = (client.get("/v1/customers/2/predictions") for _ in range(2))
    assert first.content == again.content
    same = ("content-type", "content-length", "x-semana-week", "x-content-type-options", "cache-control")
    assert [first.headers[name] for name in same] == [again.headers[name] for name in same]
    assert first.headers["x-request-id"] != again.headers["x-request-id"]


def test_a_list_can_be_cut_by_number_chance_and_kind(trees: Stores, ask: Ask) -> None:
    client, path = ask(trees), "/v1/customers/2/predictions"
    mine = homes.rows(trees).filter(customer_id=2).sort("rank")
    assert len(get(client, path, top=3)["predictions"]) == 3
    assert len(get(client, path, top=0)["predictions"]) == mine["recommended"].sum()
    likely = get(client, path, top=1000, min_probability=0.5)
    assert likely["total"] == len(likely["predictions"]) == (mine["probability"] >= 0.5).sum()
    kinds = {row["kind"] for row in get(client, path, top=1000, kind="new")["predictions"]}
    assert kinds == {"new"}


def test_reasons_are_told_in_the_readers_language(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    english = get(client, "/v1/customers/2/predictions", top=1)["predictions"][0]
    spanish = get(client, "/v1/customers/2/predictions", top=1, lang="es")["predictions"][0]
    by_browser = client.get("/v1/customers/2/predictions?top=1", headers={"Accept-Language": "es-PY,es;q=0.9,en;q=0.8"})
    assert english["why"] != spanish["why"]
    assert by_browser.json()["predictions"][0]["why"] == spanish["why"]
    assert english["reasons"][0]["words"] in english["why"]
    assert english["reasons"][0]["code"] == spanish["reasons"][0]["code"]


def test_whom_to_call_for_a_product_and_what_is_expected_of_it(trees: Stores, ask: Ask) -> None:
    client, published = ask(trees), homes.rows(trees)
    listed = published.filter(pl.col("product_id") == 0, "recommended")
    found = get(client, "/v1/products/0/customers", top=1000)
    assert found["product"] == "Milk"
    assert [row["customer_id"] for row in found["customers"]] == listed.sort(
        ["probability", "customer_id"], descending=[True, False]
    )["customer_id"].to_list()
    usual = dict(published.filter(product_id=0).select("customer_id", "usual_quantity").rows())
    assert {row["customer_id"]: row["usual_quantity"] for row in found["customers"]}.items() <= usual.items()
    north = get(client, "/v1/products/0/customers", top=1000, owner="north")
    assert {row["owner"] for row in north["customers"]} == {"north"}
    summary = get(client, "/v1/products/0/summary")
    assert summary["expected_buyers"] == pytest.approx(published.filter(product_id=0)["probability"].sum())
    assert summary["share"] == pytest.approx(summary["expected_buyers"] / shop.CUSTOMERS)
    assert summary["recommended"] == listed.height


def test_customers_and_products_are_found_by_name_and_paged(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    seen, offset = [], 0
    while offset is not None:
        page = get(client, "/v1/customers", limit=7, offset=offset)
        seen += [row["customer_id"] for row in page["customers"]]
        offset = page["next"]
    assert seen == list(range(shop.CUSTOMERS))
    assert page["owners"] == ["north", "south"]
    found = get(client, "/v1/customers", search="CUSTOMER 3", owner="north")
    assert [row["customer_id"] for row in found["customers"]] == [3]
    assert [row["product"] for row in get(client, "/v1/products", search="milk")["products"]] == ["Milk"]
    assert get(client, "/v1/customers", search="(")["customers"] == []
    milk = {owner: get(client, "/v1/products", search="milk", owner=owner)["products"][0] for owner in page["owners"]}
    rows = homes.rows(trees).filter(pl.col("product_id") == 0)
    for owner, north in (("north", True), ("south", False)):
        theirs = rows.filter((pl.col("customer_id") < 20) == north)
        assert milk[owner]["recommended"] == theirs["recommended"].sum()
        assert milk[owner]["expected_buyers"] == pytest.approx(theirs["probability"].sum())
    worth = get(client, "/v1/customers", order="worth", limit=3)["customers"]
    assert [row["customer_id"] for row in worth] == [
        row["customer_id"] for row in get(client, "/v1/calls", capacity=3)["calls"]
    ]


def test_calls_are_those_of_the_command_line(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    from semana.data import catalog
    from semana.reports import lists

    who = trees.lake.read(catalog.CUSTOMERS, homes.TARGET)
    wanted = lists.calls(homes.rows(trees), who, capacity=5)
    found = get(client, "/v1/calls", capacity=5)["calls"]
    assert [row["customer_id"] for row in found] == wanted["customer_id"].to_list()
    assert [row["expected_purchases"] for row in found] == pytest.approx(wanted["expected_purchases"].to_list())
    assert {row["owner"] for row in get(client, "/v1/calls", capacity=5, owner="south")["calls"]} == {"south"}


def test_what_lands_in_the_week_is_told_beside_the_list(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    row = get(client, "/v1/customers/2/predictions", top=1)["predictions"][0]
    assert row["bought_this_week"] is None
    lines = shop.transactions(homes.TARGET).filter(customer_id=2)
    path = shop.write(lines, trees.home.parent / "files" / "transactions-new.parquet")
    ingest.land(trees, [path], source="canonical", table=None, arrival=homes.NOW)
    look(client)
    quantity = dict(lines.group_by("product_id").agg(pl.col("quantity").sum()).rows())
    found = get(client, "/v1/customers/2/predictions", top=1000)["predictions"]
    assert {row["product_id"]: row["bought_this_week"] for row in found if row["bought_this_week"]} == {
        product: value for product, value in quantity.items() if value > 0
    }
    assert get(client, "/v1/products/0/summary")["bought_this_week"] == 1
    bought = get(client, "/v1/customers/2/predictions", top=1)["bought"]
    assert {row["product_id"]: row["quantity"] for row in bought} == {
        p: value for p, value in quantity.items() if value > 0
    }
    assert "Milk" in {row["product"] for row in bought}


def look(client: TestClient) -> None:
    """What the server does by itself every second."""
    client.app._hot.look(now=homes.NOW, seconds=1.0)


def test_customers_that_an_experiment_holds_out_are_not_shown(trees: Stores, ask: Ask) -> None:
    folder = trees.publications.newest()
    manifest = trees.publications.current_manifest()
    rows = homes.rows(trees).with_columns(pl.col("customer_id").is_in([2, 3]).alias("held_out"))
    trees.publications.publish(rows, {**manifest, "reason": "a test", "late": False}, homes.TARGET)
    assert trees.publications.newest() != folder
    client = ask(trees)
    mine = get(client, "/v1/customers/2/predictions")
    assert (mine["held_out"], mine["predictions"]) == (True, [])
    assert {2, 3}.isdisjoint(row["customer_id"] for row in get(client, "/v1/customers", limit=100)["customers"])
    assert {2, 3}.isdisjoint(row["customer_id"] for row in get(client, "/v1/calls", capacity=100)["calls"])
    sold = get(client, "/v1/products/0/customers", top=0)["customers"]
    assert {2, 3}.isdisjoint(row["customer_id"] for row in sold)
    assert "2" not in {
        row["customer_id"] for row in csv.DictReader(io.StringIO(client.get("/v1/predictions.csv").text))
    }
    pairs = {"pairs": [{"customer_id": 2, "product_id": 0}]}
    assert "holds" in client.post("/v1/predictions", json=pairs).json()["predictions"][0]["error"]


def test_ids_of_any_alphabet_with_slashes_and_quotes_are_asked_for_as_they_are(awkward: Stores, ask: Ask) -> None:
    client, published = ask(awkward), homes.rows(awkward)
    customer, product = "../Ñandú 2 /x?y# 5%", "牛乳/0'\""
    mine = published.filter(customer_id=customer)
    assert mine.height
    found = get(client, f"/v1/customers/{quote(customer, safe='')}/predictions", top=1000)
    assert (found["customer_id"], len(found["predictions"])) == (customer, mine.height)
    assert get(client, f"/v1/products/{quote(product, safe='')}/summary")["product"] == "Milk"
    pair = client.post("/v1/predictions", json={"pairs": [{"customer_id": customer, "product_id": product}]})
    assert pair.json()["predictions"][0]["scored"] == "batch"
    told = get(client, "/v1/explanations", customer_id=customer, product_id=product)
    assert told["probability"] == pair.json()["predictions"][0]["probability"]


def test_html_and_formulas_in_names_stay_text(awkward: Stores, ask: Ask) -> None:
    client = ask(awkward)
    answer = client.get("/v1/products", params={"search": "script"})
    assert answer.json()["products"][0]["product"] == homes.SCRIPT
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    sheet = list(csv.DictReader(io.StringIO(client.get("/v1/predictions.csv", params={"recommended": False}).text)))
    names = {row["product"] for row in sheet}
    assert homes.SCRIPT in names
    assert "'=1+1" in names
    assert len(sheet) == homes.rows(awkward).height


def test_the_csv_is_the_list(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    answer = client.get("/v1/predictions.csv", params={"owner": "north"})
    found = list(csv.DictReader(io.StringIO(answer.text)))
    wanted = homes.rows(trees).filter(pl.col("customer_id") < 20, "recommended")
    assert [(row["customer_id"], row["product_id"]) for row in found] == [
        (str(c), str(p)) for c, p in wanted.sort("customer_id", "rank").select("customer_id", "product_id").rows()
    ]
    assert found[0]["customer"].startswith("Customer")
    assert f"predictions-{homes.TARGET}.csv" in answer.headers["content-disposition"]


@pytest.mark.parametrize("path", ["/v1/customers/999/predictions", "/v1/customers/02/predictions",
                                  "/v1/products/x/summary", "/v1/products/-1/customers"])  # fmt: skip
def test_unknown_ids_are_told_so(trees: Stores, ask: Ask, path: str) -> None:
    assert "is unknown to the list" in get(ask(trees), path, code=404)["detail"]


def _sheet(client: TestClient) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get("/v1/predictions.csv").text)))


def test_what_exclude_csv_names_is_gone_at_once(trees: Stores, ask: Ask) -> None:
    client, rules = ask(trees), trees.home / "exclude.csv"
    before = get(client, "/v1/customers/2/predictions", top=1000)
    assert before["predictions"][0]["product_id"] == 0
    rules.write_text("customer_id;product_id\n;0\n4;\n")
    look(client)
    after = get(client, "/v1/customers/2/predictions", top=1000)
    assert [row["product_id"] for row in after["predictions"]] == [
        row["product_id"] for row in before["predictions"] if row["product_id"]
    ]
    assert get(client, "/v1/products/0/customers")["customers"] == []
    assert 4 not in {row["customer_id"] for row in get(client, "/v1/calls", capacity=100)["calls"]}
    asked = {"pairs": [{"customer_id": 2, "product_id": 0}, {"customer_id": 4, "product_id": 2}]}
    assert [row["recommended"] for row in client.post("/v1/predictions", json=asked).json()["predictions"]] == [
        False,
        False,
    ]
    assert {row["product_id"] for row in _sheet(client)} == {
        str(product) for product in homes.rows(trees).filter("recommended")["product_id"] if product
    }
    rules.unlink()
    look(client)
    assert get(client, "/v1/customers/2/predictions", top=1000) == before


def test_names_are_found_without_accents_and_capitals() -> None:
    names = pl.Series(["Almacén Ñuñoa", "Straße", None])
    assert plain(names).to_list() == ["almacen nunoa", "strasse", None]
