"""The home in which two models have served, copied for every test that wants it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from semana.stores.home import Stores
from tests.pipeline.living import reopened, two_models


@pytest.fixture(scope="session")
def _two_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_models(tmp_path_factory.mktemp("living")).home


@pytest.fixture
def living(_two_models: Path, tmp_path: Path) -> Stores:
    """A home in which 1.0.1 serves and 1.0.0 is its shadow."""
    shutil.copytree(_two_models.parent / "files", tmp_path / "files")
    return reopened(Path(shutil.copytree(_two_models, tmp_path / "home")))
