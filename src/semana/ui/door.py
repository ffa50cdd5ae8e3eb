"""The door of the pages: by which name they are called, whose pages send something, and for whom they open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semana.ui.client import Api
from semana.ui.words import language, say

KEY = "semana_key"  # the cookie that holds a person's key; no script of the page can read it
LANG = "semana_lang"  # the cookie that holds the language that was chosen
PUBLIC = ("/login", "/logout", "/livez", "/icon.svg", "/pages.css", "/favicon.ico", "/speak/")
# The browser itself is told to ask nobody else. Gradio's own script needs what is called unsafe here.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_FIXED = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]


def language_of(accepted: str, cookies: Mapping[str, str]) -> str:
    """The language that was chosen, else the one that the browser asks for."""
    return language(accepted, cookies.get(LANG))


class Door:
    """ASGI: lets requests through to `app`."""

    def __init__(self, app: ASGIApp, *, api: Api, hosts: frozenset[str]) -> None:
        self._app = app
        self._api = api
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request that goes no further, or lets it through."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_FIXED]
            await send(message)

        request = Request(scope, receive)
        answer = self._kept_out(request) or await self._not_logged_in(request)
        await (answer or self._app)(scope, receive, dressed)

    def _kept_out(self, request: Request) -> Response | None:
        if "/upload" in request.scope["path"]:
            return PlainTextResponse("Nothing is uploaded here.", 404)
        host = request.headers.get("host", "")
        name = _split(f"//{host}").hostname or ""
        if "*" not in self._hosts and name not in self._hosts:
            return PlainTextResponse("Called by a name that is not among SEMANA_UI_HOSTS.", 400)
        if request.method not in {"GET", "HEAD"} and _from_elsewhere(request, host):
            return PlainTextResponse("Sent from another site's page.", 403)
        return None

    async def _not_logged_in(self, request: Request) -> Response | None:
        """Where to log in, for whom the pages do not open; while the API is away they open, and say so."""
        path = request.scope["path"]
        if path.startswith(PUBLIC):
            return None
        access = await asyncio.to_thread(self._api.access, request.cookies.get(KEY))
        if access in {"in", "away"}:
            return None
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("../login" if path.count("/") > 1 else "login", 303)
        if access == "login" and KEY in request.cookies:
            return None  # a page that was open: the API refuses the key, and the view says so
        lang = language_of(request.headers.get("accept-language", ""), request.cookies)
        return JSONResponse({"detail": say("key_refused", lang)}, 401)  # head.html brings an open page to the login


def _from_elsewhere(request: Request, host: str) -> bool:
    """Whether another site's page sent it, as the browser says; what is no browser says nothing."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site:
        return site not in {"same-origin", "none"}
    return origin is not None and _split(origin).netloc != host


def _split(url: str) -> SplitResult:
    """The parts of an address; none of what is no address."""
    try:
        found = urlsplit(url)
        _ = found.hostname
    except ValueError:
        return urlsplit("")
    return found
