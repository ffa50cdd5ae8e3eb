"""Deliveries into a running stack: files, then the ready-flag; Airflow does the rest."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

from deploy.stack import compose
from deploy.stack.compose import Refused

_LONGEST = 3600  # seconds until a list is there: the first run of the demo looks for good constants
# Unpacked beside the home first, in a folder of its own: nobody takes what did not all arrive, and the flag comes last.
UNPACK = """
import json, pathlib, shutil, sys, tarfile, tempfile, time
home = pathlib.Path("/lake/home")
for old in home.parent.glob("arriving-*"):  # of who was killed at it
    if time.time() - old.stat().st_mtime > 86400:
        shutil.rmtree(old, ignore_errors=True)
arriving, drop = pathlib.Path(tempfile.mkdtemp(prefix="arriving-", dir=home.parent)), home / "drop"
safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4 has it
try:
    tarfile.open(fileobj=sys.stdin.buffer, mode="r|").extractall(arriving, **safely)
    if {path.name: path.stat().st_size for path in arriving.iterdir()} != json.loads(sys.argv[2]):
        sys.exit("it was cut off")
    (drop / sys.argv[1]).mkdir(parents=True, exist_ok=True)
    for path in arriving.iterdir():
        path.replace(drop / sys.argv[1] / path.name)
    (drop / ".ready").touch()
except (OSError, tarfile.TarError) as err:
    sys.exit(f"it did not all arrive: {err}")
finally:
    shutil.rmtree(arriving, ignore_errors=True)
"""


def drop(source: str, paths: Sequence[Path]) -> None:
    """Lays the files into the drop folder of the stack, and the flag when all of them are there."""
    if not re.fullmatch(r"[a-z0-9-]+", source):
        raise Refused(f"{source!r} is no name of a source, like canonical or online-retail")
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise Refused(f"no such file: {', '.join(missing)}")
    sizes = {path.name: path.stat().st_size for path in paths}
    if len(sizes) < len(paths):
        raise Refused(f"two files of one name, of which one would replace the other: {', '.join(map(str, paths))}")
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w", dereference=True) as archive:
            for path in paths:
                archive.add(path, arcname=path.name, filter=_semanas)
        file.seek(0)
        words = ("exec", "-T", "scheduler", "python", "-c", UNPACK, source, json.dumps(sizes))
        try:
            compose.call(*words, stdin=file)
        except subprocess.CalledProcessError as err:
            raise Refused("nothing is delivered; why: see above. With that mended, run it again") from err
    print(f"Delivered: {len(paths)} {'file' if len(paths) == 1 else 'files'}. Airflow begins within seconds.")


def demo() -> None:
    """A year of real groceries and the list of this week; then this week, and the list of the next one.

    What serves already is not delivered again.
    """
    say = ("exec", "-T", "scheduler", "/opt/semana/bin/python", "/opt/airflow/demo.py")
    for part, week in zip(("1", "2"), compose.told(*say, "weeks").split(), strict=True):
        if (serving := serving_week()) and serving >= week:
            print(f"Delivery {part} of 2 came before: the API serves {serving}.", flush=True)
            continue
        compose.told(*say, part)
        print(f"Delivery {part} of 2 lies in the drop folder; Airflow makes the list of {week} ...", flush=True)
        seconds = wait_for_list(week)
        print(f"The API and the pages serve {week}, {seconds:.0f} s after its delivery.", flush=True)
    print(f"Look: http://localhost:{compose.setting('SEMANA_UI_PORT', 7860)} (log in with SEMANA_KEY_AGENTS of .env)")


def wait_for_list(week: str, *, seconds: float = _LONGEST) -> float:
    """How long it took until the API serves that week; raises Refused where it does not come to it."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if (serving_week() or "") >= week:
            return time.monotonic() - began
        time.sleep(2)
    airflow = f"http://localhost:{compose.setting('AIRFLOW_PORT', 8080)}"
    raise Refused(f"no list of {week} after {seconds:.0f} s. What went wrong: {airflow}, semana_weekly")


def serving_week() -> str | None:
    """The week of the list that the API serves, like 2025-W02; None where it serves none."""
    address = f"http://localhost:{compose.setting('SEMANA_API_PORT', 8000)}/readyz"
    try:
        with urlopen(address, timeout=10) as answer:
            week = json.load(answer)["week"]
    except OSError:
        return None
    return str(week) if week else None


def _semanas(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 10001
    member.mode = 0o644
    return member
