"""Homes that are served, copied for whoever changes them, and clients that ask in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from semana.serving.api import make_app
from semana.settings import Settings, read_settings
from semana.stores.home import Stores, open_home
from tests.pipeline.living import two_models
from tests.serving import homes
from tests.serving.story import storied

Ask = Callable[..., TestClient]


@pytest.fixture(scope="session")
def _trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return homes.made(tmp_path_factory.mktemp("trees"), params=homes.TREES).home


@pytest.fixture(scope="session")
def _awkward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return homes.made(tmp_path_factory.mktemp("awkward"), params=homes.TREES, change=homes.awkward).home


@pytest.fixture(scope="session")
def _two_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_models(tmp_path_factory.mktemp("living")).home


@pytest.fixture(scope="session")
def story_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a history, to look at; whoever changes it takes a copy."""
    return storied(tmp_path_factory.mktemp("story")).home


@pytest.fixture
def trees(_trees: Path, tmp_path: Path) -> Stores:
    """A home whose list was made by boosted trees."""
    return opened(_trees, tmp_path)


@pytest.fixture
def awkward(_awkward: Path, tmp_path: Path) -> Stores:
    """The same with awkward text as ids."""
    return opened(_awkward, tmp_path)


@pytest.fixture
def living(_two_models: Path, tmp_path: Path) -> Stores:
    """A home in which 1.0.1 serves and 1.0.0 is its shadow."""
    return opened(_two_models, tmp_path)


def opened(home: Path, folder: Path) -> Stores:
    shutil.copytree(home.parent / "files", folder / "files")
    return open_home(read_settings(Path(shutil.copytree(home, folder / "home"))))


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Gives a client of the API of a home, in this process."""
    with ExitStack() as stack:

        def client(stores: Stores, *, local: bool = True, **settings: Any) -> TestClient:
            app = make_app(Settings(home=stores.home, **settings), local=local)
            return stack.enter_context(TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False))

        yield client
