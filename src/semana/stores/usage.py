"""What a piece of work takes of the machine: seconds, CPU seconds and peak memory, its child processes included."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Self

import psutil

_OFTEN = 0.2  # seconds between looks at our own memory
_LOOKS = 5  # after so many the children are looked at too, and a sample is kept: one a second
_MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """One moment: seconds since the beginning, memory in MiB, and CPU seconds so far."""

    second: float
    memory_mib: float
    cpu_seconds: float


class Usage:
    """Measures what its block takes: `with Usage() as usage: ...`, then `usage.figures` and `usage.samples`."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="usage", daemon=True)
        self._peak = 0.0
        self._children = 0.0

    def __enter__(self) -> Self:
        self._began, self._cpu, self._moved = time.perf_counter(), self._cpu_seconds(), self._bytes()
        self._look(everything=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look(everything=True)

    @property
    def figures(self) -> dict[str, float]:
        """Wall and CPU seconds, the peak of memory in MiB, and bytes read and written (cached ones too), until now."""
        read, written = (now - then for now, then in zip(self._bytes(), self._moved, strict=True))
        return {
            "wall_seconds": round(time.perf_counter() - self._began, 3),
            "cpu_seconds": round(self._cpu_seconds() - self._cpu, 3),
            "peak_memory_mib": round(self._peak, 1),
            "bytes_read": read,
            "bytes_written": written,
        }

    def metrics(self) -> list[tuple[str, float, int]]:
        """Name, value and second of everything: the whole at second 0, memory and CPU as they went."""
        whole = [(f"process/{name}", value, 0) for name, value in self.figures.items()]
        memory = [("process/memory_mib", each.memory_mib, round(each.second)) for each in self.samples]
        cpu = [("process/cpu_seconds_so_far", each.cpu_seconds, round(each.second)) for each in self.samples]
        return [*whole, *memory, *cpu]

    def _watch(self) -> None:
        looks = 0
        while not self._stop.wait(_OFTEN):
            looks += 1
            self._look(everything=looks % _LOOKS == 0)

    def _look(self, *, everything: bool) -> None:
        if everything:
            self._children = sum(_resident(child) for child in self._process.children(recursive=True))
        memory = _resident(self._process) + self._children
        self._peak = max(self._peak, memory)
        if everything:
            second = round(time.perf_counter() - self._began, 3)
            self.samples.append(Sample(second, round(memory, 1), round(self._cpu_seconds() - self._cpu, 3)))

    def _bytes(self) -> tuple[int, int]:
        """Bytes that were read and written so far; none where the system does not count them."""
        if not hasattr(self._process, "io_counters"):
            return 0, 0
        counted = self._process.io_counters()
        return int(counted.read_chars), int(counted.write_chars)

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)


def _resident(process: psutil.Process) -> float:
    """Its memory in MiB; none where it has just ended."""
    try:
        return float(process.memory_info().rss) / _MIB
    except psutil.Error:
        return 0.0
