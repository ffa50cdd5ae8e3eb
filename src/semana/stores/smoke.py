"""The child process that loads a bundle and scores its smoke rows: it ends with 0 only if they come out as saved.

It imports what serves and nothing else: LightGBM looks for pandas, which no container that serves has.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.models.base import Rows
from semana.models.scorer import Scorer

SMOKE = "smoke.parquet"
MANIFEST = "manifest.json"
TOLERANCE = 1e-9


def main(folder: Path) -> int:
    """Scores the bundle in `folder`; 0 where every probability is as saved, else 1 with the largest difference."""
    saved = pl.read_parquet(folder / SMOKE, glob=False)
    expected = saved[s.PROBABILITY].to_numpy()
    features = saved.drop(s.PROBABILITY)
    rows = Rows(names=tuple(features.columns), values=features.to_numpy())
    contents = {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in (SMOKE, MANIFEST)}
    difference = float(np.max(np.abs(Scorer.from_contents(contents).probabilities(rows) - expected), initial=0.0))
    if not difference <= TOLERANCE:
        print(f"smoke rows differ by up to {difference:.3g}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.modules["pandas"] = None  # type: ignore[assignment]  # importing it raises
    sys.exit(main(Path(sys.argv[1])))
