"""The server of the pages: one process; more of them stand behind a balancer that sends a person to the same one."""

from __future__ import annotations

import logging
import socket

import uvicorn

from semana.settings import Settings
from semana.ui.app import make_app
from semana.ui.client import Api

_GRACE = 3  # seconds that requests under way have when it ends; every open page keeps one


def serve(settings: Settings, listening: socket.socket, *, host: str, local: bool) -> None:
    """Answers on the socket, called by `host` too, until it is interrupted; prints its address first."""
    for name in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)  # at INFO they tell every question, ids included
    names = (name.strip().lower().strip("[]") for name in (host, *settings.ui_hosts.split(",")))
    with listening:
        print(f"Pages: http://{host}:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - where to look
        config = uvicorn.Config(
            make_app(Api(settings.api_url, local=local), hosts=frozenset(names)),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        uvicorn.Server(config).run(sockets=[listening])
