"""Bundles: the files of one model, in a folder named by the hash of their contents.

Loading trusts nothing: the hashes first, then a child process loads the bundle and scores its smoke rows (a damaged
model file can abort a process), and only then this process.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.errors import ConfigurationError, ContractError
from semana.models.base import Rows
from semana.models.scorer import Scorer
from semana.stores import files

FORMAT = 1
MANIFEST = "manifest.json"
SMOKE = "smoke.parquet"
_LIBRARIES = ("lightgbm", "numpy", "scipy")


class Bundles:
    """The bundles under `folder`, by id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._served: set[str] = set()

    def save(self, scorer: Scorer, smoke: Rows) -> str:
        """Writes the bundle of `scorer` with `smoke` rows and their probabilities; returns its id.

        The id is the hash of the content files: the same data, recipe and seed give the same id.
        """
        contents = {**scorer.contents(), SMOKE: _smoke_bytes(scorer, smoke)}
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
        bundle = hashlib.sha256(files.to_json(hashes)).hexdigest()[:16]
        if (self.folder / bundle).is_dir():
            self.verify(bundle)
            return bundle
        libraries = {name: version(name) for name in _LIBRARIES}
        manifest = {"format": FORMAT, "id": bundle, "files": hashes, "libraries": libraries}
        scratch = files.temporary(self.folder / bundle)
        scratch.mkdir()
        for name, content in {**contents, MANIFEST: files.to_json(manifest)}.items():
            (scratch / name).write_bytes(content)
        try:
            files.switch_folder(scratch, self.folder / bundle)
        except FileExistsError:
            shutil.rmtree(scratch)
        return bundle

    def load(self, bundle: str) -> Scorer:
        """The scorer of a bundle; raises ContractError naming what is wrong with it."""
        self.verify(bundle)
        self.smoke(bundle)
        return read_scorer(self.folder / bundle)

    def card(self, bundle: str) -> str:
        """The bundle's card: a page that a person can read."""
        self.verify(bundle)
        return (self.folder / bundle / "card.md").read_text()

    def smoke_probabilities(self, bundle: str) -> NDArray[np.float64]:
        """What the bundle says of its smoke rows."""
        self.verify(bundle)
        return pl.read_parquet(self.folder / bundle / SMOKE)[s.PROBABILITY].to_numpy()

    def all(self) -> list[str]:
        """The ids of all bundles."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{MANIFEST}"))

    def verify(self, bundle: str) -> None:
        """Raises ContractError where a file is missing, changed or added."""
        folder = self.folder / bundle
        if not (folder / MANIFEST).is_file():
            raise ContractError(f"bundle {bundle}: not there or without its manifest. Restore it from a backup.")
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if manifest["format"] > FORMAT:
            raise ConfigurationError(
                f"bundle {bundle}: format {manifest['format']}, this semana reads up to {FORMAT}. Update semana."
            )
        found = {path.name: files.sha256(path) for path in folder.iterdir() if path.name != MANIFEST}
        wrong = sorted(set(found.items()) ^ set(manifest["files"].items()))
        if wrong or hashlib.sha256(files.to_json(manifest["files"])).hexdigest()[:16] != bundle:
            named = ", ".join(sorted({name for name, _ in wrong})) or MANIFEST
            raise ContractError(f"bundle {bundle}: {named} is not what was saved. Restore the folder from a backup.")

    def smoke(self, bundle: str) -> None:
        """Loads and scores the bundle in a child process, once; raises ContractError with its words if that fails."""
        if bundle in self._served:
            return
        command = [sys.executable, "-m", "semana.stores.smoke", str(self.folder / bundle)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            words = (done.stderr.strip().splitlines() or ["no words"])[-1]
            raise ContractError(
                f"bundle {bundle}: does not serve in a clean process (exit {done.returncode}: {words}). "
                f"Train again, or restore the bundle from a backup."
            )
        self._served.add(bundle)


def read_scorer(folder: Path) -> Scorer:
    """The scorer in a verified bundle folder."""
    return Scorer.from_contents(
        {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in (MANIFEST, SMOKE)}
    )


def _smoke_bytes(scorer: Scorer, rows: Rows) -> bytes:
    frame = pl.DataFrame(rows.values, schema=list(rows.names), orient="row")
    buffer = io.BytesIO()
    frame.with_columns(pl.Series(s.PROBABILITY, scorer.probabilities(rows))).write_parquet(buffer)
    return buffer.getvalue()
