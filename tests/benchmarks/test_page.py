"""What each section of docs/benchmarks.md says of the machine, the day and the versions that made it."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.page import made_on


def test_a_section_names_versions_machine_and_day() -> None:
    before, said, after = datetime.now(UTC).date(), made_on("polars", "numpy"), datetime.now(UTC).date()
    assert f"Python {platform.python_version()}, polars {version('polars')}, numpy {version('numpy')}" in said
    assert platform.machine() in said
    assert said.endswith((f"{before}.", f"{after}."))


def test_versions_of_another_environment_are_those_of_its_own_python(tmp_path: Path) -> None:
    there = made_on("numpy", others=["polars", "scipy"], python=Path(sys.executable))
    assert f"numpy {version('numpy')}, polars {version('polars')}, scipy {version('scipy')}" in there
    assert "polars" not in made_on("numpy", others=["polars"], python=tmp_path / "python")
