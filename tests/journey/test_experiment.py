"""An experiment at the command line: what it can find, whom it hides, what it has found."""

from __future__ import annotations

import json
from pathlib import Path

from tests import shop
from tests.journey.command import semana, summary
from tests.journey.conftest import TARGET


def test_an_experiment_hides_customers_from_every_reader_and_tells_its_effect(home: Path, tmp_path: Path) -> None:
    assert "no experiment yet" in semana(home, "experiment", code=64)
    assert "at most 0.5" in semana(home, "experiment", "create", "--share", "0.9", "--weeks", "4", code=64)
    said = semana(home, "experiment", "create", "--share", "0.3", "--weeks", "1").splitlines()
    assert "the smallest effect" in said[0]
    assert json.loads(said[-1])["first_week"] == str(TARGET + 1)
    assert "one at a time" in semana(home, "experiment", "create", "--share", "0.3", "--weeks", "1", code=64)
    for week in (TARGET, TARGET + 1):
        semana(home, "ingest", str(shop.write_week(tmp_path, week)), "--as-of", str(week.end))
        semana(home, "run", "--as-of", str((week + 1).start))
    hidden = ("--week", str(TARGET + 1), "--format", "json")
    listed = {row["customer_id"] for row in json.loads(semana(home, "list", "--top", "0", *hidden))}
    called = {row["customer_id"] for row in json.loads(semana(home, "calls", "--capacity", "40", *hidden))}
    assert 20 <= len(listed) < 36
    assert called == listed
    out = str(min(set(range(40)) - listed))
    assert "holds out" in semana(home, "list", "--customer", out, *hidden, code=64)
    assert "held out" in semana(home, "explain", out, "0", "--week", str(TARGET + 1), code=64)
    everybody = {row["customer_id"] for row in json.loads(semana(home, "list", "--top", "0", "--format", "json"))}
    assert len(everybody) == 40
    assert "customers who were shown their lists" in " ".join(semana(home, "performance").split())
    assert str(TARGET + 1) in semana(home, "experiment", "show")
    assert "no experiment runs" in semana(home, "experiment", "stop", code=64)
    assert summary(home, "experiment", "create", "--share", "0.2", "--weeks", "9")["weeks"] == 9
