"""What the source promises: every file and public function says what it is, files stay short, nothing is unpickled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from semana.data.catalog import DATASETS
from tests.house.tree import PURE_ROOMS, SRC, modules, read

LONGEST = 350


def undocumented(tree: ast.Module) -> Iterator[str]:
    """The public functions and classes of a module without a docstring, methods included."""
    for node in ast.walk(tree):
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and not node.name.startswith("_") and not ast.get_docstring(node):
            yield node.name


def forbidden(tree: ast.Module) -> Iterator[str]:
    """The names in a module that would run code found in data: pickle and its kin, eval, exec."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            yield from (name for name in names if re.match(r"(pickle|cloudpickle|joblib|dill|shelve|marshal)\b", name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
            yield node.func.id


def test_every_file_says_what_it_holds() -> None:
    assert len(modules()) > 10
    assert [str(path) for path, tree in modules().items() if not ast.get_docstring(tree)] == []


def test_no_file_holds_more_than_one_idea() -> None:
    assert {str(p): n for p in modules() if (n := len((SRC / p).read_text().splitlines())) > LONGEST} == {}


def test_public_functions_of_the_pure_rooms_promise_something() -> None:
    rooms = {path: tree for path, tree in modules().items() if path.parts[0] in PURE_ROOMS}
    assert {path.parts[0] for path in rooms} == set(PURE_ROOMS)
    assert {str(path): found for path, tree in rooms.items() if (found := list(undocumented(tree)))} == {}


def test_nothing_is_unpickled_or_evaluated() -> None:
    assert {str(path): found for path, tree in modules().items() if (found := list(forbidden(tree)))} == {}


def unnoted(tree: ast.Module) -> Iterator[str]:
    """The calls in a module that read or write Parquet files beside `stores.datasets`, which notes their size."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("scan_parquet", "write_parquet", "sink_parquet"):
            yield node.attr


def test_no_dataset_is_read_or_written_without_its_size_being_noted() -> None:
    # Smoke rows, frozen sets and deliveries are no datasets; engines are asked by `datasets` alone, which notes.
    apart = {"datasets", "bundle", "golden", "slices", "reading", "engine", "duck", "spark"}
    found = {path.stem: calls for path, tree in modules().items() if (calls := list(unnoted(tree)))}
    assert set(found) == apart
    assert list(unnoted(ast.parse("pl.scan_parquet(path)"))) == ["scan_parquet"]


@pytest.mark.parametrize("code", ["import pickle", "from joblib import load", "x = eval('1')", "exec('x = 1')"])
def test_the_check_for_unpickling_finds_what_is_planted(code: str) -> None:
    assert list(forbidden(ast.parse(code)))


def test_the_check_for_docstrings_finds_what_is_planted() -> None:
    assert list(undocumented(ast.parse("def load(): ...\nclass Lake:\n  '''A.'''\n  def read(self): ..."))) == [
        "load",
        "read",
    ]


def test_every_dataset_begins_with_its_grain() -> None:
    assert [dataset.name for dataset in DATASETS if not dataset.grain.startswith("One row per ")] == []
    assert len({dataset.name for dataset in DATASETS}) == len(DATASETS)
    assert len({dataset.path for dataset in DATASETS}) == len(DATASETS)


def test_every_key_is_a_column_of_its_dataset() -> None:
    assert [(d.name, column) for d in DATASETS for column in d.key if column not in d.columns] == []


def test_column_names_are_spelled_in_one_place() -> None:
    schemas = dict(re.findall(r'^([A-Z_]+) = "(\w+)"$', (SRC / "data" / "schemas.py").read_text(), re.MULTILINE))
    ids = {schemas["CUSTOMER_ID"], schemas["PRODUCT_ID"]}
    wrong = {
        str(path): sorted(ids & {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value in ids})
        for path, tree in modules().items()
        if path != Path("data/schemas.py")
    }
    assert {path: found for path, found in wrong.items() if found} == {}


def test_ci_runs_what_everybody_runs() -> None:
    assert "run: bash .ci/run" in read(".github/workflows/ci.yml")
    steps = [line.split()[1:] for line in read(".ci/run").splitlines() if line.startswith("make ")]
    assert steps == [["check"], ["test"], ["test-serving"], ["-j2", "test-airflow", "test-stack"]]
