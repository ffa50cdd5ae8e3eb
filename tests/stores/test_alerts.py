"""Alerts against a real mail server and a real HTTP server: up, slow, down; told once, tried again, in nobody's way."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from semana.errors import ConfigurationError
from semana.settings import read_settings
from semana.stores import alerts as a
from semana.stores.alerts import Alerts, Event, mail, webhook
from tests.stores.server import free_port

NOW = datetime(2025, 1, 6, 8, tzinfo=UTC)
EVENT = Event("list published", "2025-W02 rev 1", "2025-W02 rev 1: 12 products for 3 customers ñ")


@contextmanager
def hooks(*, status: int = 200, seconds: float = 0.0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that takes posts; the bodies that came."""
    came: list[dict[str, Any]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            time.sleep(seconds)
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook/secret", came
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mailbox() -> Iterator[tuple[str, list[str]]]:
    """A server that speaks SMTP as far as a message needs it; the messages that came."""
    came: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def converse(call: socket.socket) -> None:
        with call, call.makefile("rwb") as line:
            line.write(b"220 ready\r\n")
            line.flush()
            while words := line.readline():
                word = words[:4].upper()
                if word == b"DATA":
                    line.write(b"354 go on\r\n")
                    line.flush()
                    came.append(b"".join(iter(line.readline, b".\r\n")).decode())
                line.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                line.flush()
                if word == b"QUIT":
                    return

    def serve() -> None:
        while True:
            try:
                converse(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}", came
    finally:
        server.close()


def test_an_event_is_told_once_over_every_channel(tmp_path: Path) -> None:
    with hooks() as (url, posted), mailbox() as (server, mailed):
        channels = {"webhook": webhook(url), "mail": mail(server, sender="s@shop", to="ana@shop,bea@shop")}
        alerts = Alerts(tmp_path / "alerts", channels)
        assert alerts.tell(EVENT, now=NOW)
        assert not alerts.tell(EVENT, now=NOW + timedelta(days=3))
        assert not Alerts(tmp_path / "alerts", channels).tell(EVENT, now=NOW)
    assert posted == [{"text": f"semana, {EVENT.kind}: {EVENT.says}"}]
    (message,) = mailed
    assert "Subject: semana: list published" in message
    assert "To: ana@shop" in message
    (record,) = alerts.all()
    assert (record["left"], record["failed"], record["says"]) == ([], {}, EVENT.says)


def test_channels_that_are_down_cost_nothing_and_are_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    secret = f"http://127.0.0.1:{port}/hook/secret"
    alerts = Alerts(tmp_path / "alerts", {"webhook": webhook(secret)})
    began = time.monotonic()
    assert alerts.tell(EVENT, now=NOW)
    assert time.monotonic() - began < 2
    assert alerts.all()[0]["left"] == ["webhook"]
    assert "secret" not in caplog.text
    assert alerts.retry(now=NOW + timedelta(hours=1)) == 1
    with hooks() as (url, posted):
        again = Alerts(tmp_path / "alerts", {"webhook": webhook(url)})
        assert again.retry(now=NOW + timedelta(hours=2)) == 0
        assert again.retry(now=NOW + timedelta(hours=3)) == 0
    assert len(posted) == 1


def test_what_is_a_day_old_is_not_sent_any_more(tmp_path: Path) -> None:
    Alerts(tmp_path / "alerts", {"webhook": webhook(f"http://127.0.0.1:{free_port()}")}).tell(EVENT, now=NOW)
    with hooks() as (url, posted):
        assert Alerts(tmp_path / "alerts", {"webhook": webhook(url)}).retry(now=NOW + timedelta(hours=25)) == 0
    assert posted == []


def test_slow_channels_are_left_after_their_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(a, "SECONDS", 0.3)
    with hooks(seconds=1.5) as (url, posted):
        alerts = Alerts(tmp_path / "alerts", {"webhook": webhook(url)})
        began = time.monotonic()
        alerts.tell(EVENT, now=NOW)
        assert time.monotonic() - began < 1.2
        assert alerts.all()[0]["failed"] == {"webhook": "TimeoutError"} or alerts.all()[0]["left"] == ["webhook"]
        time.sleep(1.6)
    assert len(posted) <= 1


def test_a_server_that_refuses_is_named_by_its_answer(tmp_path: Path) -> None:
    with hooks(status=403) as (url, _):
        alerts = Alerts(tmp_path / "alerts", {"webhook": webhook(url)})
        alerts.tell(EVENT, now=NOW)
    assert alerts.all()[0]["failed"] == {"webhook": "HTTPError 403"}


def test_a_disk_that_takes_nothing_and_a_damaged_record_stop_nobody(tmp_path: Path) -> None:
    (tmp_path / "alerts").write_text("a file where the folder should be")
    with hooks() as (url, posted):
        assert Alerts(tmp_path / "alerts", {"webhook": webhook(url)}).tell(EVENT, now=NOW)
        (tmp_path / "alerts").unlink()
        (tmp_path / "alerts").mkdir()
        (tmp_path / "alerts" / "1.json").write_text("[")
        alerts = Alerts(tmp_path / "alerts", {"webhook": webhook(url)})
        assert alerts.retry(now=NOW) == 0
        assert alerts.all() == []
    assert len(posted) == 1


@pytest.mark.parametrize(
    "url", ["hooks.example.com/x", "file:///etc/passwd", "", "http://[::1/", "https://hooks:abc/x"]
)
def test_a_webhook_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SEMANA_ALERT_WEBHOOK"):
        webhook(url)


@pytest.mark.parametrize(
    "server", ["mail.example.com", "smtp://", "smtp://u:hush/x@host:25", "http://host", "smtp://h:x"]
)
def test_a_mail_server_that_is_none_is_refused_without_its_password(server: str) -> None:
    with pytest.raises(ConfigurationError, match="SEMANA_ALERT_SMTP") as refused:
        mail(server, sender="s@shop", to="ana@shop")
    assert "hush" not in str(refused.value)


def test_secrets_are_not_shown_by_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMANA_ALERT_SMTP", "smtp://ana:hush@mail:25")
    monkeypatch.setenv("SEMANA_ALERT_WEBHOOK", "https://hooks/hush")
    assert "hush" not in repr(read_settings())
