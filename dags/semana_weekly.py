"""The weekly run: when, in what order, how often to retry. What a step does, and what it is called, is semana's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, TriggerRule, chain

from semana_airflow import alerts, assets
from semana_airflow.operators import RUN, DecideOperator, IngestOperator, SemanaOperator
from semana_airflow.settings import RETRIES, RETRY_DELAY, SCHEDULE, by_time_or, delivery

SECONDS = timedelta(minutes=15)  # of steps that take seconds, or a minute or two on millions of lines
LONG = timedelta(hours=3)  # of training with tuning, on a slow machine
ONE_CAME = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
TEXT, WHOLE = ["null", "string"], ["null", "integer"]


def step(name: str, *words: str, task: str | None = None, **options: Any) -> SemanaOperator:
    """The task of a step, within the run that ingest began."""
    doc = f"`semana {name}`: see docs/airflow.md, as for what to do when it is red."
    return SemanaOperator(task_id=task or name, words=[name, "--run", RUN, *words], doc_md=doc, **options)


with DAG(
    "semana_weekly",
    description="From what was delivered to the published list of the next week",
    schedule=by_time_or([delivery()], SCHEDULE),
    catchup=False,
    max_active_runs=1,
    tags=["semana"],
    params={
        "week": Param(None, type=TEXT, description="The target week, like 2025-W02; else the next one."),
        "as_of": Param(None, type=TEXT, description="Business time, like 2025-01-05: later rows do not exist."),
        "position": Param(None, type=WHOLE, description="Arrival time: deliveries after this one had not arrived."),
        "retrain": Param("auto", enum=["auto", "always", "never"]),
        "reason": Param(None, type=TEXT, description="Why a list that people work with is replaced."),
    },
    default_args={
        "retries": RETRIES,
        "retry_delay": RETRY_DELAY,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": SECONDS,
        "on_failure_callback": alerts.task_failed,
    },
    on_failure_callback=alerts.run_failed,
    deadline=alerts.deadline(),
    doc_md=__doc__,
):
    ingest = IngestOperator(
        task_id="ingest", words=["ingest", "--begin"], outlets=[assets.LANDED], counts=["rows", "position", "run"]
    )
    validate = SemanaOperator.partial(task_id="validate", map_index_template="{{ task.words[-1] }}").expand(
        words=[["validate", "--run", RUN, "--table", table] for table in ("transactions", "customers", "products")]
    )
    prepare = step("prepare", outlets=[assets.PREPARED], counts=["week", "rows", "run"])
    review, detect_drift = step("review"), step("detect_drift")
    decide = DecideOperator(
        task_id="decide", words=["decide", "--run", RUN], retrain="train", keep="keep_champion", stay="notify"
    )
    train = step("train", last_words=["--go-on"], execution_timeout=LONG)
    promote = step("promote", last_words=["--go-on"])
    keep_champion = step("promote", "--keep", "--go-on", task="keep_champion")
    predict = step("predict", trigger_rule=ONE_CAME, outlets=[assets.SCORES], counts=["week", "pairs", "run"])
    publish = step(
        "publish", outlets=[assets.LIST], counts=["week", "published", "pairs", "recommended", "customers", "run"]
    )
    notify = step("notify", trigger_rule=TriggerRule.NONE_FAILED)

    chain(ingest, validate, prepare, [review, detect_drift], decide)
    decide >> train >> promote >> predict
    decide >> keep_champion >> predict
    predict >> publish >> notify
    decide >> notify
