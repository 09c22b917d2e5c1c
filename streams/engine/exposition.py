"""The metrics of `weir/metrics.py` as Prometheus collectors, fed with effects after they have become real."""

from __future__ import annotations

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

from streams.engine.task import Effects
from weir.metrics import METRICS, Metric


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
        for (name, labels), by in effects.counts.items():
            counter = self._counters[name]
            (counter.labels(*labels) if labels else counter).inc(by)
        for (name, labels), value in effects.observations:
            histogram = self._histograms[name]
            (histogram.labels(*labels) if labels else histogram).observe(value)
        for (name, labels), value in effects.gauges.items():
            self.set(value, name, *labels)

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Adds to a counter."""
        counter = self._counters[name]
        (counter.labels(*labels) if labels else counter).inc(by)

    def observe(self, value: float, name: str, *labels: str) -> None:
        """Adds an observation to a histogram."""
        histogram = self._histograms[name]
        (histogram.labels(*labels) if labels else histogram).observe(value)

    def set(self, value: float, name: str, *labels: str) -> None:
        """Sets a gauge."""
        gauge = self._gauges[name]
        (gauge.labels(*labels) if labels else gauge).set(value)

    def clear(self, name: str) -> None:
        """Drops all series of a gauge, before those that still hold are set."""
        self._gauges[name].clear()

    def forget(self, partition: int, *names: str) -> None:
        """Drops gauges of a partition that this process no longer owns, or two owners would show it."""
        for name in names:
            gauge = self._gauges[name]
            at = gauge._labelnames.index("partition")  # noqa: SLF001 -- the library has no public list of labels
            for labels in [labels for labels in list(gauge._metrics) if labels[at] == str(partition)]:  # noqa: SLF001 -- likewise
                gauge.remove(*labels)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, metric: Metric) -> Counter:
        return Counter(f"weir_{metric.name}", metric.meaning, metric.labels, registry=self.registry)

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(metric.full_name, metric.meaning, metric.labels, registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(
            metric.full_name, metric.meaning, metric.labels, registry=self.registry, buckets=metric.buckets
        )
