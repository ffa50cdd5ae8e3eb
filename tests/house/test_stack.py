"""The compose file and the Dockerfiles keep their promises, as far as can be read; tests/stack asks the containers."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.tree import ROOT, read

COMPOSE = yaml.safe_load(read("compose.yaml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = sorted((ROOT / "deploy").glob("*/Dockerfile"))
PYTHON = ("airflow", "mlflow", "api", "ui")


@pytest.mark.parametrize("name", list(SERVICES))
def test_a_service_has_no_root_no_rights_limits_an_end_to_its_logs_and_a_check_of_its_health(name: str) -> None:
    service = SERVICES[name]
    uid, gid = map(int, service["user"].split(":"))
    assert uid > 0
    assert gid > 0
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "env_file"} & set(service)
    assert {"mem_limit", "cpus", "pids_limit", "stop_grace_period"} <= set(service)
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert service["restart"] == ("no" if name == "airflow-init" else "unless-stopped")
    built = ROOT / "deploy" / service["image"].split(":")[0].removeprefix("semana-") / "Dockerfile"
    assert "healthcheck" in service or "HEALTHCHECK" in built.read_text()


@pytest.mark.parametrize("name", list(SERVICES))
def test_a_service_mounts_named_volumes_alone_and_publishes_on_this_machine_alone(name: str) -> None:
    service = SERVICES[name]
    assert {mount.split(":")[0] for mount in service.get("volumes", [])} <= set(COMPOSE["volumes"])
    assert [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")] == []
    assert set(service["networks"]) <= set(COMPOSE["networks"])


def test_only_the_front_and_the_engineers_pages_are_published() -> None:
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api", "ui", "apiserver", "mlflow", "prometheus", "grafana"}
    assert {name for name, service in SERVICES.items() if "front" in service["networks"]} == {"api", "ui"}
    assert COMPOSE["networks"]["back"] == COMPOSE["networks"]["metrics"] == {"internal": True}


def test_mlflow_shares_no_volume_and_the_api_only_reads_the_lake() -> None:
    mounted = {name: {m.split(":")[0] for m in service.get("volumes", [])} for name, service in SERVICES.items()}
    assert mounted["mlflow"] == {"artifacts"}
    assert [name for name, volumes in mounted.items() if "artifacts" in volumes] == ["mlflow"]
    assert SERVICES["api"]["volumes"] == ["lake:/lake:ro", "inbox:/inbox"]
    assert SERVICES["mlflow"]["user"] != SERVICES["scheduler"]["user"]


def secrets_of(text: str) -> set[str]:
    """The names of what is secret in a text of compose's."""
    return set(re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|FERNET|_KEY)\w*)", text))


def test_every_secret_is_required_and_made_by_make_env(tmp_path: Path) -> None:
    text = read("compose.yaml")
    assert re.findall(r"\$\{\w*(?:PASSWORD|SECRET|FERNET|_KEY)\w*(?!\w|:\?run make env\})", text) == []
    made = tmp_path / ".env"
    command = [sys.executable, "-m", "deploy.stack", "env"]
    done = subprocess.run(command, cwd=ROOT, env={"COMPOSE_ENV_FILES": str(made)}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    values = dict(line.split("=", 1) for line in made.read_text().splitlines() if "=" in line and line[0] != "#")
    assert set(values) == secrets_of(text)
    assert len(set(values.values())) == len(values)
    assert min(map(len, values.values())) >= 43
    assert [name for name, value in values.items() if value.encode() in done.stdout] == []
    before = made.read_bytes()
    again = subprocess.run(command, cwd=ROOT, env={"COMPOSE_ENV_FILES": str(made)}, capture_output=True, check=False)
    assert again.returncode == 64
    assert made.read_bytes() == before


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_a_dockerfile_is_one_for_the_classic_builder_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# semana-")
    assert not re.search(r"^#\s*syntax|--mount|<<|^ADD ", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert ":latest" not in text
    for label in ("title", "version", "revision"):
        assert f"org.opencontainers.image.{label}" in text


@pytest.mark.parametrize("name", PYTHON)
def test_an_image_of_ours_is_made_in_two_stages_from_locks_with_hashes_for_a_fixed_user(name: str) -> None:
    text = read(f"deploy/{name}/Dockerfile")
    assert len(re.findall(r"^FROM ", text, re.MULTILINE)) == 2
    every = re.findall(r"pip install ([^&\n\\]+)", text)
    installs = [line for line in every if "--no-index" not in line]
    assert installs
    assert [line for line in installs if "--require-hashes --no-deps -r requirements/" not in line] == []
    assert re.search(r"^USER 100\d\d:100\d\d$", text, re.MULTILINE)
    assert "tests" not in re.findall(r"^COPY (?:--\S+ )?(\S+)", text, re.MULTILINE)


def test_the_ports_and_settings_of_the_stack_stand_in_the_docs() -> None:
    text = read("compose.yaml")
    optional = set(re.findall(r"\$\{(\w+):-", text)) - {"SEMANA_VERSION", "SEMANA_REVISION"}
    documented = set(re.findall(r"`([A-Z_]+)`", read("docs/stack.md")))
    assert optional - documented == set()


def test_every_claim_of_the_security_page_names_a_test_that_is_there() -> None:
    rows = [line for line in read("docs/security.md").splitlines() if line.startswith("| ") and "`tests/" in line]
    assert len(rows) >= 15
    claims = [re.search(r"`(tests/[\w/]+\.py)::(\w+)`", row) for row in rows]
    assert all(claims)
    missing = [c[0] for c in claims if c and f"def {c[2]}(" not in read(c[1])]
    assert missing == []
