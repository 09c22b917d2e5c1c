"""The names of the metrics by kind, so that mypy finds a name that `weir/metrics.py` does not declare."""

from __future__ import annotations

from typing import Literal

CounterName = Literal[
    "events",
    "events_by_type",
    "events_clamped",
    "dead_letters",
    "sessions",
    "session_revisions",
    "limits_crossed",
    "verdicts_held_back",
    "pattern_hits",
    "rule_hits",
    "rule_sessions",
    "rule_answers",
    "rules_refused",
    "scores",
    "stage_verdicts",
    "flags",
    "reviews",
    "batch_records",
    "cascade_seconds",
    "transactions",
    "labels",
    "examples_learned",
    "model_decisions",
    "trial_verdicts",
    "drift_detected",
    "model_refused",
]
GaugeName = Literal[
    "dead_letter_share",
    "sessions_open",
    "watermark_timestamp_seconds",
    "limit_subjects",
    "flagged_share",
    "brake_on",
    "rule_cost_seconds",
    "pack_version_info",
    "recovery_seconds",
    "recovered_entries",
    "lag_records",
    "progress_timestamp_seconds",
    "ready",
    "labels_waiting",
    "model_auc",
    "model_log_loss",
    "model_calibration_error",
    "model_average_precision",
    "model_recall",
    "model_flagged_share",
    "recall_estimate",
    "sources_doubted",
    "trial_stage",
    "model_version_info",
]
HistogramName = Literal[
    "event_to_flag_seconds",
    "batch_seconds",
    "flush_seconds",
]
MetricName = CounterName | GaugeName | HistogramName
