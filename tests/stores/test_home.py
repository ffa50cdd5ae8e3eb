"""A home that is made: it stays out of git, and is one even where its making was cut off."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from semana.settings import read_settings
from semana.stores import files
from semana.stores.home import open_home


def test_git_leaves_a_home_out_whatever_it_is_called(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "corner-shop" / "sources").mkdir(parents=True)
    (tmp_path / "corner-shop" / "sources" / "own.yaml").write_text("")
    open_home(read_settings(tmp_path / "corner-shop"), create=True)
    seen = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert seen.stdout == ""


def test_a_home_whose_making_was_cut_off_is_made_at_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "replace_json", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        open_home(read_settings(tmp_path / "home"), create=True)
    monkeypatch.undo()
    assert open_home(read_settings(tmp_path / "home"), create=True).landing.position == 0


def test_what_people_let_git_keep_of_a_home_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("landing/\n")
    open_home(read_settings(tmp_path), create=True)
    assert (tmp_path / ".gitignore").read_text() == "landing/\n"
