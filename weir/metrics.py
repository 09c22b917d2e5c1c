"""Every metric, declared once: name, kind, unit, labels and meaning. The documentation's table comes from here.

Labels are bounded sets: never a visitor, session, address or user agent. Times are exported as timestamps, not ages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.event import KNOWN_EVENT_TYPES
from weir.contracts.flag import Stage, Verdict
from weir.contracts.label import LabelOutcome
from weir.metric_names import MetricName
from weir.topics import STAGES

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; its full name is `weir_` and `name`, with `_total` behind a counter's."""

    name: MetricName
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()
    """The possible values of each label, in the labels' order, if they are known beforehand."""

    @property
    def full_name(self) -> str:
        """The metric's name in Prometheus."""
        return f"weir_{self.name}" + ("_total" if self.kind == "counter" else "")

    def series_from_start(self) -> Iterator[tuple[str, ...]]:
        """Labels of the series that are exported from the start, at 0: a missing series would have no rate."""
        if self.kind == "counter" and self.labels and len(self.values) == len(self.labels):
            yield from product(*self.values)


_STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LATENCY_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_VERDICTS: tuple[str, ...] = get_args(Verdict)
_CASCADE: tuple[str, ...] = get_args(Stage)
_EVENT_TYPES = (*KNOWN_EVENT_TYPES, "other")
_REASONS = tuple(reason.value for reason in DeadLetterReason)
_ANSWER_OUTCOMES = ("acts", "repeated", "over", "withdrawn", "forgotten")
_LABEL_OUTCOMES = tuple(outcome.value for outcome in LabelOutcome)

_TABLES = ("sessions", "flags", "late_events", "labels", "examples", "scores")

METRICS = (
    Metric(
        "events",
        "counter",
        "events",
        "Input records by outcome; the outcomes add up to the input",
        ("outcome",),
        values=(("folded", "duplicate", "late", "dead_letter", "rekeyed", "watermark"),),
    ),
    Metric(
        "events_by_type",
        "counter",
        "events",
        "Folded events by type; unknown types are `other`",
        ("type",),
        values=(_EVENT_TYPES,),
    ),
    Metric("events_clamped", "counter", "events", "Events ahead of the broker's clock, clamped to it"),
    Metric(
        "dead_letters",
        "counter",
        "records",
        "Records sent to the dead letters, by reason",
        ("reason",),
        values=(_REASONS,),
    ),
    Metric(
        "dead_letter_share",
        "gauge",
        "",
        "Dead letters among the newest `dead_letter_window` records; the worker stops above `dead_letter_cap`",
        ("stage", "topic", "partition"),
    ),
    Metric(
        "sessions",
        "counter",
        "sessions",
        "Changes of sessions, by kind",
        ("change",),
        values=(("opened", "closed", "merged", "split"),),
    ),
    Metric("session_revisions", "counter", "records", "Session records published"),
    Metric("sessions_open", "gauge", "sessions", "Sessions open now", ("partition",)),
    Metric("watermark_timestamp_seconds", "gauge", "s", "Watermark, in event time", ("partition",)),
    Metric("limits_crossed", "counter", "limits", "Limits crossed", ("kind", "limit")),
    Metric(
        "limit_subjects",
        "gauge",
        "subjects",
        "Addresses and accounts that a worker remembers, over all partitions: budgets, and sets of distinct values",
        ("kept",),
        values=(("buckets", "sets"),),
    ),
    Metric(
        "flagged_share",
        "gauge",
        "",
        "Share of the newest sessions that the ceiling's stages would throttle or block, held back or not",
        ("partition",),
    ),
    Metric("brake_on", "gauge", "", "1 while verdicts are held back: the share is above the ceiling", ("partition",)),
    Metric(
        "verdicts_held_back",
        "counter",
        "verdicts",
        "Verdicts that became a review, since the brake was on",
        ("stage", "verdict"),
        values=(("rate_limit", "heuristics", "model"), ("throttle", "block")),
    ),
    Metric(
        "pattern_hits",
        "counter",
        "hits",
        "Events in which a pattern of this category matched",
        ("pack", "category"),
    ),
    Metric("rule_hits", "counter", "hits", "Events in which a pattern matched", ("rule",)),
    Metric(
        "rule_sessions",
        "counter",
        "sessions",
        "Closed sessions for which a pattern or rule held; `alone`: no other rule or stage would have flagged them",
        ("rule", "shadow", "alone"),
    ),
    Metric(
        "rule_answers",
        "counter",
        "answers",
        "Human labels on sessions for which a pattern or rule held: precision, and if `alone`, marginal precision",
        ("rule", "alone", "label"),
    ),
    Metric(
        "rule_cost_seconds", "gauge", "s", "Time that a pattern takes for one text, as this worker measured", ("rule",)
    ),
    Metric("pack_version_info", "gauge", "", "1 for each pack's version in force here", ("pack", "version")),
    Metric(
        "rules_refused",
        "counter",
        "records",
        "Records of the rules topic that were refused, by reason; the earlier version stays in force",
        ("reason",),
        values=(("unreadable", "invalid", "unknown", "conflict"),),
    ),
    Metric(
        "scores",
        "counter",
        "scores",
        "Session revisions scored, by the model's role",
        ("role",),
        values=(("champion", "challenger", "shadow", "learner", "none"),),
    ),
    Metric(
        "stage_verdicts",
        "counter",
        "verdicts",
        "Verdicts of each stage, in shadow or not",
        ("stage", "verdict", "shadow"),
        values=(_CASCADE, _VERDICTS, ("true", "false")),
    ),
    Metric("flags", "counter", "flags", "Flags published", ("stage", "verdict"), values=(_CASCADE, _VERDICTS)),
    Metric(
        "reviews",
        "counter",
        "questions",
        "Sessions that became review questions",
        ("why",),
        values=(("unsure", "novel", "random", "conflict"),),
    ),
    Metric("event_to_flag_seconds", "histogram", "s", "Append of the event to the verdict", (), _LATENCY_SECONDS),
    Metric("batch_seconds", "histogram", "s", "Processing of one batch, without its flush", ("stage",), _STAGE_SECONDS),
    Metric("batch_records", "counter", "records", "Records processed", ("stage",), values=(STAGES,)),
    Metric("cascade_seconds", "counter", "s", "Time spent in a stage of the cascade", ("stage",), values=(_CASCADE,)),
    Metric("flush_seconds", "histogram", "s", "One flush: produce and commit", ("stage",), _STAGE_SECONDS),
    Metric(
        "transactions",
        "counter",
        "transactions",
        "Kafka transactions by outcome; in_doubt: the outcome was unknown at first, and a recovery found it out",
        ("stage", "end"),
        values=(STAGES, ("committed", "aborted", "in_doubt")),
    ),
    Metric(
        "memberships_lost",
        "counter",
        "losses",
        "Times that the worker lost its partitions to another worker or to a timeout, and joined its group again",
        (),
    ),
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
        "Time at which the stage last made progress or was idle",
        ("stage",),
    ),
    Metric("partitions_owned", "gauge", "partitions", "Partitions of the stage that this worker has", ("stage",)),
    Metric(
        "compiled_info",
        "gauge",
        "",
        "1 for the form in which the fold's hot modules run: compiled, or as plain Python",
        ("form",),
        values=(("compiled", "python"),),
    ),
    Metric("ready", "gauge", "", "1 when assigned, recovered and not rebalancing"),
    Metric(
        "labels",
        "counter",
        "labels",
        "Labels by source kind and outcome",
        ("kind", "outcome"),
        values=(("people", "report", "weak", "unknown"), _LABEL_OUTCOMES),
    ),
    Metric(
        "answers",
        "counter",
        "answers",
        "Answers and reports that decide, by outcome",
        ("kind", "outcome"),
        values=(("people", "report"), _ANSWER_OUTCOMES),
    ),
    Metric("answers_standing", "gauge", "visitors", "Visitors with answers or reports in force", ("partition",)),
    Metric("flags_held", "gauge", "flags", "Flags kept while in force: an answer can lift them", ("partition",)),
    Metric(
        "flags_let_go",
        "counter",
        "flags",
        "Flags dropped while in force, since the bound was reached: no answer can lift them",
    ),
    Metric("labels_waiting", "gauge", "labels", "Labels that wait for their session", ("partition",)),
    Metric(
        "examples_learned",
        "counter",
        "examples",
        "Training examples learned",
        ("kind", "label"),
        values=(("people", "weak"), ("good", "bad", "passed_over")),
    ),
    Metric("model_auc", "gauge", "", "Prequential ROC AUC on the newest window", ("role",)),
    Metric("model_log_loss", "gauge", "nats", "Prequential log loss on the newest window", ("role",)),
    Metric("model_calibration_error", "gauge", "", "Expected calibration error on the newest window", ("role",)),
    Metric("model_average_precision", "gauge", "", "Prequential average precision on the newest window", ("role",)),
    Metric("model_recall", "gauge", "", "Prequential recall at 1 % false positives on the newest window", ("role",)),
    Metric("model_flagged_share", "gauge", "", "Share of the newest window that scores one half or more", ("role",)),
    Metric(
        "recall_estimate",
        "gauge",
        "",
        "Share of the abuse that is flagged, by answers about the random sample, with its 95 % interval",
        ("bound",),
        values=(("low", "estimate", "high"),),
    ),
    Metric(
        "sources_doubted", "gauge", "sources", "Sources of labels that count for less, since others contradict them"
    ),
    Metric(
        "model_decisions",
        "counter",
        "decisions",
        "Decisions about models: by the gate, in a rollout, or as a rollback",
        ("decision",),
        values=(("refusal", "refresh", "shadow", "share", "promotion", "withdrawal", "rollback"),),
    ),
    Metric("trial_stage", "gauge", "", "Rollout stage: 0: no rollout; 1: shadow; 2: the version scores for a share"),
    Metric(
        "trial_verdicts",
        "counter",
        "sessions",
        "Closed sessions by the model stage's verdict and the verdict that the challenger would have given",
        ("said", "would_say"),
        values=(("allow", "review", "block"), ("allow", "review", "block")),
    ),
    Metric(
        "drift_detected",
        "counter",
        "changes",
        "Detected drift of sessions' features (`input`) and of models' errors (`error`)",
        ("of", "name"),
    ),
    Metric("model_version_info", "gauge", "", "1 for the champion that scores here", ("id", "version")),
    Metric(
        "model_refused",
        "counter",
        "snapshots",
        "Snapshots refused, by reason",
        ("reason",),
        values=(("unverified", "unreadable", "features_version"),),
    ),
    Metric("table_rows", "counter", "rows", "Rows committed to the tables", ("table",), values=(_TABLES,)),
    Metric(
        "table_commits",
        "counter",
        "commits",
        "Commits to the tables by outcome: committed, overtaken by another worker, repeated after a conflict, failed",
        ("table", "end"),
        values=(_TABLES, ("committed", "overtaken", "conflict", "failed")),
    ),
    Metric("table_commit_seconds", "histogram", "s", "One commit to a table", ("table",), _LATENCY_SECONDS),
    Metric("table_rows_waiting", "gauge", "rows", "Rows that wait for a commit, at the last check", ("table",)),
    Metric(
        "table_unreadable",
        "counter",
        "records",
        "Unreadable records, which have no row",
        ("table",),
        values=(_TABLES,),
    ),
)
BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
