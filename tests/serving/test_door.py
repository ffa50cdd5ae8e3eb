"""Who may ask, and what the door keeps out: every refusal is a problem that says what to do."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import stat

import pytest
from starlette.testclient import TestClient

from semana.errors import UsageError
from semana.stores.home import Stores
from tests.serving import homes
from tests.serving.conftest import Ask
from tests.serving.test_lists import look

LIST = "/v1/customers/2/predictions"
WHEN = "2026-01-01T00:00:00+00:00"


def problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["type"]) == (status, "about:blank")
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["title"]
    assert told["detail"]
    return told


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_keys_are_kept_as_hashes_for_their_owner_alone(trees: Stores) -> None:
    token = trees.keys.create("agents", "read", when=WHEN)
    (path,) = trees.keys.folder.iterdir()
    assert token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(trees.keys.folder.stat().st_mode) == 0o700
    with pytest.raises(UsageError, match="exists"):
        trees.keys.create("agents", "read", when=WHEN)
    with pytest.raises(UsageError, match="metrics, read, write, admin"):
        trees.keys.create("others", "all", when=WHEN)
    with pytest.raises(UsageError, match="there are: agents"):
        trees.keys.revoke("nobody", when=WHEN)


def test_once_a_key_is_made_nobody_gets_in_without_one(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    assert client.get(LIST).status_code == 200
    key = trees.keys.create("agents", "read", when=WHEN)
    look(client)
    refused = client.get(LIST)
    assert "Authorization: Bearer" in problem(refused, 401)["detail"]
    assert refused.headers["www-authenticate"] == "Bearer"
    problem(client.get(LIST, headers=bearer(key[:-1])), 401)
    problem(client.get(LIST, headers={"Authorization": "Basic abc"}), 401)
    assert client.get(LIST, headers=bearer(key)).status_code == 200
    assert client.get(LIST, headers={"X-API-Key": key}).status_code == 200
    for path in ("/livez", "/readyz", "/openapi.json"):
        assert client.get(path).status_code == 200
    problem(client.get("/metrics"), 401)
    trees.keys.revoke("agents", when=WHEN)
    look(client)
    assert "not valid (any more)" in problem(client.get(LIST, headers=bearer(key)), 401)["detail"]
    problem(client.get(LIST), 401)


def test_a_key_for_what_is_watched_reads_no_list_not_even_one_that_is_kept(trees: Stores, ask: Ask) -> None:
    agents, watcher = (trees.keys.create(name, name, when=WHEN) for name in ("read", "metrics"))
    client = ask(trees)
    assert client.get(LIST, headers=bearer(agents)).status_code == 200
    assert client.get("/metrics", headers=bearer(watcher)).status_code == 200
    assert "scope read is needed" in problem(client.get(LIST, headers=bearer(watcher)), 403)["detail"]


@pytest.mark.parametrize("gone", ["removed", "damaged", "of a wrong kind"])
def test_keys_that_cannot_be_read_open_nothing(trees: Stores, ask: Ask, gone: str) -> None:
    key = trees.keys.create("agents", "read", when=WHEN)
    (path,) = trees.keys.folder.iterdir()
    client = ask(trees)
    told = json.loads(path.read_text())
    damages = {"removed": None, "damaged": "{", "of a wrong kind": json.dumps({**told, "hash": 5})}
    path.unlink() if damages[gone] is None else path.write_text(str(damages[gone]))
    look(client)
    problem(client.get(LIST), 401)
    assert client.get(LIST, headers=bearer(key)).status_code == 200
    again = ask(trees)
    if gone == "removed":  # to a new process nothing says that there was a key
        return
    assert "cannot be known now" in problem(again.get(LIST), 503)["detail"]
    assert again.get("/livez").status_code == 200


def test_head_is_get_without_what_it_tells(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    for path in ("/livez", LIST, LIST):
        full, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(full.content))


def test_every_answer_tells_which_list_serves(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    for path in (LIST, "/v1/ledger", "/v1/drift", "/v1/model", "/v1/nothing"):
        headers = client.get(path).headers
        assert (headers["x-semana-week"], headers["x-semana-model"]) == (str(homes.TARGET), "1.0.0"), path
        assert headers.get_list("x-semana-week") == [str(homes.TARGET)]


def test_other_headers_and_languages_keep_no_more_answers(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    for number in range(50):
        assert client.get(LIST, headers={"Accept-Language": f"en, x-{number};q=0.1"}).status_code == 200
    hot = client.app._app.state.hot if hasattr(client.app, "_app") else client.app.state.hot
    assert len(hot.loaded.answers.all()) == 1
    problem(client.get(LIST, headers={"X-Long": "x" * 40_000}), 431)


def test_bodies_that_do_not_come_keep_nobody_out(trees: Stores, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semana.serving.door._BODY_SECONDS", 0.5)

    async def slow() -> list[int]:
        app = ask(trees, api_concurrency=2).app
        scope = {
            "type": "http", "method": "POST", "path": "/v1/nothing", "raw_path": b"/v1/nothing", "query_string": b"",
            "headers": [(b"host", b"localhost"), (b"content-length", b"100")], "http_version": "1.1", "scheme": "http",
            "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        statuses: list[int] = []

        async def never() -> dict:
            await asyncio.sleep(60)
            return {}

        async def note(message: dict) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def read() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        waiting = [asyncio.create_task(app(dict(scope), never, note)) for _ in range(4)]
        await asyncio.sleep(0.1)
        await app({**scope, "method": "GET", "path": "/v1/key", "raw_path": b"/v1/key"}, read, note)
        await asyncio.gather(*waiting)
        return statuses

    assert asyncio.run(slow()) == [200, 408, 408, 408, 408]


def test_a_key_is_told_who_it_is(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    assert client.get("/v1/key").json() == {"name": "local", "scope": "admin", "keyless": True}
    key = trees.keys.create("agents", "write", when=WHEN)
    look(client)
    problem(client.get("/v1/key"), 401)
    told = client.get("/v1/key", headers=bearer(key)).json()
    assert told == {"name": "agents", "scope": "write", "keyless": False}


def test_each_scope_reaches_as_far_as_it_says(trees: Stores, ask: Ask) -> None:
    keys = {scope: bearer(trees.keys.create(scope, scope, when=WHEN)) for scope in ("read", "write", "admin")}
    client = ask(trees)
    line = {"order_id": "a", "customer_id": 2, "product_id": 0, "date": str(homes.TARGET.start)}
    calls = {
        "read": lambda key: client.get(LIST, headers=key),
        "write": lambda key: client.post("/v1/transactions", json={"lines": [line]}, headers=key),
        "admin": lambda key: client.post("/v1/model/rollback", json={"reason": "a test"}, headers=key),
    }
    for reach, key in enumerate(keys.values()):
        for need, call in enumerate(calls.values()):
            answer = call(key)
            if need <= reach:
                assert answer.status_code in (200, 202)
            else:
                assert "does not hold it" in problem(answer, 403)["detail"]


def test_without_keys_only_this_machine_is_served(trees: Stores, ask: Ask) -> None:
    problem(ask(trees, local=False).get(LIST), 401)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:8000"])
def test_a_name_that_is_not_ours_is_refused(trees: Stores, ask: Ask, host: str) -> None:
    problem(ask(trees).get(LIST, headers={"Host": host}), 400)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:8000", "[::1]", "LOCALHOST:1"])
def test_names_of_this_machine_are_ours(trees: Stores, ask: Ask, host: str) -> None:
    assert ask(trees).get(LIST, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/..%2F..%2Fetc%2Fpasswd/predictions",
        "/v1/letters/..%2F..%2Fformat",
        "/v1/letters/....",
        "/../../etc/passwd",
        "/v1/products/%00/summary",
        "/v1//customers//predictions",
        "/docs",
        "/static/../format.json",
    ],
)
def test_paths_lead_nowhere_but_to_routes(trees: Stores, ask: Ask, path: str) -> None:
    problem(ask(trees).get(path), 404)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"pairs": [{"customer_id": NaN, "product_id": 0}]}', "application/json", 400),
        (b'{"pairs": [{"customer_id": Infinity, "product_id": 0}]}', "application/json", 400),
        (b'{"pairs": [', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"[" * 100 + b"]" * 100, "application/json", 400),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", 400),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "application/json", 400),
        (b'{"pairs": []}', "text/plain", 415),
        (b'{"pairs": []}', "application/x-www-form-urlencoded", 415),
        (b'{"pairs": []}', "application/json", 422),
        (b'{"pairs": [{"customer_id": 1.5, "product_id": 0}]}', "application/json", 422),
        (b'{"pairs": [{"customer_id": true, "product_id": 0}]}', "application/json", 422),
        (b'{"pairs": [{"customer_id": null, "product_id": 0}]}', "application/json", 422),
        (b'{"pairs": [{"customer_id": 1, "product_id": 0, "more": 1}]}', "application/json", 422),
        (b'{"pairs": {"customer_id": 1}}', "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"pairs": [{"customer_id": 1e400, "product_id": 0}]}', "application/json", 400),
        (b'{"pairs": [' + b'{"customer_id": 1, "product_id": 0},' * 10_000 + b'{"customer_id": 1, "product_id": 0}]}',
         "application/json", 422),
        (b'"' + b"x" * 2_000_000 + b'"', "application/json", 413),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_are_refused(trees: Stores, ask: Ask, body: bytes, kind: str, status: int) -> None:
    problem(ask(trees).post("/v1/predictions", content=body, headers={"Content-Type": kind}), status)


def test_a_body_without_a_length_is_measured_as_it_comes(trees: Stores, ask: Ask) -> None:
    def endless():
        for _ in range(5000):
            yield b" " * 1024

    answer = ask(trees).post("/v1/predictions", content=endless(), headers={"Content-Type": "application/json"})
    problem(answer, 413)


@pytest.mark.parametrize("query", ["top=-1", "top=x", "top=1e9", "min_probability=nan", "min_probability=2", "kind=old",
                                   "lang=fr"])  # fmt: skip
def test_queries_that_cannot_be_are_named(trees: Stores, ask: Ask, query: str) -> None:
    told = problem(ask(trees).get(f"{LIST}?{query}"), 422)
    assert told["errors"][0]["where"] == f"query.{query.split('=', maxsplit=1)[0]}"


def test_an_unknown_query_is_refused_with_the_allowed_ones(trees: Stores, ask: Ask) -> None:
    told = problem(ask(trees).get(f"{LIST}?tpo=3"), 422)
    assert told["detail"] == "query.tpo: is unknown here; allowed: lang, top, min_probability, kind"


def test_a_query_given_twice_is_refused(trees: Stores, ask: Ask) -> None:
    told = problem(ask(trees).get(f"{LIST}?top=3&top=4"), 422)
    assert told["detail"] == "query.top: is given more than once"


def test_other_methods_are_problems_too(trees: Stores, ask: Ask) -> None:
    answer = ask(trees).delete(LIST)
    problem(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_a_request_id_is_taken_where_it_is_sane(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    assert client.get(LIST, headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    for strange in ("a b", "x" * 65, "<b>", "a\\n"):
        made = client.get(LIST, headers={"X-Request-ID": strange}).headers["x-request-id"]
        assert made != strange
        assert len(made) == 16


def test_a_server_that_is_full_says_when_to_come_again(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    client.app._busy = 64
    answer = client.get("/v1/ledger")
    problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert client.get("/livez").status_code == 200


def test_logs_hold_no_ids_and_no_keys(trees: Stores, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = trees.keys.create("agents", "admin", when=WHEN)
    client = ask(trees)
    client.app._log_all = True
    for path in ("/v1/customers/9876543/predictions", "/v1/customers/2/predictions", "/v1/customers/2/predictions"):
        client.get(path, headers=bearer(key))
    client.post("/v1/score", json={"customer_id": 9876543}, headers=bearer(key))
    ours = [record.message for record in caplog.records if record.name.startswith("semana")]
    lines = [json.loads(said) for said in ours if said.startswith("{")]
    assert {line["route"] for line in lines} >= {"/v1/customers/{customer_id:path}/predictions", "/v1/score"}
    assert [said for said in ours if "9876543" in said or key in said] == []


def test_what_was_asked_is_counted_by_route_for_prometheus(trees: Stores, ask: Ask) -> None:
    client = ask(trees)
    for _ in range(3):
        client.get(LIST)
    client.get("/nowhere")
    text = client.get("/metrics").text
    route = 'method="GET",route="/v1/customers/{customer_id:path}/predictions",status="200"'
    assert f"semana_api_requests_total{{{route}}} 3.0" in text
    assert f'semana_api_seconds_bucket{{le="+Inf",{route}}} 3.0' in text
    assert 'semana_api_requests_total{method="any",route="none",status="404"} 1.0' in text
    assert "semana_list_pairs" in text
    assert "semana_api_degraded 0.0" in text


def test_no_request_leaves_the_machine(trees: Stores, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise AssertionError("a connection was opened")

    client = ask(trees)
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, nowhere)
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    for path in (LIST, "/v1/model", "/v1/performance", "/v1/explanations?customer_id=2&product_id=0", "/metrics"):
        assert client.get(path).status_code == 200
    assert client.post("/v1/score", json={"customer_id": 2}).status_code == 200
    document: TestClient = client.get("/openapi.json").json()
    assert "servers" not in document
