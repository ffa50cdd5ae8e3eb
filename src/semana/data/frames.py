"""Frames that any engine works out: their names, and how their rows come into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import narwhals as nw
import polars as pl

Frame = nw.LazyFrame[Any]
Settle = Callable[[Frame], Frame]
Work = Callable[[pl.DataFrame], pl.DataFrame]
_AS_WRITTEN = pl.QueryOptFlags(join_order=False)


def collected(frame: Frame) -> pl.DataFrame:
    """The rows of a frame of any engine, in memory.

    Polars orders joins by guesses, and one wrong by a thousand times made a week of 40 thousand pairs take 5 GiB: there
    they are joined in the order in which the joins are written.
    """
    how = {"optimizations": _AS_WRITTEN} if frame.implementation.is_polars() else {}
    with interrupted_as_asked():
        rows: pl.DataFrame = frame.collect("polars", **how).to_native()
    return rows


def counted(frame: Frame) -> int:
    """How many rows it has; they stay where they are."""
    return int(collected(frame.select(nw.len())).item())


@contextmanager
def interrupted_as_asked() -> Iterator[None]:
    """Ctrl-C is the keyboard's, also where DuckDB tells it as an error of its own."""
    try:
        yield
    except RuntimeError as err:
        if "Query interrupted" not in str(err):
            raise
        raise KeyboardInterrupt from err
