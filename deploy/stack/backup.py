"""Everything that a stack cannot make again, in a folder: the home, what the API was told, databases, MLflow's files.

Not in it: the secrets (.env), which are to be kept elsewhere, and the logs of Airflow's tasks.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import IO

from deploy.stack import compose
from deploy.stack.compose import Busy, Refused

DATABASES = ("airflow", "mlflow")
_PACK = "import sys,tarfile; a=tarfile.open(fileobj=sys.stdout.buffer, mode='w|gz'); a.add(sys.argv[1], arcname='.')"
_UNPACK = """
import sys, tarfile
safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4 has it
tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz").extractall(sys.argv[1], **safely)
"""
# Kept until all is back: `init.sh` starts nothing on half a restore.
_BEGIN = """
no() { echo "$1 Remove what is there, for good: docker compose down --volumes" >&2; exit 64; }
[ ! -e /lake/restoring ] || no "An earlier restore was cut off."
[ ! -e "$SEMANA_HOME" ] || no "There is a home already."
touch /lake/restoring
"""
_FOLDERS = {"inbox": ("scheduler", "/inbox"), "artifacts": ("mlflow", "/artifacts")}  # service, folder
_HOME = "/backups/home.tar.gz"
NAMES = {"home.tar.gz", *(f"{name}.tar.gz" for name in _FOLDERS), *(f"{name}.dump" for name in DATABASES)}


def write(folder: Path) -> None:
    """Writes a backup of the running stack, readable for its owner alone; raises Refused where the folder is there.

    The home is whole at one moment; no run may be under way (75). A folder with `sums.json` is a whole backup.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as err:
        raise Refused(f"{folder} is there. Name a new folder: a backup is never overwritten.") from err
    try:
        _write(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    print(f"{folder}: {sum(path.stat().st_size for path in folder.iterdir()) / 2**20:.0f} MiB. Keep .env elsewhere.")


def _write(folder: Path) -> None:
    before, busy = _runs()
    if busy:
        raise Busy("a run is under way. Try again when it has ended: see Airflow's page")
    _keep_all(folder)
    after, busy = _runs()
    if busy or after != before:
        raise Busy("a run began meanwhile, and databases and home may differ. Try again when it has ended")


def _runs() -> tuple[str, bool]:
    """The newest of Airflow's runs, and whether one waits or is under way."""
    asked = "SELECT coalesce(max(id), 0), count(*) FILTER (WHERE state IN ('queued', 'running')) FROM dag_run"
    psql = ("psql", "--username", "postgres", "--no-align", "--tuples-only", "--field-separator", " ")
    newest, busy = compose.told("exec", "-T", "postgres", *psql, "--dbname", "airflow", "--command", asked).split()
    return newest, busy != "0"


def _keep_all(folder: Path) -> None:
    semana = ("exec", "-T", "scheduler", "/opt/semana/bin/semana")
    compose.call("exec", "-T", "scheduler", "rm", "-f", _HOME)
    compose.call(*semana, "backup", _HOME)
    _keep(folder / "home.tar.gz", "exec", "-T", "scheduler", "cat", _HOME)
    compose.call("exec", "-T", "scheduler", "rm", "-f", _HOME)
    for name, (service, place) in _FOLDERS.items():
        _keep(folder / f"{name}.tar.gz", "exec", "-T", service, "python", "-c", _PACK, place)
    for name in DATABASES:
        dump = ("pg_dump", "--username", "postgres", "--format", "custom", name)
        _keep(folder / f"{name}.dump", "exec", "-T", "postgres", *dump)
    sums = {path.name: _sum(path) for path in sorted(folder.iterdir())}
    with os.fdopen(os.open(folder / "sums.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(sums, file, indent=1)


def read(folder: Path) -> None:
    """Fills the volumes of a new stack; raises Refused for a backup that is not whole, and where a home is there.

    The .env must be that of the backup. Afterwards: make stack-up.
    """
    _check(folder)
    compose.call("build")
    _in_lake(_BEGIN)
    compose.call("up", "--detach", "--wait", "postgres")
    script = f"cat >{_HOME} && /opt/semana/bin/semana restore {_HOME}; code=$?; rm -f {_HOME}; exit $code"
    with (folder / "home.tar.gz").open("rb") as file:
        _in_lake(script, stdin=file)
    for name, (service, place) in _FOLDERS.items():
        with (folder / f"{name}.tar.gz").open("rb") as file:
            words = ("run", "--rm", "-T", "--no-deps", "--entrypoint", "python", service, "-c", _UNPACK, place)
            compose.call(*words, stdin=file)
    for name in DATABASES:
        with (folder / f"{name}.dump").open("rb") as file:
            fill = (
                "pg_restore",
                "--username",
                "postgres",
                "--clean",
                "--if-exists",
                "--exit-on-error",
                "--dbname",
                name,
            )
            compose.call("exec", "-T", "postgres", *fill, stdin=file)
    _in_lake("rm /lake/restoring")
    print("Everything is back. Start it: make stack-up")


def _in_lake(script: str, stdin: IO[bytes] | None = None) -> None:
    """Runs the script where the volumes of the home are; raises Refused where it fails, which has said why."""
    try:
        compose.call("run", "--rm", "-T", "--no-deps", "--entrypoint", "sh", "scheduler", "-c", script, stdin=stdin)
    except subprocess.CalledProcessError as err:
        raise Refused("nothing more is restored; why: see above") from err


def _keep(path: Path, *words: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        compose.call(*words, stdout=file)


def _check(folder: Path) -> None:
    try:
        sums = json.loads((folder / "sums.json").read_text())
        if set(sums) != NAMES:
            raise ValueError(f"of {', '.join(sorted(NAMES))}")
    except (OSError, ValueError, TypeError) as err:
        raise Refused(f"{folder} is no whole backup: it has no sums.json of all its files. Use another one.") from err
    if wrong := [name for name, known in sums.items() if not (folder / name).is_file() or _sum(folder / name) != known]:
        raise Refused(f"{folder}: {', '.join(wrong)} changed since it was written, or is gone. Use another one.")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
