"""The images: what is in them and what is not, whose they are, how large."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.house.tree import ROOT, read
from tests.stack.engine import PYTHON, docker
from tests.stack.stack import Stack

OURS = ("airflow", "mlflow", "api", "ui")
OFFICIAL_BASE = 131.0  # MB of python:3.11-slim-bookworm; the tests' own base may be of another size
LARGEST = {"api": 650.0, "ui": 700.0}  # MB
ABSENT = {
    "api": ("mlflow", "optuna", "shap", "pandas", "pandera", "sqlalchemy", "gradio", "sklearn", "pip", "setuptools"),
    "ui": ("lightgbm", "mlflow", "optuna", "shap", "scipy", "pyarrow", "pandera", "sqlalchemy", "pip", "setuptools"),
    "mlflow": ("semana", "lightgbm", "airflow", "pip", "setuptools"),
}
LOOK = "import importlib.util, sys; print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"
REFUSE = """
import importlib.abc, sys
class Wall(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("cloudpickle", "joblib", "dill"):
            raise AssertionError(name)
sys.meta_path.insert(0, Wall())
"""


def size(stack: Stack, image: str) -> float:
    """MB of an image, its base included."""
    return int(docker(stack.environment, "image", "inspect", "--format", "{{.Size}}", image)) / 1e6


def test_images_are_no_larger_than_is_stated(stack: Stack) -> None:
    base = size(stack, PYTHON)
    sizes = {name: size(stack, f"semana-{name}") - base + max(base, OFFICIAL_BASE) for name in OURS}
    print({name: f"{found:.0f} MB" for name, found in sizes.items()}, f"base {base:.0f} MB")
    assert {name: found for name, found in sizes.items() if found > LARGEST.get(name, 3000)} == {}


@pytest.mark.parametrize("name", OURS)
def test_an_image_says_its_version_and_revision_and_belongs_to_no_root(stack: Stack, name: str) -> None:
    told = json.loads(docker(stack.environment, "image", "inspect", f"semana-{name}"))[0]["Config"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert told["Labels"]["org.opencontainers.image.version"] == version
    assert told["Labels"]["org.opencontainers.image.revision"] not in {"", "unknown"}
    assert int(told["User"].split(":")[0]) > 10000
    assert told["Healthcheck"]["Test"]
    assert not [word for word in told["Env"] if any(part in word.upper() for part in ("PASSWORD", "SECRET", "_KEY="))]


@pytest.mark.parametrize("name", list(ABSENT))
def test_what_a_service_does_not_need_is_not_in_its_image(stack: Stack, name: str) -> None:
    assert stack.inside(name, "python", "-c", LOOK, *ABSENT[name]) == "[]"


def test_airflow_and_semana_do_not_see_each_other(stack: Stack) -> None:
    assert stack.inside("scheduler", "python", "-c", LOOK, "airflow", "semana") == "['airflow']"
    semana = "/opt/semana/bin/python"
    assert stack.inside("scheduler", semana, "-c", LOOK, "airflow", "semana") == "['semana']"


@pytest.mark.parametrize("service", ["scheduler", "mlflow", "api", "ui"])
def test_no_compiler_and_no_test_is_in_an_image(stack: Stack, service: str) -> None:
    found = "command -v gcc cc make g++ ld; find /opt -type d -name tests"
    assert stack.inside(service, "sh", "-c", f"{found}; true") == ""


def test_the_licence_of_every_package_is_listed(stack: Stack) -> None:
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \|", read("docs/licences.md"), re.MULTILINE))
    held = set(re.findall(r"^\| ([a-z0-9-]+) \|", stack.make("licences"), re.MULTILINE))
    assert len(held) > 150
    assert held - listed == set()


def test_the_api_needs_nothing_that_pickles(stack: Stack) -> None:
    program = f"{REFUSE}\nimport semana.serving.server, lightgbm\nprint('well')"
    assert stack.inside("api", "python", "-c", program) == "well"
