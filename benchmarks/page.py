"""docs/benchmarks.md: each benchmark prints its own section of it and leaves the others alone."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

Printed by `make bench`, `bench-scale`, `bench-peers`, `bench-airflow` and `python -m benchmarks.story`, a section each;
figures are of the machine that ran it, and of that day: compare those of one section with each other.
"""


def untuned() -> str:
    """The project's params.yaml without a search for constants, which runs do once in a while."""
    text = (PAGE.parents[1] / "params.yaml").read_text()
    assert "trials: 10" in text
    return text.replace("trials: 10", "trials: 0")


def write_section(name: str, text: str) -> None:
    """Replaces (or adds) the section `name` of the page, and prints it."""
    page = PAGE.read_text() if PAGE.exists() else _HEAD
    section = f"\n## {name.capitalize()}\n\n{text}\n"
    found = re.compile(rf"\n## {name.capitalize()}\n.*?(?=\n## |\Z)", re.DOTALL)
    page = found.sub(lambda _: section, page) if found.search(page) else page + section
    PAGE.write_text(page)
    print(section)
