"""Bundles: what was tampered with is refused by its hash, the file is named, no code runs, the process lives."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from semana.errors import ConfigurationError, ContractError
from semana.evaluation.cuts import Cuts
from semana.evaluation.race import fit_scorers
from semana.features.build import FEATURES
from semana.features.examples import ALL
from semana.models.base import Rows, rows_from
from semana.models.scorer import Scorer
from semana.stores import bundle as module
from semana.stores import files
from semana.stores.bundle import Bundles
from tests import shop
from tests.features import known

CUTS = Cuts((shop.FIRST + 16, shop.FIRST + 17), (shop.FIRST + 18, shop.FIRST + 19), ())
PLANTED = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    boosting = known.PARAMS.models.boosting.model_copy(update={"trees": 10, "rows_per_leaf": 20})
    models = known.PARAMS.models.model_copy(update={"boosting": boosting})
    params = known.PARAMS.model_copy(update={"models": models})
    return fit_scorers(["boosting"], known.examples, known.totals(), CUTS, params, share=ALL, contracts={})["boosting"]


@pytest.fixture(scope="module")
def rows() -> Rows:
    return rows_from(known.examples(shop.FIRST + 20).head(40), FEATURES)


@pytest.fixture(scope="module")
def _saved(scorer: Scorer, rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("saved") / "bundles"
    return folder, Bundles(folder).save(scorer, rows)


@pytest.fixture
def place(_saved: tuple[Path, str], tmp_path: Path) -> Path:
    """The folder of a bundle, to damage."""
    folder, name = _saved
    shutil.copytree(folder, tmp_path / "bundles")
    return tmp_path / "bundles" / name


def flip_a_bit(place: Path) -> str:
    content = bytearray((place / "model.txt").read_bytes())
    content[len(content) // 2] ^= 1
    (place / "model.txt").write_bytes(content)
    return "model.txt"


def change_a_digit(place: Path) -> str:
    text = (place / "calibration.json").read_text()
    at = next(n for n, letter in enumerate(text) if letter in "12345678")
    (place / "calibration.json").write_text(text[:at] + str(int(text[at]) + 1) + text[at + 1 :])
    return "calibration.json"


def cut_off(place: Path) -> str:
    (place / "model.txt").write_bytes((place / "model.txt").read_bytes()[:-400])
    return "model.txt"


def add_a_byte(place: Path) -> str:
    with (place / "recipe.json").open("ab") as file:
        file.write(b" ")
    return "recipe.json"


def swap_two(place: Path) -> str:
    (place / "features.json").rename(place / "x")
    (place / "boosting.json").rename(place / "features.json")
    (place / "x").rename(place / "boosting.json")
    return "boosting.json, features.json"


def remove_one(place: Path) -> str:
    (place / "smoke.parquet").unlink()
    return "smoke.parquet"


def edit_the_manifest(place: Path) -> str:
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["libraries"]["lightgbm"] = "0.0.1"
    (place / "manifest.json").write_text(json.dumps(manifest))
    return "manifest.json"


def edit_file_and_manifest(place: Path) -> str:
    """All hashes fit one another; the id, which the ledger keeps, is that of other files."""
    add_a_byte(place)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["files"]["recipe.json"] = module.files.sha256(place / "recipe.json")
    (place / "manifest.json").write_bytes(module.files.to_json(module._sealed(manifest)))
    return "manifest.json"


def cut_off_the_manifest(place: Path) -> str:
    (place / "manifest.json").write_text('{"format": 1')
    return "manifest.json"


def link_a_file(place: Path) -> str:
    (place / "card.md").rename(place.parent / "card.md")
    (place / "card.md").symlink_to(place.parent / "card.md")
    return "card.md"


def name_a_file_elsewhere(place: Path) -> str:
    (place / "card.md").rename(place.parent / "card.md")
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["files"]["../card.md"] = manifest["files"].pop("card.md")
    (place / "manifest.json").write_bytes(module.files.to_json(module._sealed(manifest)))
    return "../card.md"


def plant_a_pickle(place: Path) -> str:
    (place / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    return "model.pkl"


def plant_an_mlmodel(place: Path) -> str:
    (place / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: loader\n")
    (place / "loader.py").write_text(PLANTED)
    return "MLmodel, loader.py"


def plant_a_folder(place: Path) -> str:
    (place / "code").mkdir()
    (place / "code" / "polars.py").write_text(PLANTED)
    return "code"


DAMAGES = [
    flip_a_bit,
    change_a_digit,
    cut_off,
    add_a_byte,
    swap_two,
    remove_one,
    edit_the_manifest,
    edit_file_and_manifest,
    cut_off_the_manifest,
    link_a_file,
    name_a_file_elsewhere,
    plant_a_pickle,
    plant_an_mlmodel,
    plant_a_folder,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_what_was_tampered_with_is_refused_by_its_hash_and_named(
    place: Path, damage: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = damage(place)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: pytest.fail("a child process was started"))
    with pytest.raises(ContractError, match=f"{named} is not what was saved"):
        Bundles(place.parent).load(place.name)
    assert not list(place.parent.rglob("ran"))


def test_a_bundle_that_is_a_link_is_refused(place: Path, tmp_path: Path) -> None:
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ContractError, match="a link"):
        Bundles(place.parent).load(place.name)


@pytest.mark.parametrize("name", ["../bundles", "..", "", "0123456789ABCDEF", "/etc", "0123456789abcdef/.."])
def test_a_name_that_is_no_bundle_id_is_never_looked_up(place: Path, name: str) -> None:
    with pytest.raises(ContractError, match="is no bundle id"):
        Bundles(place.parent).load(name)


def test_an_undamaged_bundle_loads_and_scores_as_saved(place: Path, scorer: Scorer, rows: Rows) -> None:
    bundles = Bundles(place.parent)
    assert np.array_equal(bundles.load(place.name).probabilities(rows), scorer.probabilities(rows))
    assert bundles.fault(place.name) is None


def test_a_model_file_that_kills_its_process_kills_only_the_child(scorer: Scorer, rows: Rows, tmp_path: Path) -> None:
    """Saved with fitting hashes: LightGBM aborts while it reads what was cut off, and this process lives to say so."""

    class Broken(Scorer):
        def contents(self) -> dict[str, bytes]:
            whole = super().contents()
            return {**whole, "model.txt": whole["model.txt"][: len(whole["model.txt"]) // 2]}

    bundles = Bundles(tmp_path)
    name = bundles.save(Broken(scorer.recipe, scorer.model, scorer.calibration, {}), rows)
    with pytest.raises(ContractError, match=r"does not serve in a clean process \(exit"):
        bundles.load(name)


def test_modules_in_the_working_directory_are_not_run(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "polars.py").write_text(PLANTED)
    monkeypatch.chdir(tmp_path)
    Bundles(place.parent).load(place.name)
    assert not (tmp_path / "ran").exists()


TRAINING = (
    "optuna",
    "mlflow",
    "sqlalchemy",
    "pandera",
    "holidays",
    "scipy.optimize",
    "scipy.special",
    "jinja2",
    "rich",
)
SERVE = """
import sys
for name in {training}:
    sys.modules[name] = None  # importing it raises
from pathlib import Path
from semana.stores.bundle import Bundles
scorer = Bundles(Path(sys.argv[1])).load(sys.argv[2])
import semana.stores.smoke as smoke
sys.exit(smoke.main(Path(sys.argv[1]) / sys.argv[2]))
"""


def test_a_bundle_loads_where_the_training_libraries_are_absent(place: Path) -> None:
    command = [sys.executable, "-c", SERVE.format(training=TRAINING), str(place.parent), place.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_bundle_of_a_newer_format_asks_for_a_newer_semana(place: Path) -> None:
    manifest = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(ContractError, match="not what was saved"):  # a flipped bit, and no newer semana
        Bundles(place.parent).load(place.name)
    said = {name: value for name, value in manifest.items() if name != "seal"} | {"format": 99}
    newer = said | {"seal": hashlib.sha256(files.to_json(said)).hexdigest()}
    (place / "manifest.json").write_text(json.dumps(newer))
    with pytest.raises(ConfigurationError, match="Update semana"):
        Bundles(place.parent).load(place.name)


def test_a_bundle_whose_features_are_made_no_longer_is_marked(scorer: Scorer, rows: Rows, tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    names = (*scorer.recipe.features[:-1], "gone")
    name = bundles.save(replace(scorer, recipe=replace(scorer.recipe, features=names)), Rows(names, rows.values))
    assert "made no longer: gone" in str(bundles.unsupported(name))
    assert "semana run --retrain always" in str(bundles.fault(name))


def test_a_bundle_whose_features_changed_their_meaning_is_marked(
    scorer: Scorer, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundles = Bundles(tmp_path)
    name = bundles.save(scorer, rows)
    monkeypatch.setattr("semana.features.contract.MEANING", 2)
    assert bundles.unsupported(name) == "its features have another meaning now"
