"""Runs `semana` and kills it with SIGKILL at its n-th write: `python -m tests.journey.killer N before|after ...`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_left = [0]
_before = [True]


def _deadly(switch: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        _left[0] -= 1
        if _left[0] == 0 and _before[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return switch(*args, **options)
        finally:
            if _left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return call


def run_to_death(number: int, when: str, words: list[str]) -> None:
    """Runs the command and dies at its write `number`, before or after it is done."""
    _left[0], _before[0] = number, when == "before"
    for name in ("replace", "link", "rename", "unlink", "mkdir"):
        setattr(os, name, _deadly(getattr(os, name)))
    sys.argv = ["semana", *words]
    from semana.cli import main

    main()


if __name__ == "__main__":
    run_to_death(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
