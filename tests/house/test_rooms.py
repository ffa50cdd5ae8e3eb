"""The rooms' walls stand: each house tool is shown a planted fault, and must find it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from semana.pipeline import STEPS
from tests.house.tree import BIN, PURE_ROOMS, ROOT, SRC, read

CONTRACTS = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]


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
        ("features/planted.py", "from semana.reports import tables", "Rooms depend downwards"),
        ("params.py", "from semana.data import weeks", "Rooms depend downwards"),
        ("pantry/__init__.py", "", "Rooms depend downwards"),
        ("pipeline/planted.py", "from semana.settings import Settings", "Only the front doors"),
        ("pipeline/publish.py", "from semana.pipeline import train", "Steps do not import steps"),
        ("stores/planted.py", "import mlflow", "Only stores.tracking speaks MLflow"),
        ("serving/planted.py", "import mlflow", "Only stores.tracking speaks MLflow"),
        ("serving/planted.py", "from semana.pipeline import explain", "Rooms depend downwards"),
        ("ui/planted.py", "from semana.serving import api", "Rooms depend downwards"),
        ("ui/planted.py", "from semana.stores import home", "The pages know HTTP alone"),
        ("ui/planted.py", "import lightgbm", "The pages know HTTP alone"),
    ],
)
def test_import_linter_finds_a_planted_import(copy: Path, where: str, line: str, broken: str) -> None:
    planted = copy / "src" / "semana" / where
    planted.parent.mkdir(exist_ok=True)
    with planted.open("a") as file:
        file.write(f"\n{line}\n")
    assert re.findall(r"^(.*) BROKEN", lint_imports(copy), re.MULTILINE) == [name_of(broken)]


def name_of(beginning: str) -> str:
    """The full name of the contract that begins like this."""
    return next(contract["name"] for contract in CONTRACTS if contract["name"].startswith(beginning))


def test_the_contracts_know_every_step_and_every_pure_room() -> None:
    by_type = {contract["type"]: contract for contract in reversed(CONTRACTS)}
    assert by_type["independence"]["modules"] == [f"semana.pipeline.{step.name}" for step in STEPS]
    pure = next(contract for contract in CONTRACTS if contract["name"].startswith("Pure rooms"))
    assert pure["source_modules"] == [f"semana.{room}" for room in PURE_ROOMS]


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
