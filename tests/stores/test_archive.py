"""Archives hold files of a home and nothing else, on whatever Python they are read."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from semana.errors import ContractError
from semana.stores.archive import read_archive, write_archive


@pytest.fixture(params=["with a filter", "without one"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that has a filter for archives, and one of before."""
    if request.param == "without one":
        monkeypatch.delattr(tarfile, "data_filter")


def archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for member in (tarfile.TarInfo("format.json"), *members):
            made.addfile(member, io.BytesIO())
    return path


def test_a_home_comes_back_as_it_was(python: None, tmp_path: Path) -> None:
    (tmp_path / "home" / "ledger").mkdir(parents=True)
    (tmp_path / "home" / "format.json").write_text("{}")
    (tmp_path / "home" / "ledger" / "0001.json").write_text("1")
    write_archive(tmp_path / "home", tmp_path / "backup.tar.gz")
    assert read_archive(tmp_path / "backup.tar.gz", tmp_path / "again")["files"] == 2
    assert (tmp_path / "again" / "ledger" / "0001.json").read_text() == "1"
    assert (tmp_path / "again" / ".gitignore").read_text().endswith("\n*\n")


@pytest.mark.parametrize("name", ["../planted", "ledger/../../planted"])
def test_nothing_is_written_beside_the_home(python: None, tmp_path: Path, name: str) -> None:
    made = archive(tmp_path / "backup.tar.gz", tarfile.TarInfo(name))
    with pytest.raises(ContractError, match="not a whole backup"):
        read_archive(made, tmp_path / "home")
    assert not (tmp_path / "planted").exists()
    assert not (tmp_path / "home").exists()


def test_a_link_out_of_the_home_is_refused(python: None, tmp_path: Path) -> None:
    link = tarfile.TarInfo("ledger")
    link.type, link.linkname = tarfile.SYMTYPE, "../elsewhere"
    with pytest.raises(ContractError, match="not a whole backup"):
        read_archive(archive(tmp_path / "backup.tar.gz", link), tmp_path / "home")
