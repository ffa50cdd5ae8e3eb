"""One run at a time, steps side by side, and nobody locked out by the dead."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from semana.errors import Busy
from semana.stores.leases import Leases


def test_of_many_that_take_a_lease_at_once_exactly_one_holds_it(tmp_path: Path) -> None:
    leases = Leases(tmp_path, stale_seconds=60)
    held: list[int] = []
    start, end = threading.Barrier(8), threading.Event()

    def take() -> None:
        start.wait()
        try:
            with leases.hold("run"):
                held.append(1)
                end.wait(5)
        except Busy:
            held.append(0)
        if len(held) == 8:
            end.set()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(held) == 1


def test_a_stale_lease_is_taken_over_and_its_holder_finds_out(tmp_path: Path) -> None:
    leases = Leases(tmp_path, stale_seconds=0.0)
    with leases.hold("run") as first, leases.hold("run") as second:
        second.check()
        with pytest.raises(Busy, match="took it over"):
            first.check()


def test_a_whole_run_and_a_step_alone_keep_each_other_out(tmp_path: Path) -> None:
    leases = Leases(tmp_path, stale_seconds=60)
    with leases.hold("run", against="*"):
        with pytest.raises(Busy, match="'run' is being run"), leases.hold("train", against="run"):
            raise AssertionError("the step went on beside a whole run")
        assert leases.owner("train") is None
    with leases.hold("train", against="run"):
        with pytest.raises(Busy, match="'train' is being run"), leases.hold("run", against="*"):
            raise AssertionError("the whole run went on beside a step")
        assert leases.owner("run") is None
    with leases.hold("run", against="*"), leases.hold("train"):
        pass


def test_steps_alone_go_side_by_side(tmp_path: Path) -> None:
    leases = Leases(tmp_path, stale_seconds=60)
    with leases.hold("review", against="run"), leases.hold("detect_drift", against="run") as second:
        second.check()
