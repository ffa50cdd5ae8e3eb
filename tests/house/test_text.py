"""The text of the tree names no package registry and no path of anyone's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked

# Names are put together here so that this file does not hold them itself.
DOT = "."
LOCKS = ("semana", "api", "ui", "build", "dev", "airflow", "airflow-stack", "mlflow", "stack", "audit", "peers")
REGISTRIES = [
    DOT.join(parts)
    for parts in (
        ("pypi", "org"), ("pypi", "python", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
        ("yarnpkg", "com"), ("debian", "org"), ("archive", "ubuntu", "com"), ("security", "ubuntu", "com"),
        ("anaconda", "org"), ("conda", "io"), ("crates", "io"), ("rubygems", "org"), ("proxy", "golang", "org"),
        ("maven", "org"), ("docker", "io"), ("docker", "com"), ("quay", "io"), ("ghcr", "io"), ("gcr", "io"),
        ("huggingface", "co"), ("hf", "co"),
    )
]  # fmt: skip
ADDRESS = r"\s*[=\s]\s*[\"']?(?:https?|file)://"
HOSTS = re.compile(
    r"(?<![\w-])(?:[\w-]+\.)*(?:" + "|".join(map(re.escape, REGISTRIES)) + r")(?![\w-])"
    r"|(?:index[-_]url|find[-_]links|registry|mirror)" + ADDRESS,
    re.IGNORECASE,
)
ABOVE = r"(?<![\w.~*}>-])/"
PATHS = re.compile(
    ABOVE + r"(?:ho" + r"me/[a-z][\w.-]*|Us" + r"ers/\w+|ro" + r"ot/|wo" + r"rk/|mn" + r"t/[a-z]/|op" + r"t/wheels)"
    r"|\b[A-Z]:\\+Us" + r"ers\\"
)


def faults(text: str) -> list[str]:
    """What `text` should not hold: registry hosts, paths of a machine, the place of this very checkout."""
    found = [match[0] for pattern in (HOSTS, PATHS) for match in pattern.finditer(text)]
    here = [str(place) for place in (ROOT, Path.home()) if len(place.parts) > 2 and str(place) in text]
    return found + here


def test_the_tree_names_no_registry_host_and_no_path_of_a_machine() -> None:
    texts = {path: path.read_bytes().decode("utf-8", errors="replace") for path in tracked() if path.is_file()}
    assert len(texts) > 10
    wrong = {str(path.relative_to(ROOT)): found for path, text in texts.items() if (found := faults(text))}
    assert wrong == {}


@pytest.mark.parametrize(
    "text",
    [
        "see https://" + DOT.join(("files", "pythonhosted", "org")) + "/packages/x",
        "--extra-index-" + "url https://mirror.example/simple",
        "index_" + "url = 'file:///srv/simple'",
        "deb http://" + DOT.join(("deb", "debian", "org")) + "/debian bookworm main",
        "FROM " + DOT.join(("ghcr", "io")) + "/owner/image",
        "open('/ho" + "me/ana/data.parquet')",
        "cd /Us" + "ers/ana/semana",
        "/ro" + "ot/.cache",
        'path: "/wo' + 'rk/main"',
        "C:\\Us" + "ers\\ana",
        f"made in {ROOT}/src",
    ],
)
def test_the_check_of_the_text_finds_what_is_planted(text: str) -> None:
    assert faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "from PyPI, with pip",
        "https://docs.python.org/3/",
        "src/ho" + "me/pages/x",
        "./ro" + "ot/",
        "a registry of datasets",
        "{home}/wo" + "rk/x",
    ],
)
def test_the_check_of_the_text_leaves_plain_words_alone(text: str) -> None:
    assert faults(text) == []


def test_the_tree_holds_no_link_out_of_itself() -> None:
    assert [str(path) for path in tracked() if path.is_symlink()] == []


def test_locked_requirements_have_hashes_and_no_addresses() -> None:
    for name in LOCKS:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        pins = re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)
        assert len(pins) > (0 if name in ("build", "stack") else 20)
        assert len(re.findall(r"^[a-z0-9-]+==.*\\\n +--hash=sha256:", text, re.MULTILINE)) == len(pins)
        assert "://" not in text
        assert "--index" not in text


def test_every_environment_has_the_same_versions() -> None:
    pins = {
        name: set(
            re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE)
        )
        for name in LOCKS
    }
    assert all(pins[name] <= pins["dev"] for name in ("semana", "api", "ui", "build"))
    assert {name for name, _ in pins["api"] - pins["semana"]} >= {"orjson", "uvloop"}
    assert {name for name, _ in pins["semana"] - pins["api"]} >= {"mlflow-skinny", "optuna", "pandas"}
    assert "lightgbm" not in {name for name, _ in pins["ui"]}
    clients, servers = (dict(pins[name])["mlflow-skinny"] for name in ("semana", "mlflow"))
    assert clients == servers
    assert pins["airflow"] <= pins["airflow-stack"]
