"""An engine for the tests: the one that runs, else one of their own, with base images made from Debian's packages."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.house.tree import ROOT

BASES = Path(__file__).parent / "bases"
PYTHON = "python:3.11-slim-bookworm"
STAND_INS = {
    "postgres:16-bookworm": "postgres",
    "redis:7.2-bookworm": "redis",
    "prom/prometheus:v3.5.0": "prometheus",
}
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_COMPOSE = ROOT / ".venv-stack" / "bin" / "docker-compose"
_READY = 60.0  # seconds; usually 8


def docker(environment: Mapping[str, str], *words: str, stdin: str | None = None, check: bool = True) -> str:
    """What `docker WORDS` prints."""
    done = subprocess.run(
        ["docker", *words], env=dict(environment), input=stdin, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, f"docker {' '.join(words)}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout.strip()


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `docker` and `docker compose` reach an engine that can build our images; else skips."""
    config = folder / "config"
    (config / "cli-plugins").mkdir(parents=True, exist_ok=True)
    found = {**os.environ, "DOCKER_BUILDKIT": "0", "COMPOSE_BAKE": "false"}
    if shutil.which("docker") is None:
        pytest.skip("no docker on this machine")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        (config / "cli-plugins" / "docker-compose").unlink(missing_ok=True)
        (config / "cli-plugins" / "docker-compose").symlink_to(_COMPOSE)
        found["DOCKER_CONFIG"] = str(config)
    if subprocess.run(["docker", "info"], env=found, capture_output=True, check=False).returncode == 0:
        yield found
        return
    with own_engine(folder) as socket:
        found["DOCKER_HOST"] = f"unix://{socket}"
        make_bases(found, folder)
        yield found


@contextmanager
def own_engine(folder: Path) -> Iterator[Path]:
    """The socket of an engine whose files lie in `folder`; skips where none can be started."""
    if os.geteuid() != 0:
        pytest.skip("no engine runs, and only root can start one")
    for program in ("dockerd", "iptables", "mmdebstrap"):
        if shutil.which(program) is None:
            pytest.skip(f"no engine runs, and {program} is missing: make test-stack installs it on Debian")
    socket, log = folder / "docker.sock", folder / "dockerd.log"
    call = ["dockerd", "--data-root", f"{folder}/root", "--exec-root", f"{folder}/exec", "--host", f"unix://{socket}"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*call, "--pidfile", f"{folder}/docker.pid"], stdout=file, stderr=file, start_new_session=True
        )
    try:
        until = time.monotonic() + _READY
        while subprocess.run(["docker", "-H", f"unix://{socket}", "info"], capture_output=True, check=False).returncode:
            if process.poll() is not None or time.monotonic() > until:
                pytest.skip(f"no engine can be started here: {log.read_text()[-600:]}")
            time.sleep(0.5)
        yield socket
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
        for place in (folder / "exec" / "netns").glob("*"):  # it leaves its own network mounted
            subprocess.run(["umount", str(place)], capture_output=True, check=False)
        shutil.rmtree(folder / "root", ignore_errors=True)  # gigabytes


def make_bases(environment: Mapping[str, str], folder: Path) -> None:
    """The images that ours begin with, under their own names, from the packages that this machine installs."""
    if not docker(environment, "images", "--quiet", PYTHON):
        tree = folder / "base.tar"
        include = "--include=ca-certificates,python3,python3-venv"
        slim = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")]
        customize = [
            "--customize-hook=ln -s python3 $1/usr/bin/python",
            f"--customize-hook=cp {CERTIFICATES} $1{CERTIFICATES}",
            "--customize-hook=rm -rf $1/var/lib/apt/lists/* $1/var/cache/apt/*",
        ]
        call = [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            include,
            *slim,
            *customize,
            "bookworm",
            str(tree),
            sources(),
        ]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        trust = f"ENV PIP_CERT={CERTIFICATES} SSL_CERT_FILE={CERTIFICATES}"
        change = ("--change", trust, "--change", 'CMD ["python3"]')
        docker(environment, "import", *change, str(tree), PYTHON)
        tree.unlink()

    def build(name: str) -> None:
        file = str(BASES / f"{STAND_INS[name]}.Dockerfile")
        docker(environment, "build", "--quiet", "--network", "host", "--tag", name, "--file", file, str(BASES))

    with ThreadPoolExecutor() as together:
        list(together.map(build, STAND_INS))


def sources() -> str:
    """The file that says where this machine gets Debian's packages from."""
    for place in ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"):
        if Path(place).is_file():
            return place
    pytest.skip("where Debian's packages come from is not known here")
