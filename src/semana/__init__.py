"""semana predicts, every week and for every customer, what they will buy next week, and runs itself.

How a delivered file becomes a published list:

1. A file of order lines, customers or products comes in; `stores.landing` checks it (`data.sources`, `data.cleaning`)
   and keeps it by content hash, or refuses it whole and says why.
2. `pipeline.prepare` counts every line once and adds them up to weekly purchases (`data.purchases`), and
   `data.weeks` tells which weeks are complete.
3. `pipeline.review` compares the lists of past weeks with what was then bought (`evaluation.performance`).
4. `pipeline.decide` says whether to retrain and why; if so, `pipeline.train` lets all `models` race over label weeks
   made by `features`, and `evaluation.race` names the challenger.
5. `pipeline.promote` lets it through the gate (`evaluation.gate`) into the ledger (`stores.ledger`), or refuses it.
6. `pipeline.predict` scores the candidate pairs of the next week (`features.candidates`, `features.build`,
   `models.scorer`), scaled to the forecast level of that week (`models.level`).
7. `pipeline.publish` turns chances into a list (`evaluation.decision`) and switches readers to it in one step
   (`stores.publications`).

`serving` answers from that list over HTTP; what it is told goes through `stores.inbox` into step 1.

Beside it, `evaluation.backtest` lets every model walk past weeks, and `reports.backtest` shows how they did.

Where do I go to add
- a feature? A family in `features/`, named in `features.build`; what it says to people in `reports.phrases`.
- a model? A class in `models/`, named in `models.MODELS` and in `params.yaml` under `models: race`.
- a column? `data.schemas`, then the dataset's entry in `data.catalog`.
- a route of the API? A function in its group's module of `serving`, its answer in `serving.responses`.
- a source? A file in `sources/`, or in the `sources/` folder of your home.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semana.stores.home import Stores

# LightGBM's threads wait for one another asleep after a moment, instead of spinning: on two busy cores spinning made
# training 40 times as slow, on idle ones this costs nothing (docs/decisions/0007-boosting.md).
os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # noqa: TID251 - written, not read
# NumPy's products of matrices are small here: on busy cores threads of its own made a regression seven times as slow,
# on idle ones they gained nothing (docs/decisions/0020-logistic.md).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # noqa: TID251 - written, not read


def open(home: str | Path) -> Stores:  # noqa: A001  (semana.open(...) is the name that a notebook expects)
    """The stores of an existing home, for a notebook: `semana.open(".semana").publications.predictions(week)`."""
    from semana.settings import read_settings
    from semana.stores.home import open_home

    return open_home(read_settings(Path(home)))
