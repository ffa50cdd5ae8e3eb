"""Atomic writes: the old content or the new, never a mix, and nothing left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from semana.stores import files


def test_a_write_that_fails_leaves_the_old_content_and_no_temporary(tmp_path: Path) -> None:
    path = files.replace_bytes(tmp_path / "a" / "b.json", b"old")

    def fails(scratch: Path) -> None:
        scratch.write_bytes(b"ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.replace(path, fails)
    assert [each.name for each in path.parent.iterdir()] == ["b.json"]
    assert path.read_bytes() == b"old"


def test_a_write_replaces_the_whole_content(tmp_path: Path) -> None:
    path = files.replace_bytes(tmp_path / "b", b"a long old content")
    files.replace_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_of_two_that_create_the_same_file_one_succeeds_and_the_other_changes_nothing(tmp_path: Path) -> None:
    path = files.create_exclusive(tmp_path / "1.json", b"first")
    with pytest.raises(FileExistsError):
        files.create_exclusive(path, b"second")
    assert path.read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["1.json"]


def test_a_finished_folder_is_switched_in_one_step_and_never_over_another(tmp_path: Path) -> None:
    for _ in range(2):
        scratch = files.temporary(tmp_path / "rev=1")
        scratch.mkdir()
        (scratch / "x").write_text("x")
        if not (tmp_path / "rev=1").exists():
            files.switch_folder(scratch, tmp_path / "rev=1")
    with pytest.raises(FileExistsError):
        files.switch_folder(scratch, tmp_path / "rev=1")
    assert (tmp_path / "rev=1" / "x").read_text() == "x"


def test_equal_values_give_equal_json_bytes() -> None:
    assert files.to_json({"b": 1, "a": "ñ"}) == files.to_json({"a": "ñ", "b": 1})
    assert "ñ".encode() in files.to_json("ñ")


def test_a_sweep_takes_what_an_interrupted_run_left_and_spares_what_is_being_written(tmp_path: Path) -> None:
    old, folder, fresh = (files.temporary(tmp_path / "a" / "x") for _ in range(3))
    old.write_text("half")
    folder.mkdir()
    (folder / "inner").write_text("half")
    fresh.write_text("being written")
    kept = tmp_path / "a" / "kept.json"
    kept.write_text("{}")
    for path in (old, folder):
        os.utime(path, (0, 0))
    assert files.sweep(tmp_path, older_than_seconds=3600) == 2
    assert sorted(each.name for each in (tmp_path / "a").iterdir()) == sorted([fresh.name, "kept.json"])


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    path = files.replace_bytes(tmp_path / "x", b"abc")
    assert files.sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
