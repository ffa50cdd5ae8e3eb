"""The ready-flag as a stream: each flag is told of once, and taken away when Airflow has kept that."""

from __future__ import annotations

from pathlib import Path

from tests.airflow.test_dags import asked

# Read in Airflow's own environment. What is told of within some looks, and whether the flag is there afterwards.
PROGRAM = """
import asyncio, json, os, sys
from pathlib import Path
from airflow.triggers.shared_stream import AdvanceItem, AdvanceOutcome
from semana_airflow.flag import ReadyFlag

path = Path(sys.argv[1])
kept, lost = AdvanceOutcome(acked=1, failed=0), AdvanceOutcome(acked=0, failed=1)
said = {}

async def main():
    flag = ReadyFlag(str(path), 0.01)
    stream = flag.open_stream()
    asked = None

    async def looks(name, outcome=kept, meanwhile=lambda: None):
        nonlocal asked
        asked = asked or asyncio.ensure_future(anext(stream))
        done, _ = await asyncio.wait([asked], timeout=0.3)
        told = bool(done)
        if told:
            _, mark = asked.result()
            asked = None
            meanwhile()
            await flag.advance([AdvanceItem(mark, outcome)])
        said[name] = [told, path.is_symlink() or path.exists()]

    await looks("none")
    path.touch()
    await looks("laid")
    await looks("taken")
    source = path.with_name("source")
    source.touch()
    for name in ("linked", "linked again"):
        os.link(source, path)
        await looks(name)
    for name in ("pointing", "pointing again"):
        path.symlink_to(source)
        await looks(name)
    path.touch()
    await looks("not kept", lost)
    await looks("kept now")
    path.touch()
    await looks("laid anew meanwhile", kept, lambda: (path.unlink(), path.touch()))
    await looks("the new one")
    path.mkdir()
    await looks("a folder")
    await looks("a folder still")
    path.rmdir()
    await looks("no folder")
    path.touch()
    await looks("a flag")

asyncio.run(main())
print(json.dumps(said))
"""


def test_each_flag_is_told_of_once_and_taken_away_when_that_is_kept(tmp_path: Path) -> None:
    told, there = True, True
    assert asked(tmp_path / "airflow", PROGRAM, str(tmp_path / ".ready")) == {
        "none": [not told, not there],
        "laid": [told, not there],
        "taken": [not told, not there],
        "linked": [told, not there],
        "linked again": [told, not there],
        "pointing": [told, not there],
        "pointing again": [told, not there],
        "not kept": [told, there],
        "kept now": [told, not there],
        "laid anew meanwhile": [told, there],
        "the new one": [told, not there],
        "a folder": [told, there],
        "a folder still": [not told, there],
        "no folder": [not told, not there],
        "a flag": [told, not there],
    }
