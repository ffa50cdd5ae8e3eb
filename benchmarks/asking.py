"""A client that asks one server again and again over one connection, and says how long it took."""

from __future__ import annotations

import http.client
import json
import time


class Asker:
    """Asks one server over one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        self._connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:200]!r}")
        return content

    def get(self, path: str) -> bytes:
        return self._ask("GET", path, None)

    def post(self, path: str, content: object) -> bytes:
        return self._ask("POST", path, json.dumps(content).encode())

    def timed(self, path: str, content: object) -> float:
        body, began = json.dumps(content).encode(), time.perf_counter()
        self._ask("POST", path, body)
        return time.perf_counter() - began

    def timed_get(self, path: str) -> float:
        began = time.perf_counter()
        self.get(path)
        return time.perf_counter() - began

    def stream(self, path: str) -> int:
        """Reads an answer part by part; returns its bytes."""
        self._connection.request("GET", path)
        answer, size = self._connection.getresponse(), 0
        while part := answer.read(1 << 16):
            size += len(part)
        return size


def ready(port: int, path: str) -> None:
    """Waits until the server answers with success."""
    for _ in range(600):
        try:
            Asker(port).get(path)
        except (OSError, RuntimeError, http.client.HTTPException):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing answers on port {port}")
