"""The append-only journal: one winner per entry, and no entry changed, added or lost without a word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from semana.errors import Busy, ContractError
from semana.stores.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "manifest")
    for number in range(3):
        journal.append({"what": number}, after=number)
    return journal


def test_entries_come_back_in_order_with_their_numbers(journal: Journal) -> None:
    assert [(entry["number"], entry["what"]) for entry in journal.entries()] == [(1, 0), (2, 1), (3, 2)]
    assert len(journal) == 3


def test_an_empty_journal_has_no_entries(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").entries() == []


def test_what_was_read_once_and_is_as_it_was_is_not_read_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, read, read_bytes = journal.entries(), [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or read_bytes(path))
    assert journal.entries() == known
    assert read == ["manifest.head"]
    Journal(journal.folder).append({"what": 3}, after=3)
    read.clear()
    assert [entry["what"] for entry in journal.entries()] == [0, 1, 2, 3]
    assert read == ["00000004.json", "manifest.head"]


def test_a_change_after_it_was_read_is_noticed(journal: Journal) -> None:
    first, _, _ = sorted(journal.folder.iterdir())
    journal.entries()
    first.write_bytes(first.read_bytes().replace(b'"what": 0', b'"what": 7'))  # as many bytes
    with pytest.raises(ContractError, match="is not as it was written"):
        journal.entries()


@pytest.mark.parametrize("after", [0, 2, 4])
def test_who_did_not_read_the_latest_entry_is_busy_and_writes_nothing(journal: Journal, after: int) -> None:
    with pytest.raises(Busy, match="Try again"):
        journal.append({"what": "late"}, after=after)
    assert len(journal) == 3


def test_of_many_that_append_at_once_exactly_one_succeeds(journal: Journal) -> None:
    def attempt(who: int) -> bool:
        try:
            journal.append({"what": who}, after=3)
        except Busy:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert len(journal.entries()) == 4


def test_a_change_to_the_newest_entry_is_noticed(journal: Journal) -> None:
    newest = max(journal.folder.iterdir())
    newest.write_bytes(newest.read_bytes().replace(b'"what": 2', b'"what": 7'))
    with pytest.raises(ContractError, match="is not as it was written"):
        journal.entries()


@pytest.mark.parametrize("content", [None, b"[]", b"[1]", b"\xff"])
def test_what_is_no_entry_is_named(journal: Journal, content: bytes | None) -> None:
    newest = max(journal.folder.iterdir())
    newest.unlink()
    newest.mkdir() if content is None else newest.write_bytes(content)
    with pytest.raises(ContractError, match=newest.name):
        journal.entries()


@pytest.mark.parametrize("damage", ["changed", "removed", "added", "cut"])
def test_a_chain_that_was_touched_by_hand_is_noticed(journal: Journal, damage: str) -> None:
    paths = sorted(journal.folder.iterdir())
    if damage == "changed":
        paths[1].write_bytes(paths[1].read_bytes().replace(b'"what": 1', b'"what": 7'))
    elif damage == "removed":
        paths[1].unlink()
    elif damage == "added":
        (journal.folder / "00000004.json").write_bytes(paths[2].read_bytes())
    else:
        paths[2].write_bytes(paths[2].read_bytes()[:20])
    with pytest.raises(ContractError, match="Restore a backup into a new home"):
        journal.entries()


def test_an_unfinished_temporary_is_no_entry(journal: Journal) -> None:
    (journal.folder / ".tmp-1").write_text("half")
    assert len(journal.entries()) == 3


def test_a_chain_that_lost_its_end_or_was_made_anew_is_noticed(journal: Journal) -> None:
    newest = max(journal.folder.iterdir())
    kept = newest.read_bytes()
    newest.unlink()
    with pytest.raises(ContractError, match=r"manifest\.head tells of 3 entries, 2 are there"):
        journal.entries()
    journal.folder.with_name("manifest.head").unlink()
    journal.append({"what": "other"}, after=2)
    assert kept != newest.read_bytes()
    journal.folder.with_name("manifest.head").write_text('{"entries": 3, "seal": "another"}')
    with pytest.raises(ContractError, match="has another seal than entry 3"):
        journal.entries()


def test_a_kill_between_an_entry_and_its_head_breaks_nothing(journal: Journal) -> None:
    head = journal.folder.with_name("manifest.head")
    before = head.read_bytes()
    journal.append({"what": 3}, after=3)
    head.write_bytes(before)
    assert len(journal.entries()) == 4
    journal.append({"what": 4}, after=4)
    assert len(journal.entries()) == 5
