"""API keys: who may read, write or administer. The home keeps their hashes; a key itself is shown once, when made."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from semana.errors import ConfigurationError, UsageError
from semana.stores import files

SCOPES = ("metrics", "read", "write", "admin")  # each holds those before it
_PREFIX = "semana_"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HASH = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(_PREFIX + r"[\w-]{43,}", re.ASCII)


@dataclass(frozen=True)
class Key:
    """What is kept of a key: `hash` is the SHA-256 of its 256 random bits; `revoked` is when it ended, or None."""

    name: str
    scope: str
    hash: str
    created: str
    revoked: str | None = None

    def may(self, scope: str) -> bool:
        """Whether the key reaches as far as `scope`."""
        return SCOPES.index(scope) <= SCOPES.index(self.scope)


class Keys:
    """The keys under `folder`, one file each, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, name: str, scope: str, *, when: str) -> str:
        """Makes a key and returns it, the only time; raises UsageError for a name that is taken or a scope unknown."""
        _check(name, scope)
        if any(key.name == name for key in self.all()):
            raise UsageError(f"key {name!r} exists, or was revoked. Name another one. See: semana keys list")
        token = _PREFIX + secrets.token_urlsafe(32)
        self._write(Key(name, scope, hash_of(token), when))
        return token

    def keep(self, name: str, scope: str, token: str, *, when: str) -> bool:
        """Keeps a key that was made elsewhere, in place of the one of that name; False where it is the same one.

        A revoked key stays revoked. Raises UsageError for what is no key, or one that another name has.
        """
        _check(name, scope)
        if not _TOKEN.fullmatch(token):
            raise UsageError(
                f"a key was expected on stdin: {_PREFIX} and at least 43 random letters, as `make env` has"
            )
        known = {key.name: key for key in self.all()}
        if (mine := known.pop(name, None)) and (mine.hash, mine.scope) == (hash_of(token), scope):
            return False
        if any(key.hash == hash_of(token) for key in known.values()):
            raise UsageError(f"key {name!r} is the same as another one. Give each its own.")
        self._write(Key(name, scope, hash_of(token), when))
        return True

    def revoke(self, name: str, *, when: str) -> Key:
        """Ends the key: running workers refuse it within seconds. Raises UsageError naming the keys there are."""
        known = {key.name: key for key in self.all()}
        if name not in known:
            raise UsageError(f"key {name!r} is unknown; there are: {', '.join(known) or 'none'}")
        key = known[name]
        if key.revoked is None:
            key = replace(key, revoked=when)
            self._write(key)
        return key

    def all(self) -> list[Key]:
        """Every key, revoked ones too, by name.

        Raises ConfigurationError where one is damaged, and OSError where they may not be read.
        """
        try:
            paths = sorted(self.folder.iterdir())
        except FileNotFoundError:
            return []
        found = []
        for path in (path for path in paths if path.suffix == ".json"):
            try:
                found.append(_key(json.loads(path.read_bytes())))
            except (ValueError, TypeError) as err:
                raise ConfigurationError(
                    f"keys/{path.name} is damaged. Remove it, then: semana keys create {path.stem}"
                ) from err
        return found

    def _write(self, key: Key) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(self.folder / f"{key.name}.json", lambda scratch: _private(scratch, files.to_json(asdict(key))))


def _key(told: object) -> Key:
    """The key that a file tells of; raises TypeError or ValueError where it tells of none."""
    key = Key(**told) if isinstance(told, dict) else None
    if key is None or not all(isinstance(part, str) for part in (key.name, key.hash, key.created, key.revoked or "")):
        raise TypeError("text was expected")
    if key.scope not in SCOPES or not _HASH.fullmatch(key.hash):
        raise ValueError("a scope and a SHA-256 were expected")
    return key


def _check(name: str, scope: str) -> None:
    if scope not in SCOPES:
        raise UsageError(f"--scope {scope!r}: {', '.join(SCOPES)} was expected; each holds those before it")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r}: up to 40 of a to z, 0 to 9, - and _ were expected, like agents-north")


def hash_of(token: str) -> str:
    """What is kept of a key. It is random and long: nobody can guess from the hash what it was."""
    return hashlib.sha256(token.encode()).hexdigest()


def held(token: str, keys: Iterable[Key]) -> Key | None:
    """The key that the token is, unless it was revoked; the time that this takes tells nothing."""
    given, found = hash_of(token), None
    for key in keys:
        if hmac.compare_digest(given, key.hash) and key.revoked is None:
            found = key
    return found


def _private(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
