"""Bundles: the files of one model, in a folder named by the hash of their contents.

Loading trusts nothing: the hashes first, then a child process loads the bundle and scores its smoke rows (a damaged
model file can abort a process), and only then this process, from the very bytes that were hashed. Nothing of a bundle
is ever run: its files are JSON, text and Parquet, and one that is not named in the manifest is refused unread.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.errors import ConfigurationError, ContractError
from semana.features.contract import feature_contract, unsupported
from semana.models import MODELS
from semana.models.base import Rows
from semana.models.scorer import Recipe, Scorer
from semana.stores import files
from semana.stores.smoke import MANIFEST, SMOKE

FORMAT = 1
RECIPE = "recipe.json"
_LIBRARIES = ("lightgbm", "numpy", "scipy")
_ID = re.compile(r"[0-9a-f]{16}")
_SEAL = "seal"
_SMOKE_SECONDS = 120
_log = logging.getLogger(__name__)


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
        manifest = _sealed(
            {
                "format": FORMAT,
                "id": bundle,
                "files": hashes,
                "libraries": libraries,
                "feature_contract": feature_contract(scorer.recipe.features),
            }
        )
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
        contents = self._contents(bundle)
        self.smoke(bundle)
        return Scorer.from_contents({name: content for name, content in contents.items() if name != SMOKE})

    def recipe(self, bundle: str) -> Recipe:
        """How the bundle was made."""
        return Recipe.from_json(_without_metrics(self._contents(bundle)))

    def metrics(self, bundle: str) -> dict[str, float]:
        """How its judged twin did on the gate weeks."""
        metrics: dict[str, float] = json.loads(self._contents(bundle)[RECIPE])["metrics"]
        return metrics

    def card(self, bundle: str) -> str:
        """The bundle's card: a page that a person can read."""
        return self._contents(bundle)["card.md"].decode()

    def smoke_probabilities(self, bundle: str) -> NDArray[np.float64]:
        """What the bundle says of its smoke rows."""
        return pl.read_parquet(self._contents(bundle)[SMOKE])[s.PROBABILITY].to_numpy()

    def all(self) -> list[str]:
        """The ids of all bundles."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{MANIFEST}"))

    def verify(self, bundle: str) -> None:
        """Raises ContractError where a file is missing, changed or added."""
        self._contents(bundle)

    def unsupported(self, bundle: str) -> str | None:
        """Why this code can no longer feed the bundle's model; None where it can. Raises ContractError as `verify`."""
        contents = self._contents(bundle)
        recipe = Recipe.from_json(_without_metrics(contents))
        if recipe.family not in MODELS:
            return f"its family {recipe.family} is no longer among the models"
        return unsupported(recipe.features, self._manifest(bundle)["feature_contract"])

    def can_score(self, bundle: str) -> bool:
        """Whether it is undamaged and supported; what speaks against a damaged one is logged."""
        try:
            return self.unsupported(bundle) is None
        except (ContractError, ConfigurationError) as err:
            _log.warning("passed over: %s", err)
            return False

    def fault(self, bundle: str) -> str | None:
        """Why the bundle may not serve: damaged, no longer supported, or it fails in a clean process; None: it may."""
        try:
            reason = self.unsupported(bundle)
            if reason is None:
                self.smoke(bundle)
        except (ContractError, ConfigurationError) as err:
            return str(err)
        return f"bundle {bundle}: {reason}. Train again: semana run --retrain always" if reason else None

    def _contents(self, bundle: str) -> dict[str, bytes]:
        """The files of the bundle as they were saved, by name; raises ContractError naming those that are not."""
        manifest = self._manifest(bundle)
        hashes = manifest["files"]
        contents, wrong = files.read_sealed(self.folder / bundle, hashes, beside=MANIFEST)
        if not wrong and hashlib.sha256(files.to_json(hashes)).hexdigest()[:16] != bundle:
            wrong = [MANIFEST]
        if wrong:
            raise _damaged(bundle, ", ".join(wrong))
        return contents

    def _manifest(self, bundle: str) -> dict[str, Any]:
        if not _ID.fullmatch(bundle):
            raise ContractError(
                f"{bundle!r} is no bundle id: 16 digits from 0 to f were expected. Look into the ledger."
            )
        path = self.folder / bundle / MANIFEST
        if not path.is_file() or path.is_symlink():
            raise ContractError(f"bundle {bundle}: not there or without its manifest. Restore it from a backup.")
        try:
            manifest: dict[str, Any] = json.loads(path.read_bytes())
            whole = manifest == _sealed(manifest) and isinstance(manifest["files"], dict)
            newer = int(manifest["format"]) > FORMAT
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as err:
            raise _damaged(bundle, MANIFEST) from err
        if newer and whole:
            raise ConfigurationError(
                f"bundle {bundle}: format {manifest['format']}, this semana reads up to {FORMAT}. Update semana."
            )
        if not whole:
            raise _damaged(bundle, MANIFEST)
        return manifest

    def smoke(self, bundle: str) -> None:
        """Loads and scores the bundle in a child process, once; raises ContractError with its words if that fails."""
        if bundle in self._served:
            return
        # -P: what lies in the working directory is no module of ours.
        command = [sys.executable, "-P", "-m", "semana.stores.smoke", str(self.folder / bundle)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=_SMOKE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as err:
            raise ContractError(
                f"bundle {bundle}: does not serve in a clean process (no answer in {_SMOKE_SECONDS} s). Train again."
            ) from err
        if done.returncode:
            words = (done.stderr.strip().splitlines() or ["no words"])[-1]
            raise ContractError(
                f"bundle {bundle}: does not serve in a clean process (exit {done.returncode}: {words}). "
                f"Train again, or restore the bundle from a backup."
            )
        self._served.add(bundle)


def _without_metrics(contents: dict[str, bytes]) -> dict[str, Any]:
    return {name: value for name, value in json.loads(contents[RECIPE]).items() if name != "metrics"}


def _sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with the hash of all else that it says: the bundle's id covers its files alone."""
    said = {name: value for name, value in manifest.items() if name != _SEAL}
    return {**said, _SEAL: hashlib.sha256(files.to_json(said)).hexdigest()}


def _damaged(bundle: str, names: str) -> ContractError:
    return ContractError(f"bundle {bundle}: {names} is not what was saved. Restore the folder from a backup.")


def _smoke_bytes(scorer: Scorer, rows: Rows) -> bytes:
    frame = pl.DataFrame(rows.values, schema=list(rows.names), orient="row")
    buffer = io.BytesIO()
    frame.with_columns(pl.Series(s.PROBABILITY, scorer.probabilities(rows))).write_parquet(buffer)
    return buffer.getvalue()
