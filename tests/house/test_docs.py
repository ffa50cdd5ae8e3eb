"""The docs name every setting with its true default, every param's reason, every dataset, command and exit code."""

from __future__ import annotations

import re

import yaml
from typer.main import get_command

from semana.cli import BUG, EXIT_CODES, app
from semana.data.catalog import DATASETS
from semana.pipeline import STEPS
from semana.settings import Settings
from tests.house.tree import ROOT, SRC, read

OPERATIONS = "docs/operations.md"


def table(text: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table under `heading`, by their first cell without backticks."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): row[1:] for row in rows[2:]}


def unexplained(params: str) -> list[str]:
    """The keys of params.yaml without a comment above them.

    A comment covers the key below it, and the keys that follow directly and share a word with it (low and high).
    """
    found = []
    covered: set[str] = set()
    commented = False
    for line in params.splitlines():
        if line.strip().startswith("#"):
            commented, covered = True, set()
        elif key := re.match(r"  (\w+):", line):
            words = set(key[1].split("_"))
            if not commented and not words & covered:
                found.append(key[1])
            covered = words
            commented = False
        else:
            commented, covered = False, set()
    return found


def test_every_setting_stands_in_the_docs_with_its_true_default() -> None:
    documented = {name: row[0].strip("`") for name, row in table(read(OPERATIONS), "Settings").items()}
    true = {
        str(field.validation_alias or f"SEMANA_{name.upper()}"): str(field.default or "none").removeprefix(f"{ROOT}/")
        for name, field in Settings.model_fields.items()
    }
    assert documented == true


def test_every_param_has_its_reason_above_it() -> None:
    text = read("params.yaml")
    keys = sum(len(section) for section in yaml.safe_load(text).values())
    assert keys > 20
    assert len(re.findall(r"^  \w+:", text, re.MULTILINE)) == keys
    assert unexplained(text) == []


def test_the_check_of_the_params_finds_what_is_planted() -> None:
    planted = (
        "models:\n  # Why so much.\n  decay: 0.9\n  seed: 1\ngate:\n  # Between.\n  v_low: 1\n  v_high: 2\n  mode: x\n"
    )
    assert unexplained(planted) == ["seed", "mode"]


def test_every_dataset_stands_in_the_docs() -> None:
    headings = re.findall(r"^## (\w+)$", read("docs/tables.md"), re.MULTILINE)
    assert headings == [dataset.name for dataset in DATASETS]


def test_every_folder_of_the_home_stands_in_the_docs() -> None:
    documented = {name.split("/")[0] for name in table(read(OPERATIONS), "The home")}
    assert {dataset.path.split("/")[0] for dataset in DATASETS} <= documented
    assert {"drop", "landing", "rejected", "bundles", "ledger", "runs", "leases", "format.json"} <= documented


def test_every_exit_code_stands_in_the_docs() -> None:
    promised = {error.__name__: re.findall(r"exit (\d+)", error.__doc__ or "") for error in EXIT_CODES}
    assert promised == {error.__name__: [str(code)] for error, code in EXIT_CODES.items()}
    assert set(table(read(OPERATIONS), "Exit codes")) == {str(code) for code in (0, BUG, 130, *EXIT_CODES.values())}


def test_every_command_stands_in_the_docs() -> None:
    assert set(table(read(OPERATIONS), "Commands")) == set(get_command(app).commands)


def test_every_module_that_the_tour_names_is_there() -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", read("docs/tour.md")))
    assert len(named) > 15
    assert sorted(name for name in named if not (SRC / name).is_file()) == []


def test_every_step_stands_in_the_tour_in_its_order() -> None:
    tour = read("docs/tour.md")
    assert re.findall(r"^\*\*\d+\. [\w ]+\*\* \(`pipeline/(\w+)\.py`\)", tour, re.MULTILINE) == [
        step.name for step in STEPS
    ]
    assert f"{len(STEPS)}. {STEPS[-1].name.title()}" in tour


def test_every_link_between_the_docs_leads_somewhere() -> None:
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
        (ROOT / "docs").rglob("*.md")
    )
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
    assert len(links) > 5
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_every_change_is_one_line() -> None:
    versions = read("CHANGELOG.md").split("\n## ", 1)[1]
    lines = [line for line in versions.splitlines()[1:] if line and not line.startswith("## ")]
    assert lines
    assert [line for line in lines if not line.startswith("- ")] == []


def test_every_decision_is_half_a_page_with_a_number() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    assert {path.name: n for path in decisions if (n := len(path.read_text().splitlines())) > 40} == {}
