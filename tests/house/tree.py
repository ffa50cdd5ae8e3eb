"""The files of this checkout, as the house checks read them."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "semana"
PURE_ROOMS = ("data", "features", "models", "evaluation", "monitoring", "reports")
BIN = Path(sys.executable).parent


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the tree that git holds or would take in; skips where this is no git checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no git checkout: which files belong to the tree is not known")
    paths = (ROOT / name for name in sorted(set(listed.split("\0")) - {""}))
    return tuple(path for path in paths if path.is_file() or path.is_symlink())


@cache
def modules() -> dict[Path, ast.Module]:
    """Every module under src, parsed, by its path relative to src/semana."""
    return {path.relative_to(SRC): ast.parse(path.read_text()) for path in sorted(SRC.rglob("*.py"))}


def read(name: str) -> str:
    """The text of a file of the tree."""
    return (ROOT / name).read_text()
