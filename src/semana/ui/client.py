"""What the pages ask: the API over HTTP, with a person's key, in their language; what it refuses says what to do."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

import httpx

from semana.ui.words import say

_TIMEOUT = httpx.Timeout(30, connect=3)  # seconds; a first live score of a large shop takes some
_KEY_TIMEOUT = httpx.Timeout(3)  # seconds
_LOGIN_SECONDS, _AWAY_SECONDS = 5.0, 1.0  # how long an answer to "may this key in?" holds
_LOGINS = 1000  # keys whose answer is remembered at once
_NO_LIST = "no list is published"  # how the API says so
Access = Literal["in", "login", "open", "away"]


class Refused(Exception):
    """What the API did not do, told to the person who asked; `login`: another key is needed first."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def login(self) -> bool:
        """Whether the key is the reason."""
        return self.status == 401


class Api:
    """The API at an address; one for the whole process."""

    def __init__(self, address: str, *, local: bool = True, transport: httpx.BaseTransport | None = None) -> None:
        """`local`: the pages are reached from this machine alone, and may do without keys where the API does."""
        self.address = address.rstrip("/")
        self._local = local
        self.client = partial(
            httpx.Client, base_url=self.address, timeout=_TIMEOUT, transport=transport, trust_env=False
        )
        self.http = self.client()
        self._accesses: OrderedDict[str | None, tuple[float, Access]] = OrderedDict()
        self._lock = threading.Lock()

    def asked_by(self, key: str | None, lang: str) -> Ask:
        """The API as a person with this key asks it."""
        return Ask(self, key, lang)

    def access(self, key: str | None) -> Access:
        """Whether the pages open for the key: `in`; `login`: for another; `away`: the API does not answer.

        `open`: the API lets everybody in, and these pages can be reached from elsewhere, so they open for nobody.
        """
        now = time.monotonic()
        with self._lock:
            held = self._accesses.get(key)
        if held and now - held[0] < (_AWAY_SECONDS if held[1] == "away" else _LOGIN_SECONDS):
            return held[1]
        found = self._look(key)
        with self._lock:
            self._accesses[key] = time.monotonic(), found
            while len(self._accesses) > _LOGINS:
                self._accesses.popitem(last=False)
        return found

    def _look(self, key: str | None) -> Access:
        try:
            told = self.asked_by(key, "en").key()
        except Refused as refused:
            return "login" if refused.login else "away"
        return "in" if self._local or not told["keyless"] else "open"


class Ask:
    """The API as one person asks it: every answer is a dict, everything else raises Refused."""

    def __init__(self, api: Api, key: str | None, lang: str) -> None:
        self._api = api
        self._key = key
        self.lang = lang

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The answer; what is None is not asked for."""
        return self._answer("GET", path, params={name: value for name, value in query.items() if value is not None})

    def key(self) -> dict[str, Any]:
        """What the API says of the key; nobody waits long for it, for it is asked before every page."""
        return self._answer("GET", "/v1/key", timeout=_KEY_TIMEOUT)

    def lines(self, path: str, **query: Any) -> Generator[str]:
        """The lines of a long answer as they come, over a connection of their own; closing it ends the asking."""
        wanted = {name: value for name, value in query.items() if value is not None}
        with (
            self._told(),
            self._api.client() as http,
            http.stream("GET", path, params=wanted, headers=self._sent()) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise self._refused(answer.status_code, _problem(answer))
            rest = ""
            for text in answer.iter_text():
                *lines, rest = (rest + text).split("\n")
                yield from (f"{line}\n" for line in lines)
            yield rest

    def post(self, path: str, body: Mapping[str, Any], *, once: str | None = None) -> dict[str, Any]:
        """The answer to telling it something; `once`: told again with the same word it is the same letter."""
        return self._answer("POST", path, json=dict(body), headers={"Idempotency-Key": once} if once else {})

    def _sent(self) -> dict[str, str]:
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            raise self._refused(401, {})  # no key of ours, and nothing that a header could hold
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return {"Accept-Language": self.lang, **key}

    def _answer(self, method: str, path: str, headers: Mapping[str, str] | None = None, **what: Any) -> dict[str, Any]:
        with self._told():
            answer = self._api.http.request(method, path, headers={**self._sent(), **(headers or {})}, **what)
        if not answer.is_success:
            raise self._refused(answer.status_code, _problem(answer))
        try:
            return dict(answer.json())
        except ValueError as err:  # something else than the API answers there
            raise Refused(say("api_away", self.lang)) from err

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Makes whatever keeps the API from answering something that a person is told."""
        try:
            yield
        except httpx.TimeoutException as err:
            raise Refused(say("api_slow", self.lang)) from err
        except httpx.HTTPError as err:
            raise Refused(say("api_away", self.lang)) from err

    def _refused(self, status: int, problem: Mapping[str, Any]) -> Refused:
        key = {401: "key_refused", 403: "key_short", 503: "api_busy"}.get(status, "api_says")
        key = "api_bug" if status >= 500 and status != 503 else key
        detail = str(problem.get("detail") or status)
        if status == 503 and detail.startswith(_NO_LIST):
            return Refused(say("no_list", self.lang), status=status)
        return Refused(say(key, self.lang, detail=detail, request=problem.get("request_id", "–")), status=status)


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    """What the API says is wrong (RFC 9457); nothing where something else answers."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def part(id_: int | str) -> str:
    """An id as a part of a path."""
    return quote(str(id_), safe="")
