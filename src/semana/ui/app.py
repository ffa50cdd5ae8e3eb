"""The app: signing in and out, the language, downloads, the pages of both languages, and the door before all of it."""

from __future__ import annotations

import asyncio
from importlib.resources import files

import gradio as gr
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from semana.reports.phrases import LANGUAGES
from semana.ui import dress
from semana.ui.client import Access, Api
from semana.ui.door import KEY, LANG, Door, language_of
from semana.ui.downloads import routes_of
from semana.ui.drawn import drawn
from semana.ui.frame import blocks_of
from semana.ui.words import language

_YEAR = 365 * 86400  # seconds
_LONGEST_KEY = 200
_SAYS: dict[Access, str] = {"login": "login_wrong", "open": "login_open", "away": "api_away"}


def make_app(api: Api, *, hosts: frozenset[str]) -> ASGIApp:
    """The pages over the API, answering to these names of the host."""
    app = FastAPI(
        title="semana", docs_url=None, redoc_url=None, openapi_url=None, routes=[*_routes(api), *routes_of(api)]
    )
    for lang in LANGUAGES:
        gr.mount_gradio_app(
            app,
            blocks_of(lang, api),
            path=f"/{lang}",
            footer_links=[],
            run_history=False,
            show_error=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            max_file_size="1kb",  # nothing is uploaded here
            theme=dress.theme(),
            head=drawn("head.html", lang),
        )
    return Door(app, api=api, hosts=hosts)


def _routes(api: Api) -> list[BaseRoute]:
    async def log_in(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=4)
        key = str(form.get("key", "")).strip()[:_LONGEST_KEY]
        lang = language_of(request.headers.get("accept-language", ""), request.cookies)
        if not key:
            return _login(lang, "login_missing")
        access = await asyncio.to_thread(api.access, key)
        if access != "in":
            return _login(lang, _SAYS[access])
        answer = RedirectResponse(f"{lang}/", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(KEY, key, httponly=True, samesite="strict", secure=secure)
        return answer

    async def login_page(request: Request) -> Response:
        lang = language_of(request.headers.get("accept-language", ""), request.cookies)
        key = request.cookies.get(KEY)
        access = await asyncio.to_thread(api.access, key)
        if access == "in":
            return RedirectResponse(f"{lang}/", 303)
        return _login(lang, _SAYS[access] if key or access != "login" else None)

    return [
        Route("/", _begin),
        Route("/livez", _livez),
        Route("/icon.svg", _icon),
        Route("/pages.css", _dress),
        Route("/favicon.ico", _icon),
        Route("/speak/{lang}", _speak),
        Route("/logout", _log_out, methods=["POST"]),
        Route("/login", login_page),
        Route("/login", log_in, methods=["POST"]),
    ]


def _login(lang: str, wrong: str | None) -> Response:
    page = drawn("login.html", lang, wrong=wrong)
    return HTMLResponse(page, 401 if wrong else 200)


async def _begin(request: Request) -> Response:
    return RedirectResponse(f"{language_of(request.headers.get('accept-language', ''), request.cookies)}/", 303)


async def _livez(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _icon(_: Request) -> Response:
    icon = files("semana.ui").joinpath("icon.svg").read_bytes()
    return Response(icon, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


async def _dress(_: Request) -> Response:
    return Response(dress.css(), media_type="text/css", headers={"Cache-Control": "no-cache"})


async def _speak(request: Request) -> Response:
    """The other language, from now on."""
    lang = language("", request.path_params["lang"])
    back = request.query_params.get("back") == "login"
    answer = RedirectResponse("../login" if back else f"../{lang}/", 303)
    answer.set_cookie(LANG, lang, max_age=_YEAR, httponly=True, samesite="lax")
    return answer


async def _log_out(_: Request) -> Response:
    answer = RedirectResponse("login", 303)
    answer.delete_cookie(KEY)
    return answer
