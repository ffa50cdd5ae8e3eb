"""The one door for people, schedulers and CI: every command, its exit code, its last line."""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback

import typer

from semana.cli import backtest, deliveries, drift, experiment, explain, golden, lists, models, run, runs, serve, upkeep
from semana.cli.front import as_typed, set_home
from semana.errors import Busy, ConfigurationError, ContractError, ServiceUnavailable, UsageError

EXIT_CODES: dict[type[Exception], int] = {
    UsageError: 64,
    ContractError: 65,
    ServiceUnavailable: 69,
    Busy: 75,
    ConfigurationError: 78,
}
BUG = 70
# Of the system, by whoever meets it; of DuckDB that has filled what was free; of SQLite.
_DISK_FULL = (os.strerror(errno.ENOSPC), "failed to offload data block", "database or disk is full")
_NO_MEMORY = ("Out of Memory Error: ", "OutOfMemoryError")  # DuckDB's, of several types; and Java's, of Spark
_INTERRUPTED = 130  # what the command line's library makes of Ctrl-C

app = typer.Typer(
    name="semana",
    help="Predicts, every week and for every customer, what they will buy next week, and runs itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(set_home)
run.register(app)
lists.register(app)
explain.register(app)
deliveries.register(app)
models.register(app)
golden.register(app)
experiment.register(app)
backtest.register(app)
drift.register(app)
runs.register(app)
serve.register(app)
upkeep.register(app)


def main() -> None:
    """Runs the command line; every failure ends in one readable line on stderr and the documented exit code."""
    try:
        if app(standalone_mode=False) == _INTERRUPTED:
            raise KeyboardInterrupt
    except tuple(EXIT_CODES) as err:
        print(f"semana: {as_typed(str(err), typer.main.get_group(app).commands)}", file=sys.stderr)
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(err, kind)))
    except (typer.Abort, KeyboardInterrupt):
        print("semana: interrupted", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as err:
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            traceback.print_exc()
        if told := _refused_here(err):
            print(f"semana: {told}", file=sys.stderr)
            sys.exit(EXIT_CODES[type(told)])
        if hasattr(err, "format_message"):
            print(f"semana: {err.format_message()} See: semana --help", file=sys.stderr)
            sys.exit(EXIT_CODES[UsageError])
        print(
            f"semana: a bug of ours: {type(err).__name__}: {err} (SEMANA_LOG_LEVEL=DEBUG shows where)", file=sys.stderr
        )
        sys.exit(BUG)


def _refused_here(err: Exception) -> ConfigurationError | ServiceUnavailable | None:
    """What this machine refuses, and what to do; None for any other failure."""
    if isinstance(err, PermissionError):
        return ConfigurationError(f"{err.filename}: this user may not write or read it. Mend its rights.")
    if isinstance(err, NotADirectoryError):
        return ConfigurationError(f"{err.filename}: it lies below a file; a folder was expected there.")
    lines = f"{err}".splitlines() or [""]
    if full := next((line for line in lines if any(sign in line for sign in _DISK_FULL)), None):
        return ServiceUnavailable(f"the disk is full: make room on it (docs/operations.md), then do it again. {full}")
    if short := next((line for line in lines if any(sign in line for sign in _NO_MEMORY)), None):
        return ConfigurationError(
            "the engine had too little memory (SEMANA_ENGINE_MEMORY; spark.executor.memory of a cluster's workers). "
            f"It says: {short.strip()}"
        )
    if "pyspark" in sys.modules:
        from semana.stores.spark import refused_by_spark

        return refused_by_spark(err)
    return None
