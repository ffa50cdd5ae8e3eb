"""What a process of the API needs, and what it does without; and who is let listen where."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.serving import CUSTOMERS, EACH, million
from semana.stores.home import Stores
from tests.journey.command import semana, summary
from tests.serving.server import served

FOREIGN = ("mlflow", "optuna", "shap", "pandas", "matplotlib", "pandera", "alembic", "sqlalchemy")
CLEAN = """
import sys
from pathlib import Path
from starlette.testclient import TestClient
from semana.serving.api import make_app
from semana.settings import Settings
with TestClient(make_app(Settings(home=Path(sys.argv[1]))), base_url="http://localhost") as client:
    assert client.get("/v1/customers/2/predictions").status_code == 200
    assert client.get("/v1/performance").status_code == 200
    assert client.get("/metrics").status_code == 200
    assert "lightgbm" not in sys.modules
    assert client.post("/v1/score", json={"customer_id": 2}).status_code == 200
    assert client.get("/v1/explanations?customer_id=2&product_id=0").status_code == 200
    assert "lightgbm" in sys.modules
print(sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_process_that_serves_imports_nothing_that_trains(trees: Stores) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLEAN, str(trees.home)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.splitlines()[-1]
    assert [name for name in FOREIGN if f"'{name}'" in loaded] == []


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("million") / "home"
    assert million(home) == CUSTOMERS * EACH > 1_000_000
    return home


@pytest.mark.timeout(300)
def test_a_million_pairs_are_served_soon_and_in_little_memory(many: Path) -> None:
    """Twice the time that is promised for an idle machine: tests run beside each other."""
    began = time.perf_counter()
    with served(many) as (client, process):
        seconds = time.perf_counter() - began
        for customer in range(0, CUSTOMERS, 100):
            assert client.get(f"/v1/customers/{customer}/predictions").json()["total"] == EACH
        resident = psutil.Process(process.pid).memory_info().rss / 2**20
        print(f"{seconds:.2f} s, {resident:.0f} MB")
        assert resident < 300
        with client.stream("GET", "/v1/predictions.csv?recommended=false") as answer:
            size = sum(len(part) for part in answer.iter_bytes())
        grown = psutil.Process(process.pid).memory_full_info().uss / 2**20
        assert size > 50_000_000
        assert grown < 300
    assert seconds < 8


def test_without_a_key_no_other_machine_is_served(trees: Stores) -> None:
    refused = semana(trees.home, "serve", "api", "--host", "0.0.0.0", code=78)
    assert "keys create" in refused
    key = semana(trees.home, "keys", "create", "agents", "--scope", "read").strip()
    assert key.startswith("semana_")
    assert "agents" in semana(trees.home, "keys", "list")
    assert key not in semana(trees.home, "keys", "list")
    with served(trees.home, "--host", "0.0.0.0") as (client, _):
        assert client.get("/v1/ledger", headers={"Host": "localhost"}).status_code == 401
        signed = {"Host": "localhost", "Authorization": f"Bearer {key}"}
        assert client.get("/v1/ledger", headers=signed).status_code == 200
    assert "agents" in semana(trees.home, "keys", "revoke", "agents")
    semana(trees.home, "keys", "revoke", "nobody", code=64)


def test_a_key_that_was_made_elsewhere_is_kept_in_a_new_home_and_stays_revoked(tmp_path: Path) -> None:
    home, token = tmp_path / "home", "semana_" + "x" * 43
    (home / "drop").mkdir(parents=True)
    told = [summary(home, "keys", "keep", "agents", "--scope", "write", stdin=token) for _ in range(2)]
    assert [each["new"] for each in told] == [True, False]
    assert token not in semana(home, "keys", "list")
    semana(home, "keys", "revoke", "agents")
    assert not summary(home, "keys", "keep", "agents", "--scope", "write", stdin=token)["new"]
    assert summary(home, "keys", "keep", "agents", "--scope", "write", stdin=token + "y")["new"]
    assert "a key was expected" in semana(home, "keys", "keep", "short", stdin="semana_short", code=64)
    assert "same as another" in semana(home, "keys", "keep", "other", stdin=token + "y", code=64)


def test_a_home_without_a_list_starts_and_waits_for_it(tmp_path: Path, trees: Stores) -> None:
    current = trees.publications.folder / "current.json"
    content = current.read_bytes()
    current.unlink()
    with served(trees.home, start="starting") as (client, _):
        refused = client.get("/v1/customers/2/predictions")
        assert refused.status_code == 503
        assert "semana run" in refused.json()["detail"]
        current.write_bytes(content)
        from tests.serving.server import wait_for

        wait_for(client, "ready")
    semana(tmp_path / "nowhere", "serve", "api", code=78)


def test_a_port_that_is_taken_is_named(trees: Stores) -> None:
    with served(trees.home) as (client, _):
        port = str(client.base_url.port)
        assert "cannot be listened on" in semana(trees.home, "serve", "api", "--port", port, code=69)
