"""Backtest: how every model would have done in past weeks; beside the weekly run, touching nothing that serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from semana.data.weeks import Week
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.evaluation.backtest import run_backtest, weeks_to_test
from semana.models import MODELS
from semana.params import Params
from semana.pipeline import prepare
from semana.pipeline.calendar import calendar_of
from semana.pipeline.labels import LabelWeeks, attribute_of, past_of, totals_of
from semana.pipeline.order import Order
from semana.stores.backtests import apart, backtest_id
from semana.stores.home import Stores
from semana.stores.runs import Run


def backtest(
    stores: Stores,
    order: Order,
    *,
    params: Params | None = None,
    models: Sequence[str] = (),
    weeks: int | None = None,
    refit: int = 1,
    progress: Callable[[Week, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """The record of a backtest at the newest position: what it was made from, its id, and how every model did.

    Without `models` all that race under the params are tested. It holds no lease and writes nothing into the home.
    """
    tried = params or stores.params
    names = _names(models, tried)
    with apart(stores, tried) as own:
        run = _run(own, order)
        prepare.run(run, own)
        totals = totals_of(run, own)
        tested = weeks_to_test(totals.weeks, weeks)
        made_from = {
            "semana": version("semana"),
            "source": stores.landing.source.name if stores.landing.source else None,
            "position": run.position,
            "as_of": run.as_of.isoformat(),
            "weeks": [str(week) for week in tested],
            "models": list(names),
            "refit": refit,
            "params": tried.model_dump(mode="json"),
        }
        found = run_backtest(
            names,
            tested,
            # The weeks that one test week needs are held, and no more.
            examples=LabelWeeks(run, own, keep=tried.cuts.fit_weeks + tried.cuts.calibrate_weeks + 1),
            past=past_of(run, own, attribute=attribute_of(run, own, tested[-1])),
            totals=totals,
            params=tried,
            refit=refit,
            progress=lambda week: progress(week, len(tested)),
        )
    return {"id": backtest_id(made_from), "made_from": made_from, **found.to_json()}


def _names(models: Sequence[str], params: Params) -> tuple[str, ...]:
    """The models to test, each once; raises where one is unknown, listing those there are."""
    names = tuple(dict.fromkeys(models or params.models.race))
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        says = f"model {unknown[0]!r} is unknown; there are: {', '.join(MODELS)}"
        raise UsageError(f"--models: {says}") if models else ConfigurationError(f"params: models.race: {says}")
    return names


def _run(stores: Stores, order: Order) -> Run:
    """A run that is recorded nowhere: as of the latest landed day (or the order's), read on that same day."""
    position = stores.landing.position
    days = stores.landing.trading_days(position)
    if not days:
        raise ContractError("no order line has landed. Deliver a transactions file: semana ingest PATH --source NAME")
    as_of = order.as_of or max(days)
    calendar = calendar_of(stores, position=position, as_of=as_of, clock=as_of)
    return Run(
        id="backtest",
        week=calendar.target_week,
        now=order.now,
        as_of=as_of,
        clock=as_of,
        today=order.clock,
        position=position,
        retrain="never",
        reason=None,
        folder=stores.home,
    )
