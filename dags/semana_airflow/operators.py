"""Tasks that call the command line: a step of a run, the first of them, and the one that branches."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from airflow.sdk import BaseOperator, BranchMixIn
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import SetRenderedFields

from semana_airflow.command import Command, dies_with
from semana_airflow.notes import note_of, shortened
from semana_airflow.settings import BIN, TIMEZONE

if TYPE_CHECKING:
    from airflow.sdk import Context

# Wrong call, wrong data, wrong configuration: trying again cannot help.
_HOPELESS = {64, 65, 78}
_LEVELS = {"DEBUG": logging.DEBUG, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
RUN = "{{ ti.xcom_pull(task_ids='ingest')['run'] }}"


class SemanaOperator(BaseOperator):
    """Runs `semana WORDS`; returns its JSON summary, and shows it as a note.

    `last_words` are added on the last try. The event of its outlets tells the `counts` of the summary.
    """

    template_fields: Sequence[str] = ("note", "words")
    template_fields_renderers: ClassVar[dict[str, str]] = {"note": "yaml", "words": "json"}
    overwrite_rtif_after_execution = True
    ui_color = "#e8f0e4"

    def __init__(
        self,
        *,
        words: Sequence[str],
        last_words: Sequence[str] = (),
        counts: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.words = list(words)
        self.last_words = list(last_words)
        self.counts = list(counts)
        self.note = ""
        self._command: Command | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Runs the command to its end and maps its exit code."""
        dies_with(os.getppid())()  # a worker that is killed takes its task along, and the task its command
        names = list(self.dag.params)
        if unknown := sorted(set(context["dag_run"].conf or {}) - set(names)):
            says = f"the run was asked with {', '.join(unknown)}; what can be asked: {', '.join(names) or 'nothing'}"
            raise self._failed(says, again=False)
        self.words = [*self.words, *self.asked(context)]
        if self.last_words and context["ti"].try_number > context["ti"].max_tries:
            self.words += self.last_words
        self._command = Command([BIN, *self.words])
        try:
            self._command.run(self._tell)
        except OSError as err:
            raise self._failed(f"SEMANA_BIN is {BIN}, which cannot be started: {err.strerror}", again=False) from err
        except BaseException as err:
            self._show(f"ended before it was done: {err or type(err).__name__}")
            raise
        if code := self._command.code:
            raise self._failed(f"exit {code}: {self._command.error}", again=code not in _HOPELESS)
        summary = self._command.summary
        self.note = note_of(summary)
        counts = {name: summary[name] for name in self.counts if summary.get(name) is not None}
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = counts
        return summary

    def asked(self, context: Context) -> list[str]:  # noqa: ARG002 - others ask it
        """More words, of this call."""
        return []

    def on_kill(self) -> None:
        """Ends the command when the task is ended, by hand or by its timeout."""
        if self._command:
            self._command.end()

    def _tell(self, line: str) -> None:
        self.log.log(next((_LEVELS[word] for word in line.split()[2:3] if word in _LEVELS), logging.INFO), "%s", line)

    def _failed(self, says: str, *, again: bool) -> AirflowException:
        """The error to raise, of which the note tells."""
        self._show(says)
        return AirflowException(says) if again else AirflowFailException(f"{says} (trying again cannot help)")

    def _show(self, note: str) -> None:
        """Shows the note at once, for Airflow itself shows it only where no other try follows."""
        self.note = shortened(note)
        try:
            fields = {"note": self.note, "words": self.words}
            task_runner.SUPERVISOR_COMMS.send(SetRenderedFields(rendered_fields=fields))
        except Exception:  # the task's own failure is what counts
            self.log.exception("the note is not shown")


class IngestOperator(SemanaOperator):
    """The first step: takes what was dropped and begins the run that all other tasks work in.

    Which week is asked for follows from the run's params; a backfill asks for its week as it was recorded.
    """

    def asked(self, context: Context) -> list[str]:
        """More words, from the DAG run and its params."""
        dag_run = context["dag_run"]
        given = {name: value for name, value in context["params"].items() if value not in (None, "")}
        if dag_run.run_type == "backfill" and dag_run.logical_date:
            day = dag_run.logical_date.astimezone(ZoneInfo(TIMEZONE)).date()
            year, week, _ = day.isocalendar()
            past = {"week": f"{year}-W{week:02d}", "as_of": str(day), **given}
            return ["--as-recorded", *_options(past, ("week", "as_of", "reason"))]
        return _options(given, list(self.dag.params))


class DecideOperator(SemanaOperator, BranchMixIn):
    """The decision, which is the branch: `retrain`, `keep` or, where the list of the week stays, `stay`."""

    inherits_from_skipmixin = True

    def __init__(self, *, retrain: str, keep: str, stay: str, **options: Any) -> None:
        super().__init__(**options)
        self.branches = {"retrain": retrain, "keep": keep, "stay": stay}

    def execute(self, context: Context) -> None:
        """Runs the step, hands its summary on, and skips the tasks of the other branches."""
        summary = super().execute(context)
        stays = context["ti"].xcom_pull(task_ids="ingest")["stays"]
        if stays:
            self.note += f"\nstays: {stays}, for its week has begun. To replace it, run it with a reason."
        # Branching ends the task by an exception of Airflow's own, so that nothing is returned.
        context["ti"].xcom_push(key="return_value", value=summary)
        self.do_branch(context, self.branches["stay" if stays else "retrain" if summary["retrain"] else "keep"])


def _options(given: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [f"--{name.replace('_', '-')}={given[name]}" for name in names if name in given]
