"""A new list is taken in while the old one serves; a bad one is refused and told of; the home may go and return."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import shutil
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx2
import polars as pl
import pytest

from semana.data import catalog
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.pipeline import ingest
from semana.pipeline.watch import watch
from semana.serving.hot import Hot
from semana.stores.home import Stores
from semana.stores.known import names_of
from semana.stores.publications import ARROW, MANIFEST, OFFSETS
from tests import shop
from tests.pipeline.living import SECOND, deliver, run
from tests.serving import homes
from tests.serving.server import served, wait_for

NOW = homes.NOW


def publish(stores: Stores, factor: float, week: Week | None = None) -> dict:
    """Another revision of the newest list, every chance `factor` times as high."""
    manifest = stores.publications.current_manifest()
    assert manifest is not None
    week = week or Week.parse(manifest["week"])
    rows = homes.rows(stores, week).with_columns(pl.col("probability") * factor)
    told = {**manifest, "reason": "a test", "late": False}
    return stores.publications.publish(rows, told, week)


def hot(stores: Stores) -> Hot:
    found = Hot(stores)
    found.look(now=NOW, seconds=0.0)
    found.look(now=NOW, seconds=1.0)
    return found


def test_a_new_revision_and_a_new_week_are_taken_in(living: Stores) -> None:
    found = hot(living)
    assert found.loaded is not None
    first = found.loaded
    assert (first.stamp["week"], first.stamp["rev"], found.reasons()) == (str(SECOND), 1, [])
    publish(living, 0.5)
    found.look(now=NOW, seconds=2.0)
    assert found.loaded.stamp["rev"] == 2
    assert found.loaded.mapped.frame["probability"].sum() == pytest.approx(
        0.5 * first.mapped.frame["probability"].sum()
    )
    deliver(living, SECOND)
    run(living, SECOND + 1)
    found.look(now=NOW, seconds=3.0)
    assert found.loaded.stamp["week"] == str(SECOND + 1)


def test_a_new_name_and_owner_reach_readers_as_soon_as_they_have_landed(living: Stores, tmp_path: Path) -> None:
    found = hot(living)
    assert found.loaded is not None
    assert found.loaded.customer("2") == {"customer_id": 2, "label": "Customer 2", "owner": "north"}
    renamed = (
        shop.customers().filter(pl.col("customer_id") == 2).with_columns(label=pl.lit("Bar"), owner=pl.lit("east"))
    )
    path = shop.write(renamed, tmp_path / "customers-renamed.parquet")
    ingest.land(living, [path], source="canonical", table=None, arrival=NOW)
    found.look(now=NOW, seconds=2.0)
    assert found.loaded.customer("2") == {"customer_id": 2, "label": "Bar", "owner": "east"}
    assert found.loaded.customer("3") == {"customer_id": 3, "label": "Customer 3", "owner": "north"}
    known = names_of(living, catalog.CUSTOMERS, SECOND)
    assert known.filter(pl.col("owner") == "east")["customer_id"].to_list() == [2]


def damages() -> dict:
    def missing(folder: Path) -> None:
        (folder / OFFSETS).unlink()

    def changed(folder: Path) -> None:
        content = bytearray((folder / ARROW).read_bytes())
        content[len(content) // 2] ^= 0xFF
        (folder / ARROW).write_bytes(content)

    def truncated(folder: Path) -> None:
        content = (folder / ARROW).read_bytes()
        (folder / ARROW).write_bytes(content[: len(content) // 2])

    def no_manifest(folder: Path) -> None:
        (folder / MANIFEST).unlink()

    def of_another(folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["counts"]["pairs"] += 1
        (folder / MANIFEST).write_text(json.dumps(manifest))

    def no_list(folder: Path) -> None:
        (folder.parents[1] / "current.json").write_text("[]")

    return {each.__name__: each for each in (missing, changed, truncated, no_manifest, of_another, no_list)}


@pytest.mark.parametrize("how", damages())
def test_a_damaged_list_is_refused_told_of_and_the_old_one_serves(living: Stores, how: str) -> None:
    found = hot(living)
    publish(living, 0.5)
    folder = living.publications.newest()
    assert folder is not None
    damages()[how](folder)
    for second in (2.0, 3.0, 4.0):
        found.look(now=NOW, seconds=second)
    assert found.loaded is not None
    assert found.loaded.stamp["rev"] == 1
    (reason,) = found.reasons()
    assert "is refused since" in reason
    assert found.newest() is (None if how == "no_list" else False)
    assert len(living.inbox.waiting()) == 1  # told once, however often it was looked at
    with contextlib.suppress(ContractError):  # it, too, cannot read a damaged current.json
        watch(living, now=datetime.now(UTC))
    assert "serving refused" in {record["kind"] for record in living.alerts.all()}
    (living.publications.folder / "current.json").unlink()
    living.publications._switch(SECOND, living.publications.manifests(SECOND)[0], back=True)
    found.look(now=NOW, seconds=5.0)
    assert found.reasons() == []


def test_a_process_that_begins_beside_a_damaged_list_serves_the_one_before(living: Stores) -> None:
    publish(living, 0.5)
    publish(living, 0.4)
    for rev in (2, 3):
        (living.publications.folder / f"week={SECOND}" / f"rev={rev}" / OFFSETS).unlink()
    found = hot(living)
    assert found.loaded is not None
    assert found.loaded.stamp["rev"] == 1
    (reason,) = found.reasons()
    assert f"week={SECOND} rev=3 is refused" in reason
    assert str(living.home) not in reason


def test_a_list_that_is_changed_while_it_serves_serves_no_longer(living: Stores) -> None:
    publish(living, 0.5)
    found = hot(living)
    assert found.loaded is not None
    assert found.loaded.stamp["rev"] == 2
    newest = living.publications.newest()
    assert newest is not None
    damages()["changed"](newest)
    found.look(now=NOW, seconds=2.0)
    assert found.loaded.stamp["rev"] == 1
    shutil.rmtree(newest.parent / "rev=1")
    shutil.rmtree(newest.parents[1] / f"week={SECOND + -1}", ignore_errors=True)
    assert found.loaded.stamp["rev"] == 1  # what is mapped stays, as long as nobody looks


def test_too_many_open_files_say_nothing_of_a_list(living: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    found = hot(living)
    publish(living, 0.5)
    with monkeypatch.context() as patched:
        patched.setattr("semana.stores.files.sha256", _no_more_files)
        found.look(now=NOW, seconds=2.0)
    assert (found.reasons(), found.loaded.stamp["rev"] if found.loaded else 0) == ([], 1)
    found.look(now=NOW, seconds=3.0)
    assert found.loaded is not None
    assert found.loaded.stamp["rev"] == 2


def _no_more_files(path: Path) -> str:
    raise OSError(errno.EMFILE, "Too many open files", str(path))


def test_a_list_whose_model_is_damaged_is_refused(trees: Stores) -> None:
    found = hot(trees)
    publish(trees, 0.5)
    manifest = trees.publications.current_manifest()
    assert manifest is not None
    (trees.bundles.folder / manifest["bundle"] / "model.txt").write_text("tree")
    trees.bundles._served.clear()
    found.look(now=NOW, seconds=2.0)
    assert found.loaded is not None
    assert found.loaded.stamp["rev"] == 1
    assert any("is not what was saved" in reason for reason in found.reasons())


def test_a_list_whose_tables_were_prepared_again_is_refused_and_still_the_newest(trees: Stores) -> None:
    found = hot(trees)
    assert found.loaded is not None
    found.loaded.live.make_ready()
    about = trees.lake.about(homes.TARGET)
    assert about is not None
    current = trees.publications.folder / "current.json"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(trees.lake), "about", lambda *_: {**about, "position": about["position"] + 1})
        current.write_text(current.read_text() + " ")
        found.look(now=NOW, seconds=2.0)
    assert any("have been made again since" in reason for reason in found.reasons())
    assert found.newest() is True


def test_a_champion_that_cannot_serve_is_told_of_before_it_makes_a_list(living: Stores) -> None:
    found = hot(living)
    entry = living.ledger.champion()
    assert entry is not None
    shutil.rmtree(living.bundles.folder / living.ledger.entries()[0]["to"])
    living.ledger.append({**entry, "from": entry["to"], "to": living.ledger.entries()[0]["to"]}, after=2)
    found.look(now=NOW, seconds=2.0)
    assert any("not there or without its manifest" in reason for reason in found.reasons())
    assert found.newest() is True  # it is the next list that is at stake
    assert found.loaded is not None


def test_the_home_may_go_away_and_come_back(living: Stores) -> None:
    with served(living.home) as (client, _):
        before = client.get("/v1/customers/2/predictions").json()
        away = living.home.rename(living.home.parent / "away")
        told = wait_for(client, "degraded")
        assert "the home is away" in told["reasons"][0]
        assert told["newest"] is None
        assert told["age_days"] > 0
        for customer in (2, 3, 4):
            assert client.get(f"/v1/customers/{customer}/predictions").status_code == 200
        assert client.get("/v1/customers/2/predictions").json() == before
        assert client.get("/v1/runs").status_code in (200, 503)
        line = {"order_id": "a", "customer_id": 2, "product_id": 0, "date": "2025-01-01"}
        assert client.get("/v1/model").json()["degraded"]
        away.rename(living.home)
        wait_for(client, "ready")
        assert client.post("/v1/transactions", json={"lines": [line]}).status_code == 202


def test_a_key_is_taken_in_and_taken_back_while_workers_serve(living: Stores) -> None:
    with served(living.home, "--workers", "2") as (client, _):
        assert client.get("/v1/ledger").status_code == 200
        key = living.keys.create("agents", "read", when="now")
        until(lambda: {client.get("/v1/ledger").status_code for _ in range(20)} == {401})
        client.headers["Authorization"] = f"Bearer {key}"
        until(lambda: {client.get("/v1/ledger").status_code for _ in range(20)} == {200})
        living.keys.revoke("agents", when="now")
        until(lambda: {client.get("/v1/ledger").status_code for _ in range(20)} == {401})


def until(holds, *, seconds: float = 10.0) -> None:
    async def wait() -> None:
        while not holds():
            await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(wait(), seconds))


@pytest.mark.timeout(300)
def test_under_load_no_answer_is_lost_and_none_is_of_two_lists(living: Stores) -> None:
    """Two workers, eight askers, six lists one after the other, one of them bad; every answer is one list's, whole."""
    factors = {1: 1.0}
    chance = dict(homes.rows(living, SECOND).filter(customer_id=2).select("product_id", "probability").rows())
    with served(living.home, "--workers", "2") as (client, process):
        seen, wrong = asyncio.run(_asked(str(client.base_url), living, factors, chance))
        assert process.poll() is None
    assert wrong == []
    assert len(seen) >= 5
    assert sum(seen.values()) > 500


class Askers:
    """Asks for customer 2's chances in two ways, again and again, and holds every answer against its own revision."""

    def __init__(self, factors: dict[int, float], chance: dict[int, float]) -> None:
        self.seen: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.done = asyncio.Event()
        self._factors = factors
        self._chance = chance
        self._pairs = {"pairs": [{"customer_id": 2, "product_id": product} for product in chance]}

    async def ask(self, address: str, number: int) -> None:
        async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
            while not self.done.is_set():
                try:
                    if number % 2:
                        self._hold(await client.get("/v1/customers/2/predictions?top=1000"))
                    else:
                        self._hold(await client.post("/v1/predictions", json=self._pairs))
                except httpx2.HTTPError as err:
                    self.wrong.append(repr(err))

    def _hold(self, answer: httpx2.Response) -> None:
        if answer.status_code != 200:
            self.wrong.append(f"{answer.status_code} {answer.text}")
            return
        found = answer.json()
        rev = found["rev"]
        self.seen[rev] += 1
        if answer.headers["x-semana-revision"] != str(rev):
            self.wrong.append("headers of another list")
        wanted = {product: chance * self._factors[rev] for product, chance in self._chance.items()}
        if {row["product_id"]: row["probability"] for row in found["predictions"]} != pytest.approx(wanted, abs=1e-12):
            self.wrong.append(f"an answer of revision {rev} is not its own")


async def _asked(address: str, stores: Stores, factors: dict[int, float], chance: dict[int, float]) -> tuple:
    askers = Askers(factors, chance)
    tasks = [asyncio.create_task(askers.ask(address, number)) for number in range(8)]
    for number in range(2, 8):
        factors[number] = 1 - number / 100
        manifest = await asyncio.to_thread(_published, stores, factors[number], SECOND)
        assert manifest["rev"] == number
        if number == 4:
            (stores.publications.folder / f"week={SECOND}" / "rev=4" / OFFSETS).unlink()
        await asyncio.sleep(3)
    askers.done.set()
    await asyncio.gather(*tasks)
    return askers.seen, askers.wrong


def _published(stores: Stores, factor: float, week: Week) -> dict:
    """The first revision's rows with other chances, as the next revision."""
    rows: pl.DataFrame = stores.publications.predictions(week, 1).collect("polars").to_native()
    manifest = {**stores.publications.manifests(week)[0], "reason": "a test", "late": False}
    return stores.publications.publish(rows.with_columns(pl.col("probability") * factor), manifest, week)


def test_a_worker_that_dies_is_replaced(living: Stores) -> None:
    import psutil

    with served(living.home, "--workers", "2") as (client, process):
        workers = [
            child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())
        ]
        assert len(workers) == 2
        workers[0].send_signal(signal.SIGKILL)
        until(lambda: workers[0].pid not in {c.pid for c in psutil.Process(process.pid).children()})
        wait_for(client, "ready")
        assert client.get("/v1/customers/2/predictions").status_code == 200


def test_ids_with_percent_signs_and_slashes_reach_a_real_server_as_they_are(awkward: Stores) -> None:
    customer = homes.rows(awkward)["customer_id"][0]
    with served(awkward.home) as (client, _):
        found = client.get(f"/v1/customers/{quote(customer, safe='')}/predictions")
        assert found.json()["customer_id"] == customer
