"""Every metric, declared once: name, kind, unit, labels and meaning. The documentation's table comes from here.

Labels are bounded sets: never a visitor, session, address or user agent. Times are exported as timestamps, not ages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; its full name is `weir_` and `name`, with `_total` behind a counter's."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """As Prometheus shows it."""
        return f"weir_{self.name}" + ("_total" if self.kind == "counter" else "")


_STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LATENCY_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

METRICS = (
    Metric(
        "events",
        "counter",
        "events",
        "Input records by what became of them; they add up to the input",
        ("outcome",),
    ),
    Metric(
        "events_by_type",
        "counter",
        "events",
        "Folded events by type; types Weir doesn't know are `other`",
        ("type",),
    ),
    Metric("events_clamped", "counter", "events", "Events ahead of the broker's clock, clamped to it"),
    Metric("dead_letters", "counter", "records", "Records sent to the dead letters, by reason", ("reason",)),
    Metric("sessions", "counter", "sessions", "Sessions by what happened to them", ("change",)),
    Metric("session_revisions", "counter", "records", "Session records published"),
    Metric("sessions_open", "gauge", "sessions", "Sessions open now", ("partition",)),
    Metric("watermark_timestamp_seconds", "gauge", "s", "Watermark, in event time", ("partition",)),
    Metric("limits_crossed", "counter", "limits", "Budgets crossed", ("kind", "limit")),
    Metric(
        "pattern_hits",
        "counter",
        "hits",
        "Events in which a pattern of this category matched",
        ("pack", "category"),
    ),
    Metric("scores", "counter", "scores", "Session revisions scored, by who scored them", ("role",)),
    Metric(
        "stage_verdicts",
        "counter",
        "verdicts",
        "What each stage said, in shadow or not",
        ("stage", "verdict", "shadow"),
    ),
    Metric("flags", "counter", "flags", "Flags published", ("stage", "verdict")),
    Metric("reviews", "counter", "questions", "Sessions that a person is asked about", ("why",)),
    Metric("event_to_flag_seconds", "histogram", "s", "Append of the event to the verdict", (), _LATENCY_SECONDS),
    Metric("batch_seconds", "histogram", "s", "Work on one batch, without its flush", ("stage",), _STAGE_SECONDS),
    Metric("batch_records", "counter", "records", "Records worked on", ("stage",)),
    Metric("cascade_seconds", "counter", "s", "Time spent in a stage of the cascade", ("stage",)),
    Metric("flush_seconds", "histogram", "s", "One flush: produce and commit", ("stage",), _STAGE_SECONDS),
    Metric("transactions", "counter", "transactions", "Kafka transactions by how they ended", ("stage", "end")),
    Metric("recovery_seconds", "gauge", "s", "Last recovery of the partition", ("stage", "partition")),
    Metric(
        "recovered_entries",
        "gauge",
        "entries",
        "State entries read in the last recovery",
        ("stage", "partition"),
    ),
    Metric("lag_records", "gauge", "records", "Last stable offset less position", ("stage", "topic", "partition")),
    Metric(
        "progress_timestamp_seconds",
        "gauge",
        "s",
        "When the stage last moved, or had nothing to do",
        ("stage",),
    ),
    Metric("ready", "gauge", "", "1 when assigned, recovered and not rebalancing"),
    Metric("labels", "counter", "labels", "Labels by source kind and what became of them", ("kind", "outcome")),
    Metric("examples_learned", "counter", "examples", "Training examples learned", ("kind", "label")),
    Metric("model_auc", "gauge", "", "Prequential ROC AUC on the newest window", ("role",)),
    Metric("model_log_loss", "gauge", "nats", "Prequential log loss on the newest window", ("role",)),
    Metric("model_calibration_error", "gauge", "", "Expected calibration error on the newest window", ("role",)),
    Metric(
        "model_decisions",
        "counter",
        "decisions",
        "Meetings of candidate and champion by how they ended",
        ("decision",),
    ),
    Metric("model_version_info", "gauge", "", "1 for the champion that scores here", ("id", "version")),
    Metric("model_refused", "counter", "snapshots", "Snapshots not taken, by reason", ("reason",)),
)
BY_NAME = {metric.name: metric for metric in METRICS}
