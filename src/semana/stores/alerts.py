"""Alerts: one message an event, over log, webhook and e-mail; kept in the home, sent once, never in anybody's way.

A message is written down before it is sent: who raises the same event again finds it there. Sending has a few seconds;
what could not be sent is tried again with the next events, and by `semana watch`, for a day.
"""

from __future__ import annotations

import hashlib
import json
import logging
import smtplib
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote
from urllib.request import Request, urlopen

from semana.errors import ConfigurationError
from semana.stores import files
from semana.stores.addresses import split

SECONDS = 5.0  # that a channel may take
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
_TRIED_FOR = timedelta(days=1)
_log = logging.getLogger(__name__)


class PasswordInTheOpen(Exception):
    """The mail server offers no TLS, so it is not told a password."""


@dataclass(frozen=True)
class Event:
    """Something that people want to hear of once: the same `kind` and `key` is the same event.

    `urgent` ones are logged as warnings.
    """

    kind: str
    key: str
    says: str
    urgent: bool = False


class Alerts:
    """The messages under `folder`, and where they go: `channels` by name."""

    def __init__(self, folder: Path, channels: Mapping[str, Callable[[Event], None]]) -> None:
        self.folder = folder
        self.channels = channels

    def tell(self, event: Event, *, now: datetime) -> bool:
        """Sends the event unless it was told before; whether it is new. Raises nothing, and takes seconds at most."""
        left = list(self.channels)
        record = {**asdict(event), "when": now.isoformat(), "left": left, "failed": {}}
        path = self.folder / f"{hashlib.sha256(f'{event.kind}|{event.key}'.encode()).hexdigest()[:16]}.json"
        try:
            files.create_exclusive(path, files.to_json(record))
        except OSError as err:  # a full disk is told all the same
            if path.exists():
                return False
            _log.warning("the alert %s is not kept: %s", event.kind, err)
        _log.log(logging.WARNING if event.urgent else logging.INFO, "%s: %s", event.kind, event.says)
        self._send(path, event, record)
        return True

    def retry(self, *, now: datetime) -> int:
        """Sends what could not be sent in the last day; returns how many messages are still left to send."""
        waiting = 0
        for path, record in self._kept():
            if not record["left"] or now - datetime.fromisoformat(record["when"]) > _TRIED_FOR:
                continue
            self._send(path, Event(*(record[name] for name in ("kind", "key", "says", "urgent"))), record)
            waiting += bool(record["left"])
        return waiting

    def all(self) -> list[dict[str, Any]]:
        """Every message, oldest first."""
        return sorted((record for _, record in self._kept()), key=lambda record: str(record["when"]))

    def _kept(self) -> list[tuple[Path, dict[str, Any]]]:
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                found.append((path, dict(json.loads(path.read_bytes()))))
            except (OSError, ValueError, TypeError) as err:
                _log.warning("alerts/%s is left out: %s", path.name, err)
        return found

    def _send(self, path: Path, event: Event, record: dict[str, Any]) -> None:
        """Over every channel that is left, all at once, within the seconds that they have; keeps what came of it."""
        left = [name for name in record["left"] if name in self.channels]
        outcomes: dict[str, str | None] = dict.fromkeys(left, f"no answer within {SECONDS:g} s")

        def attempt(name: str) -> None:
            try:
                self.channels[name](event)
                outcomes[name] = None
            except Exception as err:  # noqa: BLE001 - whatever a channel does, the run goes on
                outcomes[name] = type(err).__name__ + (f" {err.code}" if isinstance(err, HTTPError) else "")

        threads = [threading.Thread(target=attempt, args=(name,), daemon=True) for name in left]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        failed = {name: said for name, said in dict(outcomes).items() if said}
        record |= {"left": list(failed), "failed": failed}
        for name, said in failed.items():
            _log.warning("the alert %s was not sent by %s: %s", event.kind, name, said)
        if not left:
            return
        try:
            files.replace_json(path, record)
        except OSError as err:
            _log.warning("what became of the alert %s is not kept: %s", event.kind, err)


def webhook(url: str) -> Callable[[Event], None]:
    """A channel that posts `{"text": ...}`, as Slack and its likes take it; for another URL ConfigurationError."""
    if split(url, ("http", "https")) is None:
        raise ConfigurationError("SEMANA_ALERT_WEBHOOK: an address like https://hooks.example.com/... was expected")

    def send(event: Event) -> None:
        body = json.dumps({"text": f"semana, {event.kind}: {event.says}"}).encode()
        request = Request(url, body, {"Content-Type": "application/json", "User-Agent": "semana"})  # noqa: S310
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - http or https, as looked at above
            answer.read(1)

    return send


def mail(server: str, *, sender: str, to: str) -> Callable[[Event], None]:
    """A channel that mails; `server` is like smtp://USER:PASSWORD@HOST:587 (smtps:// speaks TLS from the start).

    Raises ConfigurationError where it is not. A server that offers STARTTLS is spoken to in secret, and proves who it
    is; the password goes over no open line, but on this machine.
    """
    parts = split(server, ("smtp", "smtps"))
    if parts is None or not to:
        raise ConfigurationError(
            "SEMANA_ALERT_SMTP: one like smtp://USER:PASSWORD@mail.example.com:587 was expected (/ @ : in the password "
            "as %2F %40 %3A), with SEMANA_ALERT_TO, the addresses with commas between them"
        )

    def send(event: Event) -> None:
        message = EmailMessage()
        message["Subject"] = f"semana: {event.kind}"
        message["From"], message["To"] = sender, to
        message.set_content(event.says)
        host, secret = parts.hostname or "", parts.scheme == "smtps"
        trusted = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, parts.port or 465, timeout=SECONDS, context=trusted)
            if secret
            else smtplib.SMTP(host, parts.port or 25, timeout=SECONDS)
        ) as smtp:
            if not secret and smtp.has_extn("starttls"):
                smtp.starttls(context=trusted)
                secret = True
            if parts.username:
                if not secret and host not in _THIS_MACHINE:
                    raise PasswordInTheOpen
                smtp.login(unquote(parts.username), unquote(parts.password or ""))
            smtp.send_message(message)

    return send
