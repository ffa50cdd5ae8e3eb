"""The server: one socket, one or several processes that answer on it."""

from __future__ import annotations

import socket
import tempfile
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from semana.errors import ServiceUnavailable
from semana.serving.api import make_app
from semana.serving.logs import log_as_json
from semana.settings import Settings

_GRACE = 10  # seconds that requests under way have when it ends


def serve(settings: Settings, *, host: str, port: int, workers: int, local: bool, log_all: bool) -> None:
    """Answers until it is interrupted; prints its address once it listens."""
    with tempfile.TemporaryDirectory(prefix="semana-api-") as shared, _listening(host, port) as listening:
        print(f"API: http://{_told(host)}:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - where to ask
        app = partial(
            _app, settings, host=_told(host), local=local, shared=Path(shared) if workers > 1 else None, log_all=log_all
        )
        config = uvicorn.Config(
            app,
            factory=True,
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        if workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])


def _app(settings: Settings, *, host: str, local: bool, shared: Path | None, log_all: bool) -> ASGIApp:
    log_as_json(settings.log_level)
    return make_app(settings, host=host, local=local, shared=shared, log_all=log_all)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as err:
        raise ServiceUnavailable(f"{host}:{port} cannot be listened on ({err.strerror}). Name another --port.") from err
    found.listen(2048)
    found.set_inheritable(True)
    return found


def _told(host: str) -> str:
    """The host as this machine asks for it."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told, not bound
    host = everywhere.get(host, host)
    return f"[{host}]" if ":" in host else host
