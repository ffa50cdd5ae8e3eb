"""Atomic writes: what is read is the old content or the new, never a mix; a kill at any point leaves no half file.

Everything that the stores write goes through here. Unfinished files are named `.tmp-*` and swept by the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

TEMPORARY = ".tmp-"
GITIGNORE = ".gitignore"


def temporary(path: Path) -> Path:
    """A name beside `path` to write to before the switch; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.parent / f"{TEMPORARY}{uuid.uuid4().hex}"


def replace(path: Path, write: Callable[[Path], object]) -> Path:
    """Lets `write` fill a temporary file, then switches it to `path` in one step."""
    scratch = temporary(path)
    try:
        write(scratch)
        _flush(scratch)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    _flush(path.parent)
    return path


def replace_bytes(path: Path, content: bytes) -> Path:
    """Writes `content` to `path` in one step."""
    return replace(path, lambda scratch: scratch.write_bytes(content))


def replace_json(path: Path, value: Any) -> Path:
    """Writes `value` as indented JSON to `path` in one step."""
    return replace_bytes(path, to_json(value))


def create_exclusive(path: Path, content: bytes) -> Path:
    """Creates `path` with `content`; raises FileExistsError, and changes nothing, where anybody made it before."""
    scratch = temporary(path)
    try:
        scratch.write_bytes(content)
        _flush(scratch)
        os.link(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    _flush(path.parent)
    return path


def switch_folder(scratch: Path, path: Path) -> Path:
    """Moves a finished temporary folder to `path` in one step; raises FileExistsError where `path` is taken."""
    for file in sorted(scratch.rglob("*")):
        _flush(file)
    _flush(scratch)
    if path.exists():
        raise FileExistsError(path)
    os.rename(scratch, path)
    _flush(path.parent)
    return path


def to_json(value: Any) -> bytes:
    """Indented JSON with sorted keys: equal values give equal bytes."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n").encode()


def marks(path: Path) -> tuple[int, ...]:
    """What changes when the file is written or replaced; raises OSError where it is not there."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_sealed(folder: Path, hashes: Mapping[str, str], *, beside: str) -> tuple[dict[str, bytes], list[str]]:
    """The files of a folder by name, and the names that are not as `hashes` (SHA-256 by name) has them.

    Changed, missing and added files are named, and so are links, folders and names with a path in them, none of which
    is followed. `beside` is the file that holds the hashes. What is handed back is what was hashed.
    """
    plain, wrong = _sealed(folder, hashes, beside=beside)
    found = {path.name: path.read_bytes() for path in plain}
    there = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    return found, sorted(wrong | {name for name, _ in set(there.items()) ^ set(hashes.items())})


def unsealed(folder: Path, hashes: Mapping[str, str], *, beside: str) -> list[str]:
    """The same names alone, of files that may be larger than memory."""
    plain, wrong = _sealed(folder, hashes, beside=beside)
    there = {path.name: sha256(path) for path in plain}
    return sorted(wrong | {name for name, _ in set(there.items()) ^ set(hashes.items())})


def _sealed(folder: Path, hashes: Mapping[str, str], *, beside: str) -> tuple[list[Path], set[str]]:
    """The files whose content is to be looked at, and the names that are wrong whatever it is."""
    if folder.is_symlink():
        return [], {f"{folder.name}, a link,"}
    wrong = {name for name in hashes if Path(name).name != name or name == beside}
    paths = list(folder.iterdir())
    plain = [path for path in paths if path.is_file() and not path.is_symlink()]
    return [path for path in plain if path.name != beside], wrong | {path.name for path in paths if path not in plain}


def hide_from_git(folder: Path) -> None:
    """Lets git leave the folder out, where nothing says otherwise: it holds customers."""
    path = folder / GITIGNORE
    if not path.exists():
        replace_bytes(path, b"# Made by semana: customers are in here, and belong into no repository.\n*\n")


def sweep(folder: Path, *, older_than_seconds: float) -> int:
    """Removes temporary files and folders that an interrupted run left; returns how many."""
    swept = 0
    for path in [*folder.rglob(f"{TEMPORARY}*")]:
        try:
            if time.time() - path.stat().st_mtime < older_than_seconds:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            swept += 1
        except FileNotFoundError:
            continue
    return swept


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
