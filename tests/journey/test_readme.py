"""What the pages give to copy works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from semana.data.sources import parse_source
from tests.house.tree import ROOT


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def test_the_example_of_the_readme_becomes_a_list(tmp_path: Path) -> None:
    (csv,) = blocks("README.md", "csv")
    (tmp_path / "deliveries").mkdir()
    (tmp_path / "deliveries" / "transactions.csv").write_text(csv)
    said = ""
    lines = [
        line
        for block in blocks("README.md", "sh")
        for line in block.splitlines()
        if line.startswith("semana --home shop")
    ]
    assert len(lines) == 3
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        call = [sys.executable, "-m", "semana.cli", *words]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        said = done.stdout
    assert "milk" in said


def test_the_source_that_the_page_gives_to_copy_is_one() -> None:
    (text,) = blocks("docs/data.md", "yaml")
    source = parse_source("shop", text)
    assert source.table("transactions").theirs("amount") == ("Unidades", "Precio")
    assert source.table("customers").owner == "Comercial"
