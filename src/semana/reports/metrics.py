"""What is watched, as Prometheus reads it: gauges from plain values, whoever serves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from semana.evaluation.durations import DONE

_MIB = 2**20
_PERFORMANCE = ("f1", "lift", "precision", "recall", "recall_at_10", "ndcg_at_10", "average_precision", "calibration")
_CONFIRMED = "confirmed"


class _Collector:
    """Gives the same metrics to every scrape."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """The metrics."""
        return self._found


def exposition(watched: Mapping[str, Any]) -> str:
    """The text of `stores.watched.watched`, ready to be scraped."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(list(_metrics(watched))))
    return generate_latest(registry).decode()


def requests_served(rows: Iterable[Mapping[str, Any]], *, degraded: bool) -> str:
    """The text of what an API was asked: `requests`, `seconds` and `within` (by upper bound) of each method and route.

    `degraded` tells whether something was refused, or the home is away.
    """
    counted = CounterMetricFamily("semana_api_requests", "Requests.", labels=("method", "route", "status"))
    took = HistogramMetricFamily("semana_api_seconds", "Seconds of a request.", labels=("method", "route", "status"))
    for row in rows:
        key = [row["method"], row["route"], str(row["status"])]
        counted.add_metric(key, row["requests"])
        known, sums = 0.0, []
        for bound, count in row["within"].items():
            known += count
            sums.append(("+Inf" if bound == float("inf") else str(bound), known))
        took.add_metric(key, sums, sum_value=row["seconds"])
    registry = CollectorRegistry(auto_describe=False)
    gauge = _gauge("api_degraded", "Whether something was refused, or the home is away.", {}, float(degraded))
    registry.register(_Collector([counted, took, gauge]))
    return generate_latest(registry).decode()


def _metrics(watched: Mapping[str, Any]) -> Iterator[Metric]:
    yield _gauge("info", "The version of semana that answers.", {"version": watched["version"]}, 1)
    yield _gauge("home_bytes", "Disk that the home took after the last step.", {}, watched["home_bytes"])
    yield _gauge("disk_free_bytes", "Free on the home's disk.", {}, watched["disk_free_bytes"])
    yield from _list(watched["list"])
    yield from _steps(watched["steps"])
    yield from _datasets(watched["steps"])
    yield _many(
        "performance",
        "Figures of the newest reviewed lists.",
        ("role", "model_version", "metric"),
        (
            ((row["role"], row["model_version"], name), row[name])
            for row in watched["performance"]
            for name in _PERFORMANCE
            if row.get(name) is not None
        ),
    )
    if drift := watched["drift"]:
        yield _gauge(
            "drift_confirmed", "Whether drift is confirmed in the newest week.", {}, drift["verdict"] == _CONFIRMED
        )
        for name in ("score", "limit"):
            if drift[name] is not None:
                yield _gauge(f"drift_{name}", f"The newest week's {name}.", {}, drift[name])
    yield _many("ledger_entries", "Changes of who serves.", ("kind",), watched["ledger"].items(), wrap=True)
    yield _many("alerts", "Messages that people were told.", ("kind",), watched["alerts"].items(), wrap=True)
    yield _gauge("alerts_unsent", "Messages that a channel has not taken yet.", {}, watched["unsent"])


def _list(published: Mapping[str, Any] | None) -> Iterator[Metric]:
    if published is None:
        return
    labels = {"week": published["week"], "model_version": published["model_version"]}
    yield _gauge("list_week_start_seconds", "When the week of the newest list begins.", labels, published["week_start"])
    for name, value in published["counts"].items():
        yield _gauge(f"list_{name}", f"The newest list's {name.replace('_', ' ')}.", {}, value)
    yield _gauge("list_expected_purchases", "Purchases expected in the newest list's week.", {}, published["total"])


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[Metric]:
    figures = (
        ("wall_seconds", "wall_seconds", "Seconds that the step took last.", 1),
        ("cpu_seconds", "cpu_seconds", "CPU seconds that it took, children included.", 1),
        ("peak_memory_bytes", "peak_memory_mib", "Its peak memory, children included.", _MIB),
        ("read_bytes", "bytes_read", "Bytes that it read from disk.", 1),
        ("written_bytes", "bytes_written", "Bytes that it wrote.", 1),
        ("began_seconds", "began_seconds", "When it began.", 1),
    )
    for name, key, says, unit in figures:
        yield _many(f"step_{name}", says, ("step",), (((each["step"],), each[key] * unit) for each in steps))
    failed = (((each["step"],), each["outcome"] != DONE) for each in steps)
    yield _many("step_failed", "Whether it failed last.", ("step",), failed)
    slow = (((each["step"],), each["times_usual"]) for each in steps if each.get("times_usual"))
    yield _many("step_times_usual", "Its seconds over the median of its past.", ("step",), slow)


def _datasets(steps: Sequence[Mapping[str, Any]]) -> Iterator[Metric]:
    touched = [(each["step"], data) for each in steps for data in each["datasets"]]
    for name in ("rows", "columns", "bytes"):
        values = (((step, data["dataset"], data["how"]), data[name]) for step, data in touched)
        yield _many(
            f"dataset_{name}", f"The {name} of a dataset that a step touched last.", ("step", "dataset", "how"), values
        )


def _gauge(name: str, says: str, labels: Mapping[str, str], value: float) -> Metric:
    return _many(name, says, tuple(labels), [(tuple(labels.values()), value)])


def _many(name: str, says: str, labels: Sequence[str], values: Iterable[Any], *, wrap: bool = False) -> Metric:
    found = GaugeMetricFamily(f"semana_{name}", says, labels=labels)
    for key, value in values:
        found.add_metric([key] if wrap else list(key), float(value))
    return found
