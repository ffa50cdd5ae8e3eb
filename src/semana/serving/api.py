"""The app: routes behind the door, and the loop that looks for what is new while they serve."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from semana.serving import about, lists, scoring, telling
from semana.serving.asking import Needs
from semana.serving.counts import Asked, Counts
from semana.serving.door import Door, Limits
from semana.serving.hot import Hot
from semana.serving.problems import add_handlers
from semana.serving.responses import Problem
from semana.settings import Settings
from semana.stores.home import open_home

_EVERY = 1.0  # seconds between two looks
_COUNTED = 30  # looks between two writings of what was asked
_SAYS = """The list that people work with, over HTTP. Every answer says which publication it comes from, all of it;
errors are problems (RFC 9457); ids are matched as text."""
ROUTERS = (lists.router, scoring.router, telling.router, telling.read_router, about.router, about.health)
_log = logging.getLogger(__name__)


def make_app(
    settings: Settings,
    *,
    host: str = "localhost",
    local: bool = True,
    shared: Path | None = None,
    log_all: bool = False,
) -> ASGIApp:
    """The API of one home, called by `host` too. `local`: it is reached from this machine alone.

    `shared` is where its processes add up their counts.
    Raises ConfigurationError where the home is not there.
    """
    hot = Hot(open_home(settings.model_copy(update={"engine": "polars"})))  # few customers at a time
    counts, asked = Counts(shared), Asked(hot.stores.inbox)

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(_look, hot)
        task = asyncio.create_task(_watch(hot, counts, asked))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        _count(hot, counts, asked)

    app = FastAPI(
        title="semana",
        description=_SAYS,
        version=version("semana"),
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.hot, app.state.counts, app.state.asked = hot, counts, asked
    for router in ROUTERS:
        app.include_router(router)
    add_handlers(app)
    app.openapi = lambda: _openapi(type(app).openapi(app))  # type: ignore[method-assign]
    hosts = frozenset(name.strip().lower() for name in (host, *settings.api_hosts.split(",")))
    limits = Limits(hosts, 1024 * settings.api_body_kib, settings.api_concurrency)
    return Door(app, hot=hot, counts=counts, limits=limits, local=local, log_all=log_all)


def routes_in_words() -> str:
    """A table of every route: what it answers, and the scope that a key needs; docs/serving.md is printed from it."""
    lines = ["| route | scope | what it answers |", "|---|---|---|"]
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                asked = [each.dependency for each in route.dependencies]
                scopes = [each.scope for each in asked if isinstance(each, Needs)]
                says = " ".join(route.description.split("\n\n")[0].split())
                path = route.path.replace(":path}", "}")
                lines.append(f"| `{min(route.methods or {'GET'})} {path}` | {scopes[-1] if scopes else '–'} | {says} |")
    return "\n".join(lines)


def _look(hot: Hot) -> None:
    try:
        hot.look(now=datetime.now(UTC), seconds=time.monotonic())
    except Exception:  # noqa: BLE001 - whatever befalls a look, the list that is loaded serves on
        _log.exception("a look at the home failed; the next follows")


async def _watch(hot: Hot, counts: Counts, asked: Asked) -> None:
    looks = 0
    while True:
        await asyncio.sleep(_EVERY)
        before = hot.loaded
        await asyncio.to_thread(_look, hot)
        if before and before is not hot.loaded:
            asked.drain(before.answers.all())
        looks += 1
        counts.share()
        if looks % _COUNTED == 0:
            _count(hot, counts, asked)


def _count(hot: Hot, counts: Counts, asked: Asked) -> None:
    counts.share()
    if hot.loaded:
        asked.drain(hot.loaded.answers.all())
        asked.flush(now=datetime.now(UTC), week=str(hot.loaded.mapped.week))


def _openapi(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the problems that every error is, in place of FastAPI's own errors."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in Problem.model_json_schema(ref_template="#/components/schemas/{model}").pop("$defs", {}).items():
        schemas.setdefault(name, schema)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    problem.pop("$defs", None)
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document
