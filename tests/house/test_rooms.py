"""The rooms' walls stand: each house tool is shown a planted fault, and must find it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import BIN, ROOT, SRC


def lint_imports(folder: Path) -> str:
    """What import-linter says of the copy of the tree in `folder`; empty where every contract is kept."""
    command = [str(BIN / "lint-imports"), "--no-cache", "--config", "pyproject.toml"]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(folder / "src")}, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source and its contracts, to plant faults in."""
    shutil.copytree(SRC, tmp_path / "src" / "semana", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("where", "line", "broken"),
    [
        ("data/planted.py", "import os", "Pure rooms"),
        ("features/planted.py", "from pathlib import Path", "Pure rooms"),
        ("models/planted.py", "from semana.features import __doc__", "Rooms depend downwards"),
        ("features/planted.py", "from semana.stores import files", "Rooms depend downwards"),
        ("params.py", "from semana.data import weeks", "Rooms depend downwards"),
        ("pantry/__init__.py", "", "exhaustive"),
        ("pipeline/planted.py", "from semana.settings import Settings", "settings"),
        ("pipeline/planted.py", "from semana.pipeline import train", "Steps do not import steps"),
        ("stores/planted.py", "import mlflow", "MLflow"),
    ],
)
def test_import_linter_finds_a_planted_import(copy: Path, where: str, line: str, broken: str) -> None:
    planted = copy / "src" / "semana" / where
    planted.parent.mkdir(exist_ok=True)
    with planted.open("a") as file:
        file.write(f"\n{line}\n")
    assert broken.lower() in lint_imports(copy).lower()


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("features/planted.py", "from datetime import date\n\nTODAY = date.today()\n"),
        ("pipeline/planted.py", "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"),
        ("data/planted.py", "import os\n\nHOME = os.environ\n"),
        ("pipeline/planted.py", "import os\n\nHOME = os.getenv('HOME')\n"),
        ("models/planted.py", "import polars as pl\n\nROWS = pl.read_parquet('x')\n"),
        ("evaluation/planted.py", "import time\n\nNOW = time.time()\n"),
        ("models/planted.py", "import pickle\n\nX = pickle.dumps(1)\n"),
    ],
)
def test_ruff_finds_the_clock_the_environment_and_files_outside_their_rooms(where: str, code: str) -> None:
    command = [str(BIN / "ruff"), "check", "--select", "TID251", "--stdin-filename", f"src/semana/{where}", "-"]
    done = subprocess.run(command, cwd=ROOT, input=code, capture_output=True, text=True, check=False)
    assert "TID251" in done.stdout
