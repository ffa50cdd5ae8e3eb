"""What the images of the API and of the pages hold is what they import: no more, no less, and nothing that trains."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from semana.stores.home import Stores
from tests.house.tree import ROOT

# Read by name where they are there, or by a library: no module of ours imports them when it serves.
BY_NAME = {
    "httptools",
    "uvloop",
    "tzdata",
    "scipy",
    "pyyaml",
    "holidays",
    "rich",
    "xlsxwriter",
    "numpy",
    "narwhals",
    "svg-py",
}
WALL = """
import importlib.abc, importlib.metadata, json, re, sys
from starlette.testclient import TestClient # asks for more than a server does
locked = set(json.loads(sys.argv[1]))
folded = lambda name: re.sub("[-_.]+", "-", name).lower()
owners = {top: {folded(each) for each in names} for top, names in importlib.metadata.packages_distributions().items()}
class Wall(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in owners and not owners[top] & locked and top != "semana":
            raise ModuleNotFoundError(f"{name} is not in the lock", name=name)
sys.meta_path.insert(0, Wall())
"""
TOLD = """
tops = {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted({each for top in tops & set(owners) for each in owners[top]})))
"""
API = """
from pathlib import Path
import semana.cli, semana.serving.server
from semana.serving.api import make_app
from semana.settings import Settings
with TestClient(make_app(Settings(home=Path(sys.argv[2]))), base_url="http://localhost") as client:
    names = "customers products customers/2/predictions products/0/customers products/0/summary calls?capacity=5"
    names += " predictions.csv explanations?customer_id=2&product_id=0 model model/versions"
    names += " ledger drift performance runs steps"
    paths = [*(f"/v1/{name}" for name in names.split()), "/metrics", "/openapi.json"]
    assert {path: status for path in paths if (status := client.get(path).status_code) != 200} == {}
    assert client.post("/v1/score", json={"customer_id": 2}).status_code == 200
    assert client.post("/v1/predictions", json={"pairs": [{"customer_id": 2, "product_id": 1}]}).status_code == 200
"""
UI = """
from semana.settings import keep_gradio_quiet
keep_gradio_quiet()
import httpx
import semana.cli, semana.ui.server, semana.ui.downloads
from semana.ui.app import make_app
from semana.ui.client import Api
away = Api("http://127.0.0.1:9", transport=httpx.MockTransport(lambda request: httpx.Response(503, json={})))
with TestClient(make_app(away, hosts=frozenset({"localhost"})), base_url="http://localhost") as client:
    assert client.get("/livez").status_code == 200
    assert "<form" in client.get("/login").text
    assert client.get("/en/").status_code == 200
"""


def lock(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))


def asked(name: str) -> set[str]:
    """What a list of ours asks for by name."""
    return set(re.findall(r"^([a-z0-9-]+)", (ROOT / "requirements" / f"{name}.in").read_text(), re.MULTILINE))


def imported(program: str, name: str, *words: str) -> set[str]:
    """The packages that are loaded after the program, which finds nothing but those of the lock."""
    call = [sys.executable, "-c", WALL + program + TOLD, json.dumps(sorted(lock(name))), *words]
    done = subprocess.run(call, cwd=Path("/"), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.timeout(300)
def test_the_api_imports_what_its_lock_holds_and_its_lock_holds_nothing_else(trees: Stores) -> None:
    found = imported(API, "api", str(trees.home))
    assert asked("api") - BY_NAME <= found
    assert not lock("api") & {
        "mlflow",
        "mlflow-skinny",
        "optuna",
        "shap",
        "pandas",
        "pandera",
        "sqlalchemy",
        "cloudpickle",
    }


@pytest.mark.timeout(300)
def test_the_pages_import_what_their_lock_holds_and_their_lock_holds_nothing_else() -> None:
    found = imported(UI, "ui")
    assert asked("ui") - BY_NAME <= found
    assert not lock("ui") & {"lightgbm", "mlflow", "mlflow-skinny", "optuna", "shap", "scipy", "pyarrow", "cloudpickle"}
