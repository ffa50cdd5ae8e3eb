"""Under which licence everything is that the images hold, as the packages say; docs/licences.md is printed by it."""

from __future__ import annotations

import json
import subprocess

from deploy.stack import compose

# An environment in an image: who it is for, and its Python.
ENVIRONMENTS = {
    "semana-airflow (semana)": ("semana-airflow", "/opt/semana/bin/python"),
    "semana-airflow (Airflow)": ("semana-airflow", "/opt/airflow/env/bin/python"),
    "semana-mlflow": ("semana-mlflow", "/opt/mlflow/bin/python"),
    "semana-api": ("semana-api", "/opt/semana/bin/python"),
    "semana-ui": ("semana-ui", "/opt/semana/bin/python"),
}
# Asked of the packages: an expression, else the classifiers, else the first line of what is written freely.
_ASK = """
import importlib.metadata as md, json, re
def licence(meta):
    if found := meta.get("License-Expression"):
        return found
    told = [each.split(" :: ")[-1] for each in meta.get_all("Classifier") or [] if each.startswith("License :: ")]
    told = [each for each in told if each != "OSI Approved"]
    return "; ".join(sorted(told)) or (meta.get("License") or "").strip().split("\\n")[0][:60] or "see its files"
fold = lambda name: re.sub("[-_.]+", "-", name).lower()
print(json.dumps({fold(each.metadata["Name"]): licence(each.metadata) for each in md.distributions()}))
"""
_SAYS = """# Licences

What the images hold beside Debian's and Python's own files, and under which licence, as the packages themselves say.
Printed by `make licences` from the images; `tests/stack/test_1_images.py` finds what is missing.
Besides, as their projects say: PostgreSQL (PostgreSQL License), Prometheus (Apache-2.0), Grafana (AGPL-3.0-only) and
Redis 7.2 (BSD-3-Clause), each in the image of its own project.
"""


def inside(image: str, python: str) -> dict[str, str]:
    """The licence of every package of an environment in an image, by its name."""
    call = ["docker", "run", "--rm", "--network", "none", "--entrypoint", python, image, "-I", "-c", _ASK]
    done = subprocess.run(call, stdout=subprocess.PIPE, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def page() -> str:
    """The page: one line a package, and where it is."""
    tag = compose.setting("SEMANA_TAG", "latest")
    licences: dict[str, str] = {}
    places: dict[str, list[str]] = {}
    for place, (image, python) in ENVIRONMENTS.items():
        for name, licence in inside(f"{image}:{tag}", python).items():
            licences[name] = licence.replace("|", "/")
            places.setdefault(name, []).append(place)
    rows = [
        f"| {name} | {licences[name]} | {', '.join(places[name])} |" for name in sorted(licences) if name != "semana"
    ]
    return "\n".join([_SAYS, "| package | licence | in |", "|---|---|---|", *rows, ""])
