"""Several servers as one: each a process of its own; one Ctrl-C ends all of them, and so does the end of any."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

from semana.errors import ServiceUnavailable, not_installed

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2): PR_SET_PDEATHSIG
_PATIENCE = 15.0  # seconds between a polite end and a certain one
_EVERY = 0.2  # seconds between two looks


class Server:
    """A server of ours: `semana` with these words, which prints `NAME: ADDRESS` once it listens."""

    def __init__(self, name: str, words: list[str]) -> None:
        self.name = name
        self.process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-m", "semana.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C comes to us alone, and we hand it on
            preexec_fn=_interrupted_with(os.getpid()),
        )

    def address(self) -> str:
        """Where it answers, as soon as it does; raises ServiceUnavailable where it ended instead."""
        assert self.process.stdout is not None
        beginning = f"{self.name}: "
        found = next((line.removeprefix(beginning).strip() for line in self.process.stdout if beginning in line), None)
        while found and self.process.poll() is None:
            with suppress(OSError), urlopen(f"{found}/livez", timeout=_PATIENCE):  # noqa: S310 - one of ours, on http
                return found
            time.sleep(_EVERY)
        raise self.ended()

    def ended(self) -> ServiceUnavailable:
        """That it ended by itself."""
        code = self.process.wait()
        return ServiceUnavailable(
            f"the process of “{self.name}” ended ({code}), so the other was stopped; why: see above"
        )


def check_installed() -> None:
    """Raises ConfigurationError where what serves the API or the pages is not installed."""
    for extra, library in (("api", "fastapi"), ("ui", "gradio")):
        if find_spec(library) is None:
            raise not_installed(library, extra)


def serve_both(home: Path, *, ports: tuple[int, int], open_: bool = False) -> None:
    """Serves the home's API and its pages until Ctrl-C, on these ports (0: any that is free); `open_`: in a browser."""
    own = ["--home", str(home), "serve"]
    with together() as servers:
        servers.append(Server("API", [*own, "api", "--port", str(ports[0])]))
        address = servers[0].address()
        servers.append(Server("Pages", [*own, "ui", "--port", str(ports[1]), "--api", address]))
        pages = servers[1].address()
        print(f"API: {address}\nPages: {pages}\nOne Ctrl-C stops both.", flush=True)
        if open_:
            # Beside, for a browser may stay until it is closed.
            threading.Thread(target=webbrowser.open, args=(pages,), daemon=True).start()
        wait_for_end(servers)


@contextmanager
def together() -> Iterator[list[Server]]:
    """A list of servers, all of which are stopped at the end, however that comes; Ctrl-C is the usual one."""
    servers: list[Server] = []
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield servers
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        _stop(servers)


def wait_for_end(servers: list[Server]) -> None:
    """Waits until one of them ends by itself: raises ServiceUnavailable then."""
    while True:
        for server in servers:
            if server.process.poll() is not None:
                raise server.ended()
        time.sleep(_EVERY)


def _stop(servers: list[Server]) -> None:
    for server in servers:
        _signal(server, signal.SIGINT)
    until = time.monotonic() + _PATIENCE
    for server in servers:
        try:
            server.process.wait(max(0.1, until - time.monotonic()))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):  # a second Ctrl-C means at once
            _signal(server, signal.SIGKILL)
            server.process.wait()
        if server.process.stdout:
            server.process.stdout.close()


def _signal(server: Server, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, number)


def _interrupted_with(parent: int) -> Callable[[], None]:
    """A function that asks the kernel to interrupt this process when `parent` dies, however that happens.

    Only Linux can; elsewhere it does nothing.
    """
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return lambda: None

    def ask() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGINT)
        if os.getppid() != parent:  # it died before it was asked
            os.kill(os.getpid(), signal.SIGKILL)

    return ask
