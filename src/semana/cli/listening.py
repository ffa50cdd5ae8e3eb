"""Where a server listens: taken before anything heavy is loaded, so that a taken port is told at once."""

from __future__ import annotations

import socket

from semana.errors import ServiceUnavailable

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises ServiceUnavailable naming the port that is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as err:
        found.close()
        raise ServiceUnavailable(
            f"{host}:{port} cannot be listened on ({err.strerror}). Name another port: see --help."
        ) from err
    found.listen(2048)
    found.set_inheritable(True)
    return found


def as_asked(host: str) -> str:
    """The host as this machine asks for it."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told, not bound
    host = everywhere.get(host, host)
    return f"[{host}]" if ":" in host else host
