"""The door of the API: who asks, how much, how large; what was answered before is answered here, without a detour.

Plain ASGI, for it stands before every request. FastAPI's own way begins behind it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import time
import traceback
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semana.reports.words import preferred
from semana.serving.counts import Counts
from semana.serving.hot import Hot
from semana.serving.problems import MEDIA, body_of
from semana.stores.keys import Key, held

PUBLIC = ("/livez", "/readyz", "/openapi.json")
JSON = b"application/json"
_DEEPEST = 16  # levels of a request's JSON
_HEADERS = 32 * 1024  # bytes of a request's headers, and of what it asks for
_BODY_SECONDS = 10.0  # that a body may take to come
_COMING = 4  # times as many bodies may be coming as requests are worked on
_SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SLOW = 1.0  # seconds from which a request is logged
_FIXED = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
_FIRST = [(b"content-type", JSON), *_FIXED]
_OWNER = Key("local", "admin", "", "")  # whoever asks on this machine, while there is no key
_log = logging.getLogger("semana.serving.requests")


@dataclass(frozen=True)
class Limits:
    """What the door lets in: names by which it is called, bytes of a body, requests at once."""

    hosts: frozenset[str]
    body: int
    at_once: int


@dataclass(frozen=True)
class Asker:
    """What the headers of a request say of who asks."""

    request: bytes
    host: str
    token: str
    language: str
    length: bytes
    kind: bytes


class Refusal(Exception):
    """A request that goes no further, with the status that says why."""

    def __init__(self, status: int, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers


class Door:
    """ASGI: lets requests through to `app`. `local`: it is reached from this machine alone, and may do without keys."""

    def __init__(
        self, app: ASGIApp, *, hot: Hot, counts: Counts, limits: Limits, local: bool, log_all: bool = False
    ) -> None:
        self._app = app
        self._hot = hot
        self._counts = counts
        self._limits = limits
        self._local = local
        self._log_all = log_all
        self._busy = 0
        self._coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or lets it through; HEAD is GET without what it tells."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _bodiless(send)
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return
        began = time.perf_counter()
        asker = _asker(scope)
        told = Told(send, asker.request, self._hot)
        try:
            if sum(len(name) + len(value) for name, value in scope["headers"]) + len(scope["query_string"]) > _HEADERS:
                raise Refusal(431, f"at most {_HEADERS // 1024} KiB of headers and query were expected")
            key = self._let_in(scope["path"], asker)
            if not (key and key.may("read") and await self._again(scope, asker, send, began)):
                await self._through(scope, receive, told, key, asker)
            else:
                return
        except Refusal as refusal:
            await told.problem(refusal.status, str(refusal), refusal.headers)
        except Exception as err:  # noqa: BLE001 - nobody sees a traceback, and the process goes on
            places = traceback.extract_tb(err.__traceback__)[-3:]
            where = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places))
            _log.error(json.dumps({"event": "bug", "error": type(err).__name__, "where": where, **told.says()}))
            await told.problem(500, "an error of ours; the log has it under this request's id")
        self._note(scope, told, time.perf_counter() - began, asker)

    def _let_in(self, path: str, asker: Asker) -> Key | None:
        """The key by which the request may go on; raises Refusal where it may not."""
        if "*" not in self._limits.hosts and asker.host not in self._limits.hosts:
            raise Refusal(400, "called by a name that is not among SEMANA_API_HOSTS")
        keys = self._hot.keys
        if self._local and self._hot.keyless:
            return _OWNER
        if not keys and not self._hot.keyless and path not in PUBLIC:
            raise Refusal(503, "whose keys are valid cannot be known now: the log says why", ((b"retry-after", b"5"),))
        key = held(asker.token, keys) if asker.token else None
        if key is None and path not in PUBLIC:
            why = "the key is not valid (any more)" if asker.token else "send one as `Authorization: Bearer KEY`"
            raise Refusal(401, why, ((b"www-authenticate", b"Bearer"),))
        return key

    async def _again(self, scope: Scope, asker: Asker, send: Send, began: float) -> bool:
        """Whether the request was answered as it was before, from the publication that serves now."""
        loaded = self._hot.loaded
        if loaded is None or scope["method"] != "GET":
            return False
        kept = loaded.answers.get((scope["raw_path"], scope["query_string"], asker.language))
        if kept is None:
            return False
        kept.hits += 1
        headers = [*_FIRST, *loaded.headers, (b"content-length", kept.length), (b"x-request-id", asker.request)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": kept.body})
        seconds = time.perf_counter() - began
        self._counts.note("GET", kept.route, 200, seconds)
        if self._log_all:
            _log.info(_line("GET", kept.route, 200, seconds=seconds, length=len(kept.body), request=asker.request))
        return True

    async def _through(self, scope: Scope, receive: Receive, told: Told, key: Key | None, asker: Asker) -> None:
        if scope["method"] in {"POST", "PUT", "PATCH"}:
            receive = await self._whole_body(receive, asker)
        if self._busy >= self._limits.at_once and scope["path"] not in PUBLIC:
            raise Refusal(503, f"{self._busy} requests are being worked on; come again", ((b"retry-after", b"1"),))
        self._busy += 1
        try:
            state = {"request_id": asker.request.decode(), "key": key, "language": asker.language}
            scope["state"] = {**scope.get("state", {}), **state}
            await self._app(scope, receive, told)
        finally:
            self._busy -= 1

    async def _whole_body(self, receive: Receive, asker: Asker) -> Receive:
        """Waits for the body, which takes no place of a request that is worked on; raises Refusal for a slow one."""
        if self._coming >= _COMING * self._limits.at_once:
            raise Refusal(503, f"{self._coming} bodies are coming; come again", ((b"retry-after", b"1"),))
        self._coming += 1
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                return await self._body(receive, asker)
        except TimeoutError as err:
            slow = f"the body did not come within {_BODY_SECONDS:g} s"
            raise Refusal(408, slow, ((b"connection", b"close"),)) from err
        finally:
            self._coming -= 1

    async def _body(self, receive: Receive, asker: Asker) -> Receive:
        """Reads the body, which is JSON that is neither too large nor too deep; raises Refusal where it is not."""
        too_large = f"at most {self._limits.body // 1024} KiB were expected; send it in parts"
        if asker.length.isdigit() and int(asker.length) > self._limits.body:
            raise Refusal(413, too_large, ((b"connection", b"close"),))
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, "the request ended before its body did")
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._limits.body:
                raise Refusal(413, too_large, ((b"connection", b"close"),))
        if asker.kind != JSON:
            raise Refusal(415, "Content-Type: application/json was expected")
        _check_json(body)

        async def again() -> Message:
            nonlocal more
            if not more:
                more = True
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        return again

    def _note(self, scope: Scope, told: Told, seconds: float, asker: Asker) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self._counts.note(scope["method"] if route != "none" else "any", route, told.status, seconds)
        if self._log_all or told.status >= 500 or seconds > _SLOW:
            of: dict[str, Any] = {"seconds": seconds, "length": told.length, "request": asker.request}
            _log.info(_line(scope["method"], route, told.status, **of))


class Told:
    """Sends the answer on, with what every answer carries; remembers its status and length."""

    def __init__(self, send: Send, request: bytes, hot: Hot) -> None:
        self._send = send
        self._request = request
        self._hot = hot
        self.status = 0
        self.length = 0

    async def __call__(self, message: Message) -> None:
        """Sends a message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            stamp = self._hot.loaded.headers if self._hot.loaded else []
            known = {name for name, _ in message["headers"]}
            added = [*_FIXED, (b"x-request-id", self._request), *(each for each in stamp if each[0] not in known)]
            message["headers"] = [*message["headers"], *added]
        else:
            self.length += len(message.get("body", b""))
        await self._send(message)

    async def problem(self, status: int, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        """Answers with a problem, unless something was answered already."""
        if self.status:
            return
        body = body_of(status, detail, request=self._request.decode())
        start = [(b"content-type", MEDIA.encode()), (b"content-length", str(len(body)).encode()), *headers]
        await self({"type": "http.response.start", "status": status, "headers": start})
        await self({"type": "http.response.body", "body": body})

    def says(self) -> dict[str, Any]:
        """What a log line says of it."""
        return {"request_id": self._request.decode(), "status": self.status}


def _asker(scope: Scope) -> Asker:
    found = dict(scope["headers"])
    token = found.get(b"authorization", b"")
    token = token[7:] if token[:7].lower() == b"bearer " else found.get(b"x-api-key", b"")
    given = found.get(b"x-request-id", b"")
    return Asker(
        given if _SANE.fullmatch(given) else os.urandom(8).hex().encode(),
        _name(found.get(b"host", b"").decode("latin-1")),
        token.strip().decode("latin-1"),
        preferred(found.get(b"accept-language", b"").decode("latin-1")),
        found.get(b"content-length", b""),
        found.get(b"content-type", b"").partition(b";")[0].strip().lower(),
    )


def _bodiless(send: Send) -> Send:
    async def told(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return told


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    return host.lower() if host.endswith("]") else host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _check_json(body: bytes) -> None:
    try:
        level = [orjson.loads(body)]
    except ValueError as err:
        raise Refusal(400, "the body is no JSON (NaN and Infinity are none)") from err
    for _ in range(_DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [each for values in inner for each in values if isinstance(each, dict | list)]
        if not level:
            return
    raise Refusal(400, f"the JSON has more than {_DEEPEST} levels")


def _line(method: str, route: str, status: int, *, seconds: float, length: int, request: bytes) -> str:
    told = {"event": "request", "method": method, "route": route, "status": status, "ms": round(1000 * seconds, 2)}
    return json.dumps({**told, "bytes": length, "request_id": request.decode()})
