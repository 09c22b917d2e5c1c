"""The metrics of `weir/metrics.py` as Prometheus collectors, fed with effects after they have become real."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import (
    GC_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from streams.task import Effects
from weir.metric_names import CounterName, GaugeName, HistogramName
from weir.metrics import BY_NAME, METRICS, Metric


class Exposition:
    """The collectors of one process. Names are those of the declarations; one that isn't declared is an error."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(GC_COLLECTOR)
        self._counters = {m.name: self._counter(m) for m in METRICS if m.kind == "counter"}
        self._gauges = {m.name: self._gauge(m) for m in METRICS if m.kind == "gauge"}
        self._histograms = {m.name: self._histogram(m) for m in METRICS if m.kind == "histogram"}

    def apply(self, effects: Effects) -> None:
        """Takes over what a committed flush counted, observed and set."""
        for (counter, labels), by in effects.counts.items():
            self.count(counter, *labels, by=by)
        for (histogram, labels), observed in effects.observations:
            self.observe(observed, histogram, *labels)
        for (gauge, labels), value in effects.gauges.items():
            self.set(value, gauge, *labels)

    def count(self, name: CounterName, *labels: str, by: float = 1) -> None:
        """Adds to a counter."""
        counter = self._counters[name]
        (counter.labels(*labels) if labels else counter).inc(by)

    def observe(self, value: float, name: HistogramName, *labels: str) -> None:
        """Adds an observation to a histogram."""
        histogram = self._histograms[name]
        (histogram.labels(*labels) if labels else histogram).observe(value)

    def set(self, value: float, name: GaugeName, *labels: str) -> None:
        """Sets a gauge."""
        gauge = self._gauges[name]
        (gauge.labels(*labels) if labels else gauge).set(value)

    def replace(self, name: GaugeName, values: Mapping[tuple[str, ...], float]) -> None:
        """Sets a gauge for these labels, and drops its other series."""
        gauge = self._gauges[name]
        for labels, value in values.items():
            gauge.labels(*labels).set(value)
        for labels in set(self._series(name)) - set(values):
            gauge.remove(*labels)

    def forget(self, partition: int, *names: GaugeName) -> None:
        """Drops gauges of a partition that this process no longer owns, or two owners would show it."""
        for name in names:
            at = BY_NAME[name].labels.index("partition")
            for labels in self._series(name):
                if labels[at] == str(partition):
                    self._gauges[name].remove(*labels)

    def _series(self, name: GaugeName) -> list[tuple[str, ...]]:
        declared = BY_NAME[name].labels
        return [
            tuple(sample.labels[label] for label in declared)
            for family in self._gauges[name].collect()
            for sample in family.samples
        ]

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, metric: Metric) -> Counter:
        counter = Counter(f"weir_{metric.name}", metric.meaning, metric.labels, registry=self.registry)
        for labels in metric.series_from_start():
            counter.labels(*labels)
        return counter

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(metric.full_name, metric.meaning, metric.labels, registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(
            metric.full_name, metric.meaning, metric.labels, registry=self.registry, buckets=metric.buckets
        )
