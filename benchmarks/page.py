"""docs/benchmarks.md: each benchmark prints its own section of it and leaves the others alone."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PEERS = ROOT / ".venv-peers" / "bin" / "python"  # of what we compare with: make peers
_VERSIONS = (
    "import sys; from importlib.metadata import distributions; "
    "there = {each.name.lower(): each.version for each in distributions()}; "
    "print(*(f'{name} {there[name]}' for name in sys.argv[1:] if name in there), sep=', ')"
)
_HEAD = """# Benchmarks

Printed by `make bench`, `bench-scale`, `bench-peers`, `bench-airflow` and `python -m benchmarks.story`, a section each;
figures are of the machine that ran it, and of that day: compare those of one section with each other.
"""


def untuned() -> str:
    """The project's params.yaml without a search for constants, which runs do once in a while."""
    text = (ROOT / "params.yaml").read_text()
    assert "trials: 10" in text
    return text.replace("trials: 10", "trials: 0")


def made_on(*packages: str, others: Sequence[str] = (), python: Path = PEERS, java: bool = False) -> str:
    """What made a section, in one line: versions, machine and day.

    `others` are packages of another environment, whose interpreter is `python`; left out where it is not there.
    """
    made = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)]
    if others and python.exists():
        command = [str(python), "-c", _VERSIONS, *others]
        made.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    if java and shutil.which("java"):
        said = subprocess.run(["java", "-version"], check=True, capture_output=True, text=True).stderr
        made += [f"Java {found}" for found in re.findall(r'version "([^"]+)"', said)]
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    return f"Made with {', '.join(made)}, on {machine}, {datetime.now(UTC):%Y-%m-%d}."


def write_section(name: str, text: str) -> None:
    """Replaces (or adds) the section `name` of the page, and prints it."""
    page = PAGE.read_text() if PAGE.exists() else _HEAD
    section = f"\n## {name.capitalize()}\n\n{text}\n"
    found = re.compile(rf"\n## {name.capitalize()}\n.*?(?=\n## |\Z)", re.DOTALL)
    page = found.sub(lambda _: section, page) if found.search(page) else page + section
    PAGE.write_text(page)
    print(section)
