"""Leases: who may run a step now. Held by a heartbeat in the home itself, so that a second host sees it too.

A lease is a numbered file created exclusively; the highest number holds. Taking over is creating the next number, so
of two that try exactly one succeeds, and a holder that was taken over finds out before it commits anything.

A whole run and a step alone keep each other out: each creates its own lease and then looks for the other's, so that
at least one of two that start together sees the other. Steps alone go side by side.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semana.errors import Busy
from semana.stores import files

WHOLE = "run"  # what a whole run holds, and all else that wants the home to stand still


class Leases:
    """The leases under `folder`; one is stale when its heartbeat is older than `stale_seconds`."""

    def __init__(self, folder: Path, *, stale_seconds: float) -> None:
        self.folder = folder
        self.stale_seconds = stale_seconds

    @contextlib.contextmanager
    def hold(self, name: str, *, against: str | None = None) -> Iterator[Lease]:
        """Holds the lease `name` for the block; raises Busy where another live owner has it.

        Busy as well while anybody holds another lease whose name matches the pattern `against` (`*` is any).
        """
        lease = self._take(name)
        stop = threading.Event()
        beat = threading.Thread(target=self._beat, args=(lease, stop), daemon=True)
        beat.start()
        try:
            self._look_out(name, against)
            yield lease
        finally:
            stop.set()
            beat.join()
            files.replace_json(lease.path, {**lease.owner, "released": True})

    def owner(self, name: str) -> dict[str, Any] | None:
        """The live owner of the lease (host, pid, since), or None."""
        paths = sorted((self.folder / name).glob("[0-9]*.json"))
        return self._live(paths[-1]) if paths else None

    def _look_out(self, name: str, against: str | None) -> None:
        others = sorted(path.name for path in self.folder.glob(against) if path.name != name) if against else []
        for other in others:
            if owner := self.owner(other):
                raise _busy(other, _who(owner))

    def _take(self, name: str) -> Lease:
        paths = sorted((self.folder / name).glob("[0-9]*.json"))
        if paths and (owner := self._live(paths[-1])):
            raise _busy(name, _who(owner))
        number = int(paths[-1].stem) + 1 if paths else 1
        owner = {"host": _host(), "pid": os.getpid(), "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        path = self.folder / name / f"{number:08d}.json"
        try:
            files.create_exclusive(path, files.to_json(owner))
        except FileExistsError as err:
            raise _busy(name, "another process, this very moment") from err
        lease = Lease(name, path, owner)
        lease.check()  # one that slept between looking and creating may have come too late
        for older in paths:
            older.unlink(missing_ok=True)
        return lease

    def _live(self, path: Path) -> dict[str, Any] | None:
        try:
            age = time.time() - path.stat().st_mtime
            owner: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        gone = owner["host"] == _host() and not _alive(owner["pid"])
        return None if owner.get("released") or gone or age > self.stale_seconds else owner

    def _beat(self, lease: Lease, stop: threading.Event) -> None:
        while not stop.wait(self.stale_seconds / 6):
            with contextlib.suppress(FileNotFoundError):
                os.utime(lease.path)


class Lease:
    """A lease that this process holds."""

    def __init__(self, name: str, path: Path, owner: dict[str, Any]) -> None:
        self.name = name
        self.path = path
        self.owner = owner

    def check(self) -> None:
        """Raises Busy where another process took the lease over; called before anything is committed."""
        newest = max(self.path.parent.glob("[0-9]*.json"), default=None)
        if newest != self.path:
            raise _busy(self.name, "another process, which took it over because this one gave no sign of life")


def _busy(name: str, who: str) -> Busy:
    return Busy(f"'{name}' is being run by {who}. Wait for it to end, then try again.")


def _who(owner: dict[str, Any]) -> str:
    return f"{owner['host']}, process {owner['pid']}, since {owner['since']}"


def _host() -> str:
    """This machine, or this container of it: process numbers mean something only within it."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()}/{os.readlink(space)}" if space.is_symlink() else socket.gethostname()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
