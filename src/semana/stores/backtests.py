"""Backtests: tried apart from what serves, and kept under `backtests/ID/`."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from semana.params import Params
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.lake import Lake

RECORD, PAGE = "backtest.json", "backtest.html"


@contextlib.contextmanager
def apart(stores: Stores, params: Params) -> Iterator[Stores]:
    """The same landing under other params, with a lake of its own in a temporary folder that goes with the block.

    The folder is no part of the home: a weekly run that sweeps or prepares meanwhile touches nothing of it.
    """
    with tempfile.TemporaryDirectory(prefix="semana-") as folder:
        yield replace(stores, params=params, lake=Lake(Path(folder), stores.lake.engine))


def backtest_id(made_from: dict[str, Any]) -> str:
    """The id of a backtest: the hash of what it is made from."""
    return hashlib.sha256(files.to_json(made_from)).hexdigest()[:12]


def save_backtest(home: Path, identity: str, record: dict[str, Any], page: str) -> Path:
    """Writes the record and its page as `backtests/ID/` in one step, in place of an older one; returns the folder."""
    folder = home / "backtests" / identity
    scratch = files.temporary(folder)
    scratch.mkdir()
    try:
        write_backtest(scratch, record, page)
        if folder.exists():
            old = files.temporary(folder)
            folder.rename(old)
            shutil.rmtree(old)
        return files.switch_folder(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_backtest(folder: Path, record: dict[str, Any], page: str) -> None:
    """Writes the record and its page into a folder, which is made where it is missing."""
    files.replace_json(folder / RECORD, record)
    files.replace_bytes(folder / PAGE, page.encode())
