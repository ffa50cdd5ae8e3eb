"""What a block of work takes of the machine."""

from __future__ import annotations

import subprocess
import sys
import time

from semana.stores.usage import Usage


def test_cpu_and_wall_seconds_are_those_of_the_block() -> None:
    with Usage() as usage:
        ends = time.process_time() + 0.3
        while time.process_time() < ends:
            pass
    assert 0.25 < usage.figures["cpu_seconds"] <= usage.figures["wall_seconds"] * 4 + 0.1


def test_a_child_process_counts() -> None:
    child = "import time; x = bytearray(80 * 2**20); time.sleep(1.6)"
    with Usage() as alone:
        time.sleep(0.05)
    with Usage() as usage:
        subprocess.run([sys.executable, "-c", child], check=True)
    assert usage.figures["peak_memory_mib"] > alone.figures["peak_memory_mib"] + 60


def test_a_sample_a_second_and_one_at_each_end() -> None:
    with Usage() as usage:
        time.sleep(2.3)
    assert 3 <= len(usage.samples) <= 4
    names = [name for name, _, _ in usage.metrics()]
    assert names[:3] == ["process/wall_seconds", "process/cpu_seconds", "process/peak_memory_mib"]
    assert names.count("process/memory_mib") == len(usage.samples)
