"""The ready-flag of a delivery: seen within seconds, and taken away only once Airflow has kept that it was seen."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import anyio
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from airflow.triggers.shared_stream import SharedStreamProducer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Sequence

    from airflow.triggers.shared_stream import AdvanceItem

Mark = tuple[int, int]
_log = logging.getLogger(__name__)


class ReadyFlag(SharedStreamProducer):
    """The flag as a queue of one: a triggerer that dies before its event is kept leaves the flag to the next one.

    A flag that is laid again meanwhile, which another delivery may have done, is a new one, and stays.
    """

    def __init__(self, path: str, every: float) -> None:
        self.path = anyio.Path(path)
        self.every = every
        self._told: Mark | None = None

    async def open_stream(self) -> AsyncIterator[tuple[Mark, Mark]]:
        """Tells of each flag once, looking for one every so many seconds."""
        while True:
            mark = await self._mark()
            if mark is None:
                self._told = None
            elif mark != self._told:
                self._told = mark
                yield mark, mark
            await asyncio.sleep(self.every)

    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Takes away the flag whose event is kept; one whose event is not is told of again."""
        for item in batch:
            if not item.outcome.is_clean:
                self._told = None
            elif await self._mark() == item.broker_payload:
                try:
                    await self.path.unlink(missing_ok=True)
                except OSError as err:  # a folder, or not ours: it is told of once, and stays
                    _log.error("the ready-flag cannot be taken away, take it away by hand: %s", err)
                else:
                    self._told = None

    async def _mark(self) -> Mark | None:
        """What tells one flag from the next at its place: what is there itself, and when it came to be so."""
        try:
            found = await self.path.lstat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_ctime_ns


class ReadyFlagTrigger(BaseEventTrigger):
    """Fires for every flag at `path`, which is looked for every so many seconds."""

    def __init__(self, *, path: str, every: float) -> None:
        super().__init__()
        self.path = path
        self.every = every

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Where this class is, and what it is called with."""
        return "semana_airflow.flag.ReadyFlagTrigger", {"path": self.path, "every": self.every}

    def shared_stream_key(self) -> Hashable:
        """One flag is one stream."""
        return "semana_airflow.flag", self.path

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> ReadyFlag:
        """The stream, which takes away what was kept."""
        return ReadyFlag(**kwargs)

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Mark]) -> AsyncIterator[TriggerEvent]:
        """An event for every flag."""
        async for _ in shared_stream:
            yield TriggerEvent({"filepath": self.path})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Only the shared stream knows when an event is kept."""
        raise NotImplementedError("the ready-flag needs a triggerer that acknowledges, as of Airflow 3.3")
        yield
