"""An empty home to deliver to, and a folder that deliveries come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from semana.stores.landing import Landing
from tests.stores.home import open_landing


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return open_landing(tmp_path / "home")


@pytest.fixture
def coming(tmp_path: Path) -> Path:
    folder = tmp_path / "coming"
    folder.mkdir()
    return folder
