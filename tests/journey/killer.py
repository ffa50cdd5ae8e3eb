"""Runs `semana` and keeps the home as a SIGKILL before and after each write would leave it.

`python -m tests.journey.killer FOLDER --home HOME ...` copies the home to FOLDER/NNNN-before and NNNN-after. What
the process still held in memory is not in the copy, as it would not be after a kill; its lease is the dead one's.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_busy = [False]


def _watched(switch: Callable[..., Any], keep: Callable[[int, str], None], numbers: itertools.count[int]) -> Any:
    def call(*args: Any, **options: Any) -> Any:
        if _busy[0]:
            return switch(*args, **options)
        number = next(numbers)
        keep(number, "before")
        try:
            return switch(*args, **options)
        finally:
            keep(number, "after")

    return call


def run_and_keep(folder: Path, words: list[str]) -> None:
    """Runs the command; a copy of the home before and after each of its writes."""
    home = Path(words[words.index("--home") + 1])

    def keep(number: int, when: str) -> None:
        _busy[0] = True
        shutil.copytree(home, folder / f"{number:04d}-{when}")
        _busy[0] = False

    numbers = itertools.count(1)
    for name in ("replace", "link", "rename", "unlink", "mkdir", "rmdir"):
        setattr(os, name, _watched(getattr(os, name), keep, numbers))
    sys.argv = ["semana", *words]
    from semana.cli import main

    main()


if __name__ == "__main__":
    run_and_keep(Path(sys.argv[1]), sys.argv[2:])
