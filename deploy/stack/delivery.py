"""Deliveries into a running stack: files, then the ready-flag; Airflow does the rest."""

from __future__ import annotations

import json
import re
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from deploy.stack import compose
from deploy.stack.compose import Refused

_LONGEST = 3600  # seconds until a list is there: the first run of the demo looks for good constants
# Unpacked beside the home first: nobody takes a file that is half there, and the flag comes last.
_UNPACK = """
import pathlib, sys, tarfile
home = pathlib.Path("/lake/home")
arriving, drop = home.parent / "arriving", home / "drop"
safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4 has it
tarfile.open(fileobj=sys.stdin.buffer, mode="r|").extractall(arriving, **safely)
(drop / sys.argv[1]).mkdir(parents=True, exist_ok=True)
for path in arriving.iterdir():
    path.replace(drop / sys.argv[1] / path.name)
(drop / ".ready").touch()
"""


def drop(source: str, paths: Sequence[Path]) -> None:
    """Lays the files into the drop folder of the stack, and the flag when all of them are there."""
    if not re.fullmatch(r"[a-z0-9-]+", source):
        raise Refused(f"{source!r} is no name of a source, like canonical or online-retail")
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise Refused(f"no such file: {', '.join(missing)}")
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for path in paths:
                archive.add(path, arcname=path.name, filter=_semanas)
        file.seek(0)
        compose.call("exec", "-T", "scheduler", "python", "-c", _UNPACK, source, stdin=file)
    print(f"{len(paths)} files are delivered. Airflow begins within seconds.")


def demo() -> None:
    """A year of real groceries and the list of this week; then this week, and the list of the next one."""
    for part in ("1", "2"):
        week = compose.told("exec", "-T", "scheduler", "/opt/semana/bin/python", "/opt/airflow/demo.py", part)
        print(f"Delivery {part} of 2 lies in the drop folder; Airflow makes the list of {week} ...", flush=True)
        seconds = wait_for_list(week)
        print(f"The API and the pages serve {week}, {seconds:.0f} s after its delivery.", flush=True)
    print(f"Look: http://localhost:{compose.setting('SEMANA_UI_PORT', 7860)} (log in with SEMANA_KEY_AGENTS of .env)")


def wait_for_list(week: str, *, seconds: float = _LONGEST) -> float:
    """How long it took until the API serves that week; raises Refused where it does not come to it."""
    address = f"http://localhost:{compose.setting('SEMANA_API_PORT', 8000)}/readyz"
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            with urlopen(address, timeout=10) as answer:
                if json.load(answer)["week"] == week:
                    return time.monotonic() - began
        except (URLError, OSError):
            pass  # it has no list yet
        time.sleep(2)
    airflow = f"http://localhost:{compose.setting('AIRFLOW_PORT', 8080)}"
    raise Refused(f"no list of {week} after {seconds:.0f} s. What went wrong: {airflow}, semana_weekly")


def _semanas(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 10001
    member.mode = 0o644
    return member
