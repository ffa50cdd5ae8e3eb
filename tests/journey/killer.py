"""Runs `semana` and kills it with SIGKILL at its n-th write: `python -m tests.journey.killer N before|after ...`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_left = [int(sys.argv[1])]
_before = sys.argv[2] == "before"


def _deadly(switch: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        _left[0] -= 1
        if _left[0] == 0 and _before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = switch(*args, **options)
        if _left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


for _name in ("replace", "link", "rename", "unlink", "mkdir"):
    setattr(os, _name, _deadly(getattr(os, _name)))
sys.argv = ["semana", *sys.argv[3:]]

from semana.cli import main  # noqa: E402  (the switches above come first)

main()
