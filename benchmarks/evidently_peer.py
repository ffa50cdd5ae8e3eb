"""Evidently's drift preset on frames that `benchmarks.drift` left: a program of its own environment.

`python evidently_peer.py FOLDER`: for each pair NAME-now.parquet and NAME-then.parquet in it, a line of JSON with name,
share of drifted columns, and seconds.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["DO_NOT_TRACK"] = "1"

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

for path in sorted(Path(sys.argv[1]).glob("*-now.parquet")):
    name = path.name.removesuffix("-now.parquet")
    now, then = (pd.read_parquet(path.with_name(f"{name}-{which}.parquet")) for which in ("now", "then"))
    began = time.perf_counter()
    found = Report([DataDriftPreset()]).run(now, then).dict()["metrics"][0]["value"]
    print(json.dumps({"name": name, "share": found["share"], "seconds": time.perf_counter() - began}), flush=True)
