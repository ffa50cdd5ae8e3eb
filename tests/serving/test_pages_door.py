"""Who is let into the pages, what they say when the API refuses, in both languages, and the files they save."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import string
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import polars as pl
import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from semana.reports.lists import flat
from semana.settings import keep_gradio_quiet
from semana.stores.home import Stores
from tests.serving import homes
from tests.serving.conftest import Ask
from tests.serving.test_door import WHEN
from tests.serving.test_lists import look

keep_gradio_quiet()

from semana.ui import downloads  # noqa: E402 - Gradio reads the environment when it is imported
from semana.ui.app import make_app  # noqa: E402
from semana.ui.client import Api, Refused  # noqa: E402
from semana.ui.views.newcomer import lines_in  # noqa: E402
from semana.ui.words import TEXTS  # noqa: E402

HOSTS = frozenset({"localhost"})
HTML = {"accept": "text/html"}
Before = Callable[..., TestClient]


class Through(httpx.BaseTransport):
    """Brings what the pages ask to an API in this process."""

    def __init__(self, api: TestClient) -> None:
        self._api = api

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, headers = request.url.raw_path.decode(), dict(request.headers)
        found = self._api.request(request.method, path, headers=headers, content=request.read())
        kind = {"content-type": found.headers["content-type"]}
        return httpx.Response(found.status_code, headers=kind, content=found.content)


@pytest.fixture
def before() -> Iterator[Before]:
    """Gives a visitor of pages before an API."""
    with ExitStack() as stack:

        def visitor(transport: httpx.BaseTransport, *, local: bool = True, scheme: str = "http") -> TestClient:
            async def made() -> ASGIApp:  # Gradio opens a loop of its own where none runs, and leaves it open
                return make_app(Api("http://localhost:8000", local=local, transport=transport), hosts=HOSTS)

            app = asyncio.run(made())
            client = TestClient(app, base_url=f"{scheme}://localhost:7860", follow_redirects=False)
            return stack.enter_context(client)

        yield visitor


def told(*answers: tuple[int, Any]) -> httpx.MockTransport:
    """An API that gives these answers, the last one again and again."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        status, content = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(status, **{"text" if isinstance(content, str) else "json": content})

    return httpx.MockTransport(answer)


def test_without_keys_the_pages_open_on_this_machine_alone(trees: Stores, ask: Ask, before: Before) -> None:
    through = Through(ask(trees))
    assert before(through).get("/en/", headers=HTML).status_code == 200
    public = before(through, local=False)
    assert public.get("/en/", headers=HTML).status_code == 303
    assert "semana keys create" in public.get("/login").text
    public.cookies.set("semana_key", "anything")
    assert public.get("/en/", headers=HTML).status_code == 303
    assert public.post("/en/gradio_api/run/predict", json={}).status_code == 401
    assert public.get("/calls.csv").status_code == 401


def test_a_key_is_kept_where_no_script_reads_it(trees: Stores, ask: Ask, before: Before) -> None:
    key = trees.keys.create("agents", "read", when=WHEN)
    through = Through(ask(trees))
    visitor = before(through, local=False)
    assert visitor.get("/en/", headers=HTML).headers["location"] == "../login"
    assert visitor.post("/en/gradio_api/run/predict", json={}).status_code == 401
    wrong = visitor.post("/login", data={"key": "x"}, headers={"accept-language": "es"})
    assert (wrong.status_code, "no es válida" in wrong.text) == (401, True)
    assert "Write your key first" in visitor.post("/login", data={"key": " "}).text
    entered = visitor.post("/login", data={"key": f" {key} "})
    assert (entered.status_code, entered.headers["location"]) == (303, "en/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert visitor.get("/en/", headers=HTML).status_code == 200
    assert visitor.get("/login").status_code == 303
    assert key not in visitor.get("/en/config").text
    left = visitor.post("/logout")
    assert left.headers["location"] == "login"
    assert visitor.get("/en/", headers=HTML).status_code == 303
    safe = before(through, scheme="https").post("/login", data={"key": key})
    assert "secure" in safe.headers["set-cookie"].lower()


def test_a_revoked_key_is_out_soon(trees: Stores, ask: Ask, before: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semana.ui.client._LOGIN_SECONDS", 0.0)
    key = trees.keys.create("agents", "read", when=WHEN)
    api = ask(trees)
    visitor = before(Through(api))
    visitor.post("/login", data={"key": key})
    assert visitor.get("/en/", headers=HTML).status_code == 200
    trees.keys.revoke("agents", when=WHEN)
    look(api)
    assert visitor.get("/en/", headers=HTML).status_code == 303
    refused = visitor.get("/calls.csv")
    assert refused.status_code == 401
    assert "not valid any more" in refused.text


def test_the_door_knows_its_names_and_its_own_pages(trees: Stores, ask: Ask, before: Before) -> None:
    visitor = before(Through(ask(trees)))
    assert visitor.get("/livez", headers={"host": "evil.example.com"}).status_code == 400
    for headers in ({"origin": "http://evil.example.com"}, {"sec-fetch-site": "cross-site"}):
        assert visitor.post("/logout", headers=headers).status_code == 403
    assert visitor.post("/logout", headers={"origin": "http://localhost:7860"}).status_code == 303
    for path in ("/livez", "/login", "/en/", "/pages.css", "/icon.svg", "/nowhere"):
        policy = visitor.get(path).headers["content-security-policy"]
        assert "connect-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


def test_what_is_no_key_no_name_and_no_address_is_refused_without_a_fault(
    trees: Stores, ask: Ask, before: Before
) -> None:
    trees.keys.create("agents", "read", when=WHEN)
    visitor = before(Through(ask(trees)))
    wrong = visitor.post(
        "/login", content="key=ñandú".encode(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert (wrong.status_code, "not valid" in wrong.text) == (401, True)
    assert visitor.get("/en/", headers={**HTML, "cookie": "semana_key=\xf1".encode("latin-1")}).status_code == 303
    assert visitor.get("/livez", headers={"host": "["}).status_code == 400
    assert visitor.post("/logout", headers={"origin": "http://["}).status_code == 403
    assert visitor.post("/en/gradio_api/upload", files={"files": ("a.txt", b"a")}).status_code == 404
    assert "detail" in visitor.post("/en/gradio_api/run/predict", json={}).json()


def test_lists_are_saved_for_spreadsheets_of_either_language(trees: Stores, ask: Ask, before: Before) -> None:
    visitor = before(Through(ask(trees)))
    calls = visitor.get("/calls.csv?capacity=3&lang=es").text
    assert calls.startswith("\ufeffNúmero;Cliente;")
    assert re.search(r";\d+,\d+;", calls.splitlines()[1])
    mine = visitor.get("/customer.csv?id=2&lang=en").text.splitlines()
    assert mine[0].startswith("\ufeffproduct id,Product,rank,chance in %,kind,")
    assert len(mine) > 2
    whom = visitor.get("/product.csv?id=0&lang=en").text.splitlines()
    assert whom[0].startswith("\ufeffcustomer id,Customer,Owner,rank,")
    every = visitor.get("/list.csv?lang=en").text.splitlines()
    assert every[0].startswith("\ufeffcustomer id,Customer,product id,Product,rank,")
    assert len(every) > len(mine)
    usual = homes.rows(trees).filter(pl.col("customer_id") == 2, "recommended").sort("rank")["usual_quantity"].to_list()
    for lines in (mine, whom, every):
        heads = lines[0].split(",")
        assert heads[heads.index("usual quantity") + 1] == "expected quantity"
    offered = [float(row["usual quantity"]) for row in csv.DictReader(mine)]
    assert offered == pytest.approx(usual, abs=0.005)
    for name in ("calls.xlsx?capacity=3", "list.xlsx", "customer.xlsx?id=2", "product.xlsx?id=0"):
        assert zipfile.is_zipfile(io.BytesIO(visitor.get(f"/{name}").content)), name
    assert visitor.get("/customer.csv?id=nobody").status_code == 404


def test_the_language_is_the_browsers_until_one_is_chosen(trees: Stores, ask: Ask, before: Before) -> None:
    visitor = before(Through(ask(trees)))
    assert visitor.get("/", headers={"accept-language": "es-CL,en;q=0.5"}).headers["location"] == "es/"
    assert visitor.get("/", headers={"accept-language": "de"}).headers["location"] == "en/"
    assert visitor.get("/speak/es").headers["location"] == "../es/"
    assert visitor.get("/", headers={"accept-language": "en"}).headers["location"] == "es/"
    assert visitor.get("/speak/klingon").headers["location"] == "../en/"


def test_gradio_offers_nothing_of_its_own(trees: Stores, ask: Ask, before: Before) -> None:
    visitor = before(Through(ask(trees)))
    info = visitor.get("/en/gradio_api/info").json()
    assert (info["named_endpoints"], info["unnamed_endpoints"]) == ({}, {})
    page = visitor.get("/en/").text
    config = visitor.get("/en/config").json()
    assert config["analytics_enabled"] is False
    assert "fonts.googleapis" not in page + visitor.get("/en/theme.css").text
    sent = visitor.post("/en/gradio_api/upload", files={"files": ("x.bin", b"x" * 100_000)})
    assert sent.status_code >= 400


@pytest.mark.parametrize(
    ("answer", "english", "spanish"),
    [
        ((401, {"detail": "no"}), "Log in again", "Entre de nuevo"),
        ((403, {"detail": "scope write is needed"}), "scope write is needed", "no alcanza"),
        ((404, {"detail": "customer '7' is unknown"}), "customer '7' is unknown", "La API dice"),
        ((503, {"detail": "no list is published yet"}), "first weekly run", "primera ejecución"),
        ((503, {"detail": "64 requests are being worked on"}), "Try again", "Intente de nuevo"),
        ((500, {"detail": "x", "request_id": "abc"}), "abc", "abc"),
        ((200, "<html>"), "does not answer", "no responde"),
        ((502, "<html>"), "went wrong", "falló"),
    ],
)
def test_whatever_the_api_refuses_says_what_to_do(answer: tuple[int, Any], english: str, spanish: str) -> None:
    for lang, words in (("en", english), ("es", spanish)):
        with pytest.raises(Refused, match=re.escape(words)):
            Api("http://localhost", transport=told(answer)).asked_by("k", lang).get("/v1/calls")


@pytest.mark.parametrize(
    ("error", "words"), [(httpx.ConnectError("x"), "does not answer"), (httpx.ReadTimeout("x"), "took too long")]
)
def test_an_api_that_is_away_is_told(error: Exception, words: str) -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise error

    api = Api("http://localhost", transport=httpx.MockTransport(away))
    ask = api.asked_by(None, "en")
    for asks in (ask.get, lambda path: next(ask.lines(path))):
        with pytest.raises(Refused, match=words):
            asks("/v1/calls")
    assert api.access(None) == "away"


def test_files_for_spreadsheets_run_nothing(before: Before) -> None:
    row = {"customer_id": 7, "customer": "=1+1", "owner": "@north; =2", "products": 2, "expected_purchases": 1.239}
    row |= {"expected_amount": None, "bought_this_week": True, "result": None, "told": "ordered"}
    keyless = {"name": "local", "scope": "admin", "keyless": True}
    visitor = before(told((200, keyless), (200, {"week": "2025-W02", "calls": [row]})))
    text = visitor.get("/calls.csv?lang=es").text
    assert text.splitlines()[1] == "7;'=1+1;\"'@north; '=2\";2;1,24;;sí;Pidió"
    book = visitor.get("/calls.xlsx?lang=en")
    assert 'filename="calls-2025-W02.xlsx"' in book.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def test_a_whole_list_is_read_part_by_part(before: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["=1+1", 'two\nlines, "quoted"', "a\u2028b\x85c", "Ñandú"] * 3000
    rows = [
        {"customer_id": number, "customer": name, "product_id": 1, "product": "Milk", "probability": 0.5, "rank": 1}
        | {
            "kind": "usual",
            "usual_quantity": 3.0,
            "expected_quantity": 1.5,
            "expected_amount": None,
            "last_bought": None,
            "reasons": "x",
        }
        for number, name in enumerate(names)
    ]
    keyless = {"name": "local", "scope": "admin", "keyless": True}
    visitor = before(told((200, keyless), (200, pl.DataFrame(rows).write_csv())))
    text = visitor.get("/list.csv?lang=en").text.removeprefix("\ufeff")
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["Customer"] for row in found] == ["'=1+1", *names[1:4]] * 3000
    assert {row["chance in %"] for row in found} == {"50.0"}
    monkeypatch.setattr(downloads, "_MOST_IN_EXCEL", 11_999)
    refused = visitor.get("/list.xlsx?lang=en")
    assert (refused.status_code, "save it as CSV" in refused.text) == (413, True)


def test_a_download_that_nobody_waits_for_asks_no_more() -> None:
    ended = []

    def parts() -> Any:
        try:
            while True:
                yield []
        finally:
            ended.append(True)

    async def left(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise OSError

    async def waits() -> Any:
        await asyncio.Event().wait()

    rows = parts()
    file = downloads.Streamed(rows, (str(part) for part in rows))
    with pytest.raises(Exception):  # noqa: B017, PT011 - what the server makes of it is its own affair
        asyncio.run(file({"type": "http", "asgi": {"spec_version": "2.4"}}, waits, left))
    assert ended == [True]


def test_an_api_that_hangs_is_asked_once_a_second_whether_a_key_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def hangs(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"]["read"])
        raise httpx.ReadTimeout("x")

    api = Api("http://localhost", transport=httpx.MockTransport(hangs))
    assert [api.access("a") for _ in range(3)] == ["away"] * 3
    assert asked == [3]
    monkeypatch.setattr("semana.ui.client._AWAY_SECONDS", 0.0)
    assert (api.access("a"), len(asked)) == ("away", 2)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("a\n=1+1;b", "a\n'=1+1;b"),
        ("a\r=1;b", "a\r'=1;b"),
        ('x;"=HYPERLINK(1);y', "x;\"'=HYPERLINK(1);y"),
        ("\tx", "'\tx"),
        ("a\n\nb; c - d", "a\n\nb; c - d"),
    ],
)
def test_no_part_of_a_name_is_a_formula_where_another_separator_is_expected(name: str, safe: str) -> None:
    assert flat(pl.DataFrame({"name": [name]})).item() == safe


def test_a_newcomers_lines_are_those_of_the_form() -> None:
    form = {"pick": "score", "p.0": "7", "n.0": "Milk", "p.1": "8", "n.1": "", "d.1": "2025-01-05", "q.1": "2"}
    dropped, kept = lines_in(form)
    assert (dropped["id"], dropped["there"]) == ("7", False)
    assert kept == {"id": "8", "name": None, "date": "2025-01-05", "quantity": "2", "there": True}


def test_an_empty_list_of_calls_is_a_file_too(before: Before) -> None:
    keyless = {"name": "local", "scope": "admin", "keyless": True}
    visitor = before(told((200, keyless), (200, {"week": "2025-W02", "calls": []})))
    assert visitor.get("/calls.csv").text.splitlines()[0].startswith("\ufeffNumber,Customer")
    assert zipfile.is_zipfile(io.BytesIO(visitor.get("/calls.xlsx").content))


def test_every_text_is_there_in_both_languages() -> None:
    def places(text: str) -> list[str]:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)

    assert {
        key: words for key, words in TEXTS.items() if len(words) != 2 or not all(each.strip() for each in words)
    } == {}
    assert {key: words for key, words in TEXTS.items() if places(words[0]) != places(words[1])} == {}
