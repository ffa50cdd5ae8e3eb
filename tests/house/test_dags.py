"""The DAGs are thin, know Airflow by its task SDK alone and nothing of semana, and their settings stand in the docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.tree import ROOT, read

DAGS = ROOT / "dags"
FILES = sorted(DAGS.rglob("*.py"))
FLAG_TRIGGER = ("airflow.triggers.base", "airflow.triggers.shared_stream")
LONGEST = 120  # lines of a file that says when, in what order and how often to retry


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that are imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def wrong(module: str) -> bool:
    """Whether a DAG may not import it: semana itself, or Airflow beside its task SDK and the flag's trigger."""
    ours = module == "semana" or module.startswith("semana.")
    airflow = module.split(".", maxsplit=1)[0] == "airflow" and not re.match(r"airflow\.sdk(\.|$)", module)
    return ours or (airflow and module not in FLAG_TRIGGER)


def settings() -> dict[str, str]:
    """The names that the settings of the DAGs read from the environment, with their defaults."""
    tree = ast.parse((DAGS / "semana_airflow" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    reads = [node for node in calls if node.args and ast.unparse(node.args[0]).startswith("'SEMANA_")]
    return dict([ast.literal_eval(value) for value in node.args] for node in reads)


def test_dags_import_the_task_sdk_and_nothing_of_semana() -> None:
    assert len(FILES) > 5
    found = {path.name: [name for name in imported(ast.parse(path.read_text())) if wrong(name)] for path in FILES}
    assert {name: modules for name, modules in found.items() if modules} == {}


@pytest.mark.parametrize("module", ["semana", "semana.pipeline", "airflow", "airflow.models", "airflow.sdks"])
def test_the_check_of_imports_finds_what_is_planted(module: str) -> None:
    assert wrong(module)


def test_a_dag_holds_no_loop_no_branch_and_no_more_than_a_screenful_or_two() -> None:
    for path in DAGS.glob("*.py"):
        text = path.read_text()
        busy = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For | ast.While | ast.If | ast.Try)]
        assert busy == []
        assert len(text.splitlines()) <= LONGEST


def test_every_setting_of_the_dags_stands_in_the_docs_with_its_true_default() -> None:
    rows = re.findall(r"^\| `(SEMANA_\w+)` \| `([^`]*)` \|", read("docs/airflow.md"), re.MULTILINE)
    assert dict(rows) == settings()


def test_every_task_stands_in_the_docs() -> None:
    text = read("dags/semana_weekly.py")
    tasks = set(re.findall(r'(?:task_id=|step\(\s*|task=)"(\w+)"', text))
    assert len(tasks) == 12
    documented = set(re.findall(r"^\| `(\w+)` \|", read("docs/airflow.md"), re.MULTILINE))
    assert tasks <= documented


def test_the_package_beside_the_dags_is_not_taken_for_one() -> None:
    assert (DAGS / ".airflowignore").read_text().split() == ["semana_airflow/"]
