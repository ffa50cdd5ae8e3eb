"""What past lists and weeks were found to be: realised figures, the parts of lists, the newest verdict on drift."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import collected
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.evaluation.parts import estimated, expected_f1, left_repeatedly
from semana.stores.home import Stores

LIVE = "drift/live.json"  # the report of the last look at the running week


def figures(stores: Stores) -> list[dict[str, Any]]:
    """The realised figures of champion and shadow in every reviewed week, oldest first."""
    weeks = stores.lake.weeks(catalog.PERFORMANCE)
    return [row for week in weeks for row in stores.lake.read(catalog.PERFORMANCE, week).to_dicts()]


def parts(stores: Stores) -> pl.DataFrame:
    """The parts of every reviewed list, with the week; empty where none is kept."""
    kept = [
        stores.lake.read(catalog.PERFORMANCE_PARTS, week).select(pl.lit(str(week)).alias(s.WEEK), pl.all())
        for week in stores.lake.weeks(catalog.PERFORMANCE_PARTS)
    ]
    return pl.concat(kept) if kept else pl.DataFrame()


def recent(stores: Stores, *, before: Week) -> list[dict[str, Any]]:
    """The realised figures of the champion's lists of the weeks before `before`, oldest first."""
    weeks = [week for week in stores.lake.weeks(catalog.PERFORMANCE) if week < before]
    rows = (stores.lake.read(catalog.PERFORMANCE, week) for week in weeks)
    return [frame.filter(pl.col("role") == "champion").row(0, named=True) for frame in rows]


def estimate(stores: Stores) -> dict[str, Any] | None:
    """What the current list can be expected to reach; None without one, and once its week has a truth."""
    manifest = stores.publications.current_manifest()
    if manifest is None or stores.lake.has(catalog.PERFORMANCE, week := Week.parse(manifest["week"])):
        return None
    champions = recent(stores, before=week)
    past = [(row["expected_f1"], row["f1"]) for row in champions if row.get("expected_f1")]
    promise = promised(listed_pairs(stores, week, manifest), manifest)
    return {s.WEEK: str(week), **vars(estimated(promise, past)), "note": left_repeatedly(past)}


def promised(listed: pl.DataFrame, manifest: dict[str, Any]) -> float:
    """The F1 that the list's own probabilities promise."""
    return expected_f1(listed, total=manifest["level"]["total"])


def listed_pairs(stores: Stores, week: Week, manifest: dict[str, Any]) -> pl.DataFrame:
    """The pairs of a revision of the week, as they are judged."""
    rows = stores.publications.predictions(week, int(manifest["rev"]))
    return collected(rows.select(*s.PAIR, s.PROBABILITY, s.RECOMMENDED, s.KIND))


def newest_drift_or_none(stores: Stores) -> dict[str, Any] | None:
    """The same; None where none has."""
    looked = stores.runs.newest("drift")
    return looked.recall("drift") if looked else None


def live_drift(stores: Stores) -> dict[str, Any] | None:
    """The running week as it was last looked at; None where it never was."""
    path = stores.home / LIVE
    return dict(json.loads(path.read_bytes())) if path.exists() else None


def newest_drift(stores: Stores) -> dict[str, Any]:
    """The report of the newest run that looked for drift; raises UsageError where none has."""
    found = newest_drift_or_none(stores)
    if found is None:
        raise UsageError("nothing has been judged yet. Run: semana run")
    return found
