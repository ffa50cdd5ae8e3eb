"""A home with a history: versions, a refused challenger, a rollback, a refused delivery, a scheduler."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from semana.data.weeks import weeks_between
from semana.errors import ContractError
from semana.pipeline import ingest, live
from semana.pipeline.succession import roll_back_by_hand
from semana.pipeline.weekly import Order, run_week
from semana.stores.home import Stores
from tests import shop
from tests.pipeline.living import reopened
from tests.serving import homes

GOOD = "personal_frequency, decayed_frequency, recent_repeat"
RACE = {
    r"race: \[.*\]": f"race: [{GOOD}]",
    r"least_weeks: 12": "least_weeks: 6",
    r"usual_weeks: 12": "usual_weeks: 6",
    r"jump_lines: \d+": "jump_lines: 50",
}
BEGAN, LAST = homes.TARGET, homes.TARGET + 4
TRAINED, REFUSED = BEGAN + 2, LAST + -1
BACK = "orders of the <b>north</b> look wrong"


def storied(folder: Path) -> Stores:
    """The lively shop, five runs old: a second model came, another was refused, and the first is back."""
    stores = homes.made(folder, params=RACE, change=homes.lively)
    for week in weeks_between(BEGAN + 1, LAST):
        if week == LAST:
            _refused(stores, folder / "files")
        files = homes.delivered(folder / "files", [week + -1], homes.lively)
        ingest.land(stores, files, source="canonical", table=None, arrival=homes.NOW)
        stores = _racing(stores, "personal_frequency" if week == REFUSED else GOOD)
        retrain = "always" if week in (TRAINED, REFUSED) else "never"
        run_week(stores, Order(homes.NOW, as_of=week.start, retrain=retrain))
    roll_back_by_hand(stores, reason=BACK, now=homes.NOW)
    days = homes.lively(shop.transactions(LAST)).filter(pl.col("date") < LAST.days[3])
    path = shop.write(days, folder / "files" / "transactions-of-three-days.parquet")
    ingest.land(stores, [path], source="canonical", table=None, arrival=homes.NOW)
    live.look(stores, clock=LAST.days[2])
    stores.tasks.keep(json.dumps(scheduled(stores)), now=homes.NOW)
    return stores


def _refused(stores: Stores, folder: Path) -> None:
    """A delivery with quantities in grams is refused at the door."""
    broken = homes.lively(shop.transactions(LAST + -1)).with_columns(pl.col("quantity") * 1000)
    path = shop.write(broken, folder / "transactions-in-grams.parquet")
    with pytest.raises(ContractError):
        ingest.land(stores, [path], source="canonical", table=None, arrival=homes.NOW)


def scheduled(stores: Stores) -> dict[str, Any]:
    """What a scheduler would tell of the newest run: each step waited, one was tried twice, one never ran."""
    run = f"{LAST}-0001"
    tasks: list[dict[str, Any]] = []
    for step in stores.telemetry.of(run):
        began = datetime.fromisoformat(step["began"])
        moments = (-0.4, -0.2, step["wall_seconds"] + 0.1)
        queued, start, end = ((began + timedelta(seconds=seconds)).isoformat() for seconds in moments)
        task = {"task": step["step"], "attempt": 1, "state": "success", "queued": queued, "start": start, "end": end}
        if step["step"] == "predict":
            tasks.append({**task, "state": "failed", "end": start})
            task["attempt"] = 2
        tasks.append(task)
    tasks.append({"task": "keep_champion", "attempt": 0, "state": "skipped"})
    told = {"scheduler": "airflow", "dag": "semana_weekly", "scheduler_run": "scheduled__1", "state": "success"}
    return {**told, "run": run, "tasks": tasks}


def _racing(stores: Stores, models: str) -> Stores:
    """The home, in which these models race from now on."""
    path = stores.home / "params.yaml"
    path.write_text(re.sub(r"race: \[.*\]", f"race: [{models}]", path.read_text()))
    return reopened(stores.home)
