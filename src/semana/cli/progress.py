"""Progress bars on a terminal, none in logs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semana.data.weeks import Week
    from semana.pipeline import Step


_WIDEST = 100  # letters beside the bar
_log = logging.getLogger(__name__)


@contextmanager
def steps_shown() -> Iterator[Callable[[Step], None]]:
    """Shows the step that is under way, on stderr."""
    from semana.pipeline import STEPS

    with _bar(len(STEPS)) as advance:
        yield lambda step: advance(step.says)


@contextmanager
def weeks_shown(weeks: int) -> Iterator[Callable[[Week], None]]:
    """Shows the week that is under way, on stderr."""
    with _bar(weeks) as advance:
        yield lambda week: advance(str(week))


@contextmanager
def test_weeks_shown() -> Iterator[Callable[[Week, int], None]]:
    """Shows the test week that is under way and how many there are, on stderr; before the first, nothing is known."""
    with _bar(None) as advance:

        def shown(week: Week, weeks: int) -> None:
            _log.info("test week %s of %s", week, weeks)
            advance(str(week), weeks)

        yield shown


@contextmanager
def _bar(total: int | None) -> Iterator[Callable[..., None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    # What stands beside the words: a bar of 10, counts, a clock.
    room = max(10, min(_WIDEST, console.width - 32))
    columns = (BarColumn(bar_width=10), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task("", total=total)
        begun = False

        def advance(says: str, total: int | None = total) -> None:
            nonlocal begun
            said.step = says
            progress.update(task, description=says[:room], total=total, advance=1 if begun else 0)
            begun = True

        logger, said = logging.getLogger("semana"), _Said(lambda says: progress.update(task, description=says[:room]))
        if not progress.disable:
            logger.addHandler(said)
        try:
            yield advance
        finally:
            logger.removeHandler(said)


class _Said(logging.Handler):
    """Shows what is logged meanwhile beside the step that is under way."""

    def __init__(self, show: Callable[[str], object]) -> None:
        super().__init__()
        self.step = ""
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        self._show(f"{record.getMessage()} · {self.step}")
