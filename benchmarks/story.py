"""Twelve weeks of SodAI in which a worse model is forced into service, with pictures: `python -m benchmarks.story`.

Everything is done by commands that a user has. In the sixth week somebody trains the rule that people would follow by
hand; the gate refuses it, he makes it serve all the same, and what follows is semana's own doing. Needs Chromium for
the pictures of the pages that it made.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.page import made_on, write_section
from benchmarks.speed import SEMANA, SHARED
from semana.data.weeks import Week, weeks_between

ROOT = Path(__file__).resolve().parents[1]
SODAI = SHARED / "sodai"
PICTURES = ROOT / "docs" / "pictures"
FIRST, PLANTED, LAST = (Week.parse(week) for week in ("2024-W33", "2024-W38", "2024-W44"))
REASON = "the agents know this rule by heart"
CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def semana(home: Path, *words: str, params: Path | None = None) -> str:
    """What the command prints; raises CalledProcessError where it fails."""
    environment = os.environ | ({"SEMANA_PARAMS": str(params)} if params else {})
    command = (*SEMANA, "--home", str(home), *words)
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout


def replayed(home: Path, first: Week, last: Week) -> None:
    """Delivers these weeks one by one and runs each."""
    semana(home, "replay", "--from", str(first), "--to", str(last), "--source", "sodai", str(SODAI))


def pictured(page: Path, name: str, height: int) -> None:
    """Takes a picture of the page into docs/pictures."""
    PICTURES.mkdir(exist_ok=True)
    where = f"--screenshot={PICTURES / name}"
    subprocess.run(
        (*CHROMIUM, "--hide-scrollbars", f"--window-size=1100,{height}", where, page.as_uri()),
        check=True,
        capture_output=True,
    )


def main() -> None:
    """Lives the twelve weeks, and writes the story into docs/benchmarks.md with its pictures."""
    if not SODAI.exists() or shutil.which(CHROMIUM[0]) is None:
        sys.exit("not told: it needs the SodAI data beside the repository, and Chromium")
    with tempfile.TemporaryDirectory() as folder:
        home, rule = Path(folder) / "home", Path(folder) / "rule.yaml"
        params = (ROOT / "params.yaml").read_text()
        rule.write_text(re.sub(r"race: \[.*\]", "race: [recent_repeat]", params))
        replayed(home, FIRST, PLANTED + -1)
        as_of = ("--as-of", str((PLANTED + -1).end))
        forced = json.loads(semana(home, "run", *as_of, "--retrain", "always", "--json", params=rule).splitlines()[-1])
        run = home / "runs" / forced["run"]
        bundle = json.loads((run / "race.json").read_text())["bundle"]
        semana(home, "models", "promote", bundle, "--reason", REASON)
        semana(home, "run", *as_of, "--retrain", "never")
        replayed(home, PLANTED + 1, LAST)
        pictured(run / "gate.html", "gate-refused.png", 1500)
        pictured(home / "performance" / "performance.html", "performance.png", 1900)
        write_section("story", told(forced, json.loads(semana(home, "performance", "--format", "json"))))


def told(forced: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """The story in Markdown: what the gate said, what became of the model all the same, and the two pictures."""
    weeks = weeks_between(FIRST, LAST)
    served = {row["week"]: row for row in rows if row["role"] == "champion"}
    shadow = {row["week"]: row["f1"] for row in rows if row["role"] == "shadow"}
    lines = [
        f"SodAI, the lists of {FIRST} to {LAST} ({len(weeks)} weeks), each made by one weekly run as its week came.",
        f"Before the list of {PLANTED} somebody lets only the rule race that people would follow by hand.",
        "The gate refuses it:",
        "",
        *(f"- {reason}" for reason in forced["refused"]),
        "",
        f'He makes it serve all the same (`semana models promote BUNDLE --reason "{REASON}"`).',
        "What follows is semana's own doing. The pages that tell it, as they came out:",
        "",
        "![The gate's page: refused, with each check's value and limit](pictures/gate-refused.png)",
        "",
        "![Realised performance: F1 by week, who served when and why](pictures/performance.png)",
        "",
        "| list of | model that served | F1 | its shadow's |",
        "|---|---|---|---|",
    ]
    for week, row in served.items():
        beside = f"{shadow[week]:.3f}" if week in shadow else "–"
        lines.append(f"| {week} | {row['model_version']} | {row['f1']:.3f} | {beside} |")
    return "\n".join([*lines, "", made_on("lightgbm", "polars", "numpy")])


if __name__ == "__main__":
    main()
