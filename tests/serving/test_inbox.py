"""What is told to the API lands in the inbox, and from there in the week, once; what cannot be taken is told of."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from semana.pipeline import ingest
from semana.pipeline.inbox import take_letters, take_orders
from semana.pipeline.watch import watch
from semana.pipeline.weekly import Order, run_week
from semana.stores.home import Stores
from tests import shop
from tests.serving import homes
from tests.serving.conftest import Ask
from tests.serving.test_door import problem
from tests.serving.test_lists import get, look
from tests.stores.home import tree

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = homes.TARGET.days[1]


def line(order: str = "a-1", customer: int = 2, product: int = 0, **more: object) -> dict:
    return {
        "order_id": order,
        "customer_id": customer,
        "product_id": product,
        "date": str(DAY),
        "quantity": 2.0,
        **more,
    }


def post(client: TestClient, *lines: dict) -> dict:
    answer = client.post("/v1/transactions", json={"lines": list(lines)})
    assert answer.status_code == 202, answer.text
    return answer.json()


def landed(stores: Stores, position: int | None = None) -> pl.DataFrame:
    at = stores.landing.position if position is None else position
    frame: pl.DataFrame = stores.landing.lines(at).collect("polars").to_native()
    return frame.filter(pl.col("week") == homes.TARGET.index)


def test_the_api_writes_to_the_inbox_alone(trees: Stores, ask: Ask) -> None:
    before = tree(trees.home)
    client = ask(trees)
    post(client, line())
    client.post("/v1/model/rollback", json={"reason": "a test"})
    client.post("/v1/calls/results", json={"customer_id": 2, "result": "ordered"})
    for path in ("/v1/customers/2/predictions", "/v1/performance", "/v1/drift", "/v1/runs", "/metrics"):
        assert client.get(path).status_code == 200
    client.post("/v1/score", json={"customer_id": 2})
    after = tree(trees.home)
    assert {name: content for name, content in after.items() if not name.startswith("inbox/")} == before
    assert sum(name.startswith("inbox/waiting/") for name in after) == 3


def test_posted_lines_land_and_are_told_beside_the_list(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    told = post(client, line(), line(product=2, order="a-2"))
    assert get(client, f"/v1/letters/{told['letter']}")["outcome"] == "waiting"
    found = ingest.take(trees, arrival=NOW)
    assert (found["letters"], len(found["deliveries"])) == ({"taken": 1, "refused": 0}, 1)
    assert landed(trees).select("customer_id", "product_id", "quantity", "order_id").rows() == [
        (2, 0, 2.0, "a-1"),
        (2, 2, 2.0, "a-2"),
    ]
    look(client)
    rows = get(client, "/v1/customers/2/predictions", top=1000)["predictions"]
    assert {row["product_id"]: row["bought_this_week"] for row in rows if row["bought_this_week"]} == {0: 2.0, 2: 2.0}
    settled = get(client, f"/v1/letters/{told['letter']}")
    assert (settled["outcome"], settled["says"]) == ("taken", f"landed at position {trees.landing.position}")
    assert trees.landing.validate(trees.landing.position, "transactions")["quarantined"] == 0


def test_the_same_order_again_is_taken_once_and_another_content_is_refused(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    first = post(client, line())
    again = post(client, line())
    assert (again["letter"], again["before"], first["before"]) == (first["letter"], True, False)
    assert (
        "told before" in problem(client.post("/v1/transactions", json={"lines": [line(quantity=9.0)]}), 409)["detail"]
    )
    problem(client.post("/v1/transactions", json={"lines": [line(quantity=9.0), line(order="b")]}), 409)
    assert post(client, {**line(), "customer_id": "2"})["before"]  # ids are matched as text
    assert len(trees.inbox.waiting()) == 1
    ingest.take(trees, arrival=NOW)
    assert post(client, line())["before"]
    ingest.take(trees, arrival=NOW)
    assert landed(trees)["quantity"].to_list() == [2.0]
    assert post(client, line())["outcome"] == "taken"
    both = post(client, line(order="b"), line())  # of a letter only the orders that are new are left
    assert not both["before"]
    ingest.take(trees, arrival=NOW)
    assert sorted(landed(trees)["order_id"].to_list()) == ["a-1", "b"]


def test_a_refused_order_may_be_told_again(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    told = post(client, line())
    (path,) = trees.inbox.waiting()
    path.write_text(path.read_text().replace(str(DAY), "1970-01-01"))
    assert ingest.take(trees, arrival=NOW)["letters"] == {"taken": 0, "refused": 1}
    assert get(client, f"/v1/letters/{told['letter']}")["outcome"] == "refused"
    assert not post(client, line())["before"]
    assert ingest.take(trees, arrival=NOW)["letters"] == {"taken": 1, "refused": 0}


def test_a_delivered_file_replaces_posted_lines_of_the_days_it_spans(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    other = str(homes.TARGET.days[4])
    post(client, line(quantity=5.0), line(order="late", date=other, quantity=7.0))
    ingest.take(trees, arrival=NOW)
    before = trees.landing.position
    file = shop.transactions(homes.TARGET).filter(pl.col("date") <= homes.TARGET.days[2])
    path = shop.write(file, trees.home.parent / "files" / "transactions-new.parquet")
    ingest.land(trees, [path], source="canonical", table=None, arrival=NOW)
    now = landed(trees)
    assert now.filter(order_id="a-1").is_empty()
    assert now.filter(order_id="late")["quantity"].to_list() == [7.0]
    assert now.height == file.height + 1
    assert landed(trees, before)["quantity"].to_list() == [5.0, 7.0]  # a position says the same for ever


def test_posted_lines_make_no_week_complete(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    post(client, line(date=str(homes.TARGET.days[5])))
    ingest.take(trees, arrival=NOW)
    assert max(trees.landing.trading_days()) < homes.TARGET.start
    summary = run_week(trees, Order(NOW, as_of=homes.TARGET.start, retrain="never", reason="a test"))
    assert summary["target_week"] == str(homes.TARGET)


@pytest.mark.parametrize(
    "wrong",
    [
        {"customer_id": "ana"},
        {"product_id": 1.5},
        {"quantity": 0},
        {"quantity": 1e300},
        {"date": "9999-12-31"},
        {"date": "2999-01-01"},
        {"date": "yesterday"},
        {"date": "1970-01-01"},
        {"date": 0},
        {"quantity": True},
        {"quantity": "3"},
        {"amount": -1e12},
        {"order_id": ""},
        {"order_id": 7},
        {"more": 1},
    ],
)
def test_lines_that_cannot_be_are_refused_at_once(trees: Stores, ask: Ask, wrong: dict) -> None:
    problem(ask(trees).post("/v1/transactions", json={"lines": [{**line(), **wrong}]}), 422)
    assert trees.inbox.waiting() == []


def test_a_bad_letter_is_put_aside_told_of_and_holds_nobody_up(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    folder = trees.inbox.folder / "waiting"
    post(client, line())
    (folder / "20260101T000000.000000-aaaaaaaaaaaa.json").write_text("{")
    letter = json.loads(trees.inbox.waiting()[-1].read_text())
    letter |= {"name": "20260101T000000.000001-bbbbbbbbbbbb", "lines": [{**line(), "customer_id": "ana"}]}
    (folder / f"{letter['name']}.json").write_text(json.dumps(letter))
    found = take_letters(trees, arrival=NOW)
    assert (found["taken"], found["refused"]) == (1, 2)
    assert trees.inbox.waiting() == []
    assert get(client, f"/v1/letters/{letter['name']}")["outcome"] == "refused"
    assert len(list(trees.home.glob("rejected/*/report.json"))) == 2
    told = [record for record in trees.alerts.all() if record["kind"] == "letter refused"]
    assert len(told) == 2
    assert landed(trees).height == 1


def test_orders_posted_by_many_at_once_are_each_taken_once(trees: Stores, ask: Ask) -> None:
    client, names = ask(trees), [f"b-{number}" for number in range(10)]

    def told(seed: int) -> list[dict]:
        return [line(name) for name in random.Random(seed).sample(names, len(names))]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda seed: post(client, *told(seed)), range(40)))
    letters = [trees.inbox.read(path) for path in trees.inbox.waiting()]
    assert sorted(each["order_id"] for letter in letters for each in letter["lines"]) == sorted(names)
    assert sum(not answer["before"] for answer in answers) == len(letters)
    assert {answer["letter"] for answer in answers} == {letter["name"] for letter in letters}


def test_what_is_told_again_is_never_a_letter_of_its_own(trees: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = {"key a": "rollback"}
    first = trees.inbox.post("order", {"what": "rollback"}, request="1", now=NOW, marks=marks)
    monkeypatch.setattr(trees.inbox, "_deliver", lambda path: pytest.fail(str(path)))
    again = trees.inbox.post("order", {"what": "rollback"}, request="2", now=NOW, marks=marks)
    assert (again["name"], again["before"]) == (first["name"], True)


def test_a_letter_whose_writer_was_killed_is_left_by_the_next_one(
    trees: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = {"key a": "rollback"}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            trees.inbox.post("order", {"what": "rollback"}, request="1", now=NOW, marks=marks)
    assert trees.inbox.waiting() == []
    again = trees.inbox.post("order", {"what": "rollback"}, request="2", now=NOW, marks=marks)
    assert [path.stem for path in trees.inbox.waiting()] == [again["name"]]
    assert (again["before"], list(trees.inbox.folder.glob("coming/*"))) == (True, [])


def test_a_letter_that_could_not_be_left_leaves_nothing(
    living: Stores, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, order = ask(living), {"json": {"reason": "wrong"}, "headers": {"Idempotency-Key": "k"}}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("no space")))
        answer = client.post("/v1/model/rollback", **order)
    assert (answer.status_code, "nothing was taken" in answer.text) == (503, True)
    assert [path for name in ("coming", "marks", "waiting") for path in living.inbox.folder.glob(f"{name}/*")] == []
    assert take_orders(living, now=NOW) == {"taken": 0, "refused": 0}
    assert client.post("/v1/model/rollback", **order).json()["before"] is False


def test_an_order_whose_writer_was_killed_is_there_for_who_tells_it_again_and_for_who_takes_it(
    living: Stores, ask: Ask
) -> None:
    client, order = ask(living), {"json": {"reason": "wrong"}, "headers": {"Idempotency-Key": "k"}}
    for again in (True, False):
        client.post("/v1/model/rollback", **order)
        (letter,) = living.inbox.waiting()  # as it is when the writer is killed before the marks are made
        letter.rename(living.inbox.folder / "coming" / letter.name)
        for mark in living.inbox.folder.glob("marks/*"):
            mark.unlink()
        assert living.inbox.waiting() == []
        if again:
            told = client.post("/v1/model/rollback", **order).json()
            assert (told["before"], told["outcome"]) == (True, "waiting")
            assert client.get(f"/v1/letters/{told['letter']}").json()["outcome"] == "waiting"
        assert sum(take_orders(living, now=NOW).values()) == 1  # the second finds no model to go back to
        order["headers"] = {"Idempotency-Key": "another"}


def test_an_order_that_was_carried_out_and_could_not_be_settled_is_carried_out_once(
    living: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(living.ledger.entries())
    living.inbox.post("order", {"what": "rollback", "reason": "wrong"}, request="1", now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(living.inbox, "settle", lambda *_, **__: (_ for _ in ()).throw(OSError("no space")))
        with pytest.raises(OSError, match="no space"):
            take_orders(living, now=NOW)
    assert take_orders(living, now=NOW) == {"taken": 1, "refused": 0}
    assert len(living.ledger.entries()) == before + 1
    assert living.ledger.entries()[-1]["by"].startswith("by hand, letter 2")
    assert living.inbox.waiting() == []


@pytest.mark.parametrize("damage", [b"", b"one", b"one two three", b"\xff\x00 \xfe"])
def test_a_damaged_mark_marks_nothing(trees: Stores, damage: bytes) -> None:
    marks = {"order 7": "its lines"}
    trees.inbox.post("result", {"week": "2025-W02"}, request="1", now=NOW, marks=marks)
    (mark,) = trees.inbox.folder.glob("marks/*")
    mark.write_bytes(damage)
    assert trees.inbox.known(marks) == {}
    assert not trees.inbox.post("result", {"week": "2025-W02"}, request="2", now=NOW, marks=marks)["before"]
    assert len(trees.inbox.known(marks)) == 1


def test_what_a_damaged_letter_told_may_be_told_again(trees: Stores) -> None:
    marks = {"order 7": "its lines"}
    trees.inbox.post("result", {"week": "2025-W02"}, request="1", now=NOW, marks=marks)
    trees.inbox.waiting()[0].write_bytes(b"{")
    (trees.inbox.folder / "waiting" / "2.json").mkdir()
    (trees.inbox.folder / "coming" / "2.json").mkdir()
    assert take_letters(trees, arrival=NOW)["refused"] == 1
    assert not trees.inbox.post("result", {"week": "2025-W02"}, request="2", now=NOW, marks=marks)["before"]


def test_a_letter_that_was_damaged_while_it_came_keeps_nobody_from_writing_and_is_put_aside(trees: Stores) -> None:
    coming = trees.inbox.folder / "coming"
    coming.mkdir(parents=True)
    (coming / "20250101T000000.000000-damaged.json").write_bytes(b'{"name": "2025')
    trees.inbox.post("result", {"week": "2025-W02"}, request="1", now=NOW)
    assert len(trees.inbox.waiting()) == 2
    assert take_letters(trees, arrival=NOW)["refused"] >= 1
    assert not [path for path in trees.inbox.waiting() if "damaged" in path.name]


def test_a_letter_that_somebody_else_took_meanwhile_is_passed_over(
    trees: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.inbox.post("result", {"week": "2025-W02"}, request="1", now=NOW)
    gone = trees.inbox.waiting()
    gone[0].unlink()
    monkeypatch.setattr(trees.inbox, "waiting", lambda: gone)
    assert take_letters(trees, arrival=NOW) == {"taken": 0, "refused": 0, "delivery": None}
    assert take_orders(trees, now=NOW) == {"taken": 0, "refused": 0}


def test_an_order_to_go_back_is_carried_out_by_watch_and_the_ledger_says_why(living: Stores, ask: Ask) -> None:
    client = ask(living)
    answer = client.post("/v1/model/rollback", json={"reason": "wrong for the north"}, headers={"Idempotency-Key": "k"})
    again = client.post("/v1/model/rollback", json={"reason": "wrong for the north"}, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, again.json()["before"]) == (202, True)
    assert watch(living, now=datetime.now(UTC))["letters"] == 1
    entry = living.ledger.champion()
    assert entry is not None
    assert (entry["version"], entry["kind"], entry["why"]) == ("1.0.0", "rolled back", ["wrong for the north"])
    look(client)
    model = get(client, "/v1/model")
    assert (model["model_version"], model["champion"]["version"]) == ("1.0.1", "1.0.0")
    assert "1.0.0 serves by now" in model["differs"]
    versions = get(client, "/v1/model/versions")["versions"]
    assert [(each["version"], each["serves"], each["rolled_back"]) for each in versions] == [
        ("1.0.0", True, False),
        ("1.0.1", False, True),
    ]
    assert get(client, "/v1/ledger", limit=1)["entries"][0]["why"] == ["wrong for the north"]
    assert get(client, f"/v1/letters/{answer.json()['letter']}")["says"].startswith("1.0.0 serves from")


def test_an_order_to_promote_is_carried_out_by_the_next_run(living: Stores, ask: Ask) -> None:
    client = ask(living)
    client.post("/v1/model/promote", json={"version": "1.0.0", "reason": "it was better"})
    client.post("/v1/model/promote", json={"version": "7.0.0", "reason": "there is none"})
    run_week(living, Order(NOW, as_of=shop.FIRST.start + timedelta(weeks=17), retrain="never", reason="a test"))
    champion = living.ledger.champion()
    assert champion is not None
    assert champion["version"] == "1.0.0"
    (refused,) = [record for record in living.alerts.all() if record["kind"] == "letter refused"]
    assert "7.0.0" in refused["says"]


@pytest.mark.parametrize("order", [{"reason": ""}, {"reason": "   "}, {}, {"reason": "because", "version": "1"}])
def test_an_order_needs_its_reason(trees: Stores, ask: Ask, order: dict) -> None:
    problem(ask(trees).post("/v1/model/rollback", json=order), 422)
    problem(ask(trees).post("/v1/model/promote", json=order), 422)


def test_what_came_of_a_call_stands_beside_it(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    called = get(client, "/v1/calls", capacity=2)["calls"]
    for result in ("not_reached", "ordered"):
        told = {"customer_id": called[0]["customer_id"], "result": result}
        assert client.post("/v1/calls/results", json=told).status_code == 202
    waiting = get(client, "/v1/calls", capacity=2)["calls"]
    assert [(row["told"], row["result"]) for row in waiting] == [("ordered", None), (None, None)]
    watch(trees, now=datetime.now(UTC))
    taken = get(client, "/v1/calls", capacity=2)["calls"]
    assert [(row["told"], row["result"]) for row in taken] == [(None, "ordered"), (None, None)]
    problem(client.post("/v1/calls/results", json={"customer_id": 999, "result": "no"}), 404)


def test_an_inbox_may_lie_elsewhere_and_one_that_cannot_be_written_to_says_so(trees: Stores, ask: Ask) -> None:
    elsewhere = trees.home.parent / "elsewhere"
    client = ask(trees, inbox=elsewhere)
    post(client, line())
    assert len(list(elsewhere.glob("waiting/*.json"))) == 1
    assert not (trees.home / "inbox").exists()
    blocked = trees.home.parent / "blocked"
    blocked.write_text("")
    refused = ask(trees, inbox=blocked).post("/v1/transactions", json={"lines": [line()]})
    assert problem(refused, 503)["detail"].startswith("the inbox cannot be written to")


def test_what_was_asked_is_counted_without_names(trees: Stores, ask: Ask) -> None:
    for client in _closing(ask, trees):
        for _ in range(3):
            get(client, "/v1/customers/2/predictions", top=4)
        pairs = [{"customer_id": 2, "product_id": 0}, {"customer_id": 999, "product_id": 0}]
        pairs.append({"customer_id": 1, "product_id": 12})
        client.post("/v1/predictions", json={"pairs": pairs})
        asked = client.app._app.state.asked
        asked.drain(client.app._hot.loaded.answers.all())
        asked.flush(now=NOW, week=str(homes.TARGET))
        get(client, "/v1/customers/2/predictions", top=4)
        asked.drain(client.app._hot.loaded.answers.all())
        asked.flush(now=NOW + timedelta(minutes=5), week=str(homes.TARGET))
    (counts,) = trees.inbox.asked(NOW)
    assert (counts["requests"], counts["rows"], counts["unknown"]) == (5, 19, 1)
    assert sum(counts["bins"]) == 18
    assert counts["twice"] == 1
    assert counts["gap"] == 0.0
    (path,) = trees.inbox.folder.glob("asked/*.json")
    assert "999" not in path.read_text()


def _closing(ask: Ask, stores: Stores) -> Iterator[TestClient]:
    yield ask(stores)
