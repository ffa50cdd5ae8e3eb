"""The same trees behind `mlflow models serve` and BentoML, asked for the chances of one customer's candidates.

They get the features with the request and give chances back; features of purchases, reasons and lists are not theirs.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
import psutil

from benchmarks.asking import Asker, ready
from benchmarks.page import PEERS

HERE = Path(__file__).parent
BIN = PEERS.parent
Answers = dict[str, Sequence[float]]  # seconds of each answer, by kind
PORT, ROWS, TIMES = 8795, 60, 200


def rows_of_peers(bundle: Path, answers: Answers) -> Iterator[str]:
    """A line of the table for each peer on the model of the bundle; that they are not there, where they are not."""
    if not (BIN / "bentoml").exists():
        yield "| `mlflow models serve`, BentoML | not measured: make peers | | |"
        return
    model = bundle / "model.txt"
    booster = lightgbm.Booster(model_file=str(model))
    rows = pl.read_parquet(bundle / "smoke.parquet").select(booster.feature_name()).head(ROWS)
    expected = np.asarray(booster.predict(rows.to_numpy()))
    values = [[None if value is None or np.isnan(value) else float(value) for value in row] for row in rows.rows()]
    split = {"columns": rows.columns, "data": values}
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        subprocess.run([BIN / "python", HERE / "mlflow_peer.py", model, saved], check=True, capture_output=True)
        serve = ["mlflow", "models", "serve", "-m", str(saved), "-p", str(PORT), "--env-manager", "local"]
        with served(serve, "/ping") as process:
            answers["mlflow models serve"] = asked("/invocations", {"dataframe_split": split}, expected)
            yield line("`mlflow models serve`", len(values), answers["mlflow models serve"], process)
        serve = ["bentoml", "serve", "bento_peer:Peer", "--port", str(PORT), "--working-dir", str(HERE)]
        with served(serve, "/readyz", MODEL=str(model)) as process:
            answers["BentoML"] = asked("/predict", {"rows": values}, expected)
            yield line("BentoML", len(values), answers["BentoML"], process)


def asked(path: str, content: object, expected: np.ndarray) -> list[float]:
    """Seconds of each of many answers; raises RuntimeError where one gives other chances than the model itself."""
    ask = Asker(PORT)
    said = json.loads(ask.post(path, content))
    found = said["predictions"] if isinstance(said, dict) else said
    if not np.allclose(found, expected):
        raise RuntimeError(f"{path} gives other chances: {found[:3]}, {expected[:3]} were expected")
    return [ask.timed(path, content) for _ in range(TIMES)]


def line(peer: str, rows: int, seconds: Sequence[float], process: psutil.Process) -> str:
    """The peer's line of the table."""
    p95, median = 1000 * np.quantile(seconds, 0.95), 1000 * statistics.median(seconds)
    memory = sum(each.memory_info().rss for each in [process, *process.children(recursive=True)]) / 2**20
    return (
        f"| for comparison: {peer}, {rows} rows of features in, chances out, p95 | {p95:.1f} ms (median "
        f"{median:.1f}); {memory:.0f} MB | | |"
    )


@contextmanager
def served(command: Sequence[str], path: str, **environment: str) -> Iterator[psutil.Process]:
    """The peer's server, ready; ended with all that it started."""
    quiet = {"BENTOML_DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **quiet, **environment}
    with subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            ready(PORT, path)
            yield psutil.Process(process.pid)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            time.sleep(2)
            os.killpg(process.pid, signal.SIGKILL)
