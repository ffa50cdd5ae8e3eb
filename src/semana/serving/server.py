"""The server: one socket, one or several processes that answer on it."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from semana.serving.api import make_app
from semana.serving.logs import log_as_json
from semana.settings import Settings

_LOOK = 1.0  # seconds between two looks whether the parent is there
_GRACE = 10  # seconds that requests under way have when it ends


def serve(settings: Settings, listening: socket.socket, *, host: str, workers: int, local: bool, log_all: bool) -> None:
    """Answers on the socket, called by `host` too, until it is interrupted; prints its address first."""
    with _shared(workers) as shared, listening:
        print(f"API: http://{host}:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - where to ask
        app = partial(_app, settings, host=host, local=local, shared=shared, log_all=log_all, parent=os.getpid())
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


@contextmanager
def _shared(workers: int) -> Iterator[Path | None]:
    """Where several processes add up their counts; one alone needs no place, and would not live to clear it away."""
    if workers == 1:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="semana-api-") as folder:
        yield Path(folder)


def _app(settings: Settings, *, host: str, local: bool, shared: Path | None, log_all: bool, parent: int) -> ASGIApp:
    log_as_json(settings.log_level)
    if shared:
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    return make_app(settings, host=host, local=local, shared=shared, log_all=log_all)


def _end_with(parent: int) -> None:
    """Ends this process once its parent is gone: it would hold the port, and answer as if nothing were."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)
