"""Writes `dashboards/weir.json`: what is on it, row by row, is declared here.

Run it after a change: `python deploy/grafana/make_dashboard.py`. A test compares the file with what this would write,
and each expression with the metrics that `weir/metrics.py` declares.
"""

# ruff: noqa: INP001 -- a script beside what it writes, not a package

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

TARGET = Path(__file__).parent / "dashboards" / "weir.json"
DATASOURCE = {"type": "prometheus", "uid": "weir-prometheus"}
COLUMNS = 24
STAT_HEIGHT, GRAPH_HEIGHT = 4, 8


@dataclass(frozen=True)
class Panel:
    """One picture: its expressions with the legend of each, and a sentence on how to read it."""

    title: str
    unit: str
    queries: Sequence[tuple[str, str]]
    reading: str
    kind: Literal["timeseries", "stat"] = "timeseries"
    width: int = 8


def rate(metric: str, *by: str) -> str:
    """Per second, summed over everything but the labels named."""
    return f"sum by ({', '.join(by)}) (rate({metric}[$__rate_interval]))"


def quantile(share: float, metric: str, *by: str) -> str:
    """A quantile of a histogram, for each value of the labels named."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', 'le', *by)})"


def stat(title: str, unit: str, expression: str, reading: str) -> Panel:
    """One number."""
    return Panel(title, unit, [(expression, "")], reading, "stat", 4)


DEAD_LETTER_SHARE = (
    "sum(rate(weir_dead_letters_total[$__rate_interval])) / "
    "clamp_min(sum(rate(weir_events_total[$__rate_interval])), 0.001)"
)
RULES_PRECISION = (
    'sum by (rule, alone) (increase(weir_rule_answers_total{label="bad"}[1d])) / '
    "sum by (rule, alone) (increase(weir_rule_answers_total[1d]))"
)
ROWS: Sequence[tuple[str, Sequence[Panel]]] = (
    (
        "Traffic",
        (
            stat("Workers ready", "none", "sum(weir_ready)", "Assigned, recovered and not rebalancing."),
            stat("Events", "cps", "sum(rate(weir_events_total[$__rate_interval]))", "All input records."),
            stat("Open sessions", "none", "sum(weir_sessions_open)", "Over all partitions."),
            stat("Lag", "none", "sum(weir_lag_records)", "Records that no stage has worked on yet."),
            stat(
                "Event to flag, 99 %",
                "s",
                "histogram_quantile(0.99, sum by (le) (rate(weir_event_to_flag_seconds_bucket[$__rate_interval])))",
                "From the event's append to the verdict.",
            ),
            stat(
                "Memory, largest worker",
                "bytes",
                "max(process_resident_memory_bytes)",
                "Grows with open sessions, and with the fingerprints that detect duplicates.",
            ),
            Panel(
                "Input by outcome",
                "cps",
                [(rate("weir_events_total", "outcome"), "{{outcome}}")],
                "The outcomes add up to the input. Rekeyed: a producer has another partitioner.",
            ),
            Panel(
                "Events by type",
                "cps",
                [(rate("weir_events_by_type_total", "type"), "{{type}}")],
                "Folded events; unknown types are `other`.",
            ),
            Panel(
                "Sessions",
                "cps",
                [
                    (rate("weir_sessions_total", "change"), "{{change}}"),
                    ("sum(rate(weir_session_revisions_total[$__rate_interval]))", "revisions published"),
                ],
                "If more sessions open than close for a long time, look at the watermark.",
            ),
            Panel(
                "Events clamped",
                "cps",
                [("sum(rate(weir_events_clamped_total[$__rate_interval]))", "clamped")],
                "A producer's clock is ahead.",
                width=12,
            ),
            Panel(
                "Records by stage",
                "cps",
                [(rate("weir_batch_records_total", "stage"), "{{stage}}")],
                "Records that each stage processes.",
                width=12,
            ),
        ),
    ),
    (
        "Cascade",
        (
            Panel(
                "Flags by stage and verdict",
                "cps",
                [(rate("weir_flags_total", "stage", "verdict"), "{{stage}}: {{verdict}}")],
                "Published flags: changes of a verdict.",
            ),
            Panel(
                "Verdicts by stage",
                "cps",
                [
                    (
                        rate("weir_stage_verdicts_total", "stage", "verdict", "shadow"),
                        "{{stage}}: {{verdict}} {{shadow}}",
                    )
                ],
                "With the stages that are in shadow.",
            ),
            Panel(
                "Time in the cascade",
                "s",
                [(rate("weir_cascade_seconds_total", "stage"), "{{stage}}")],
                "Seconds of work a second.",
            ),
            Panel(
                "Patterns",
                "cps",
                [(rate("weir_pattern_hits_total", "pack", "category"), "{{pack}}: {{category}}")],
                "Events in which a pattern matched.",
                width=6,
            ),
            Panel(
                "Limits crossed",
                "cps",
                [(rate("weir_limits_crossed_total", "kind", "limit"), "{{kind}}: {{limit}}")],
                "Limits of visitors, addresses and accounts.",
                width=6,
            ),
            Panel(
                "Scores",
                "cps",
                [(rate("weir_scores_total", "role"), "{{role}}")],
                "Session revisions scored, by the model's role.",
                width=6,
            ),
            Panel(
                "Review questions",
                "cps",
                [(rate("weir_reviews_total", "why"), "{{why}}")],
                "Sessions in the review queue.",
                width=6,
            ),
            Panel(
                "Sessions flagged",
                "percentunit",
                [("max(weir_flagged_share)", "highest share"), ("max(weir_brake_on)", "brake on")],
                "Share of a partition's newest sessions, if there is a ceiling; above it the brake is on.",
            ),
            Panel(
                "Verdicts held back",
                "cps",
                [(rate("weir_verdicts_held_back_total", "stage", "verdict"), "{{stage}}: {{verdict}}")],
                "They became a review, since the brake was on.",
            ),
            Panel(
                "Addresses and accounts remembered",
                "none",
                [("max by (kept) (weir_limit_subjects)", "{{kept}}")],
                "Of the worker with most; the number is bounded.",
            ),
        ),
    ),
    (
        "Rules",
        (
            Panel(
                "Rules that match most",
                "cps",
                [("topk(10, sum by (rule) (rate(weir_rule_hits_total[$__rate_interval])))", "{{rule}}")],
                "Events in which a pattern matched.",
            ),
            Panel(
                "Sessions for which a rule holds",
                "cps",
                [
                    (
                        f"topk(10, {rate('weir_rule_sessions_total', 'rule', 'shadow', 'alone')})",
                        "{{rule}} {{shadow}} {{alone}}",
                    )
                ],
                "Closed ones. First whether the rule is in shadow, then whether it alone flags them.",
            ),
            Panel(
                "Precision of rules",
                "percentunit",
                [(RULES_PRECISION, "{{rule}} {{alone}}")],
                "By a day's human labels; true: of sessions that the rule alone flags. `weir rules stats` has more.",
            ),
            Panel(
                "Rules that cost most",
                "s",
                [("topk(10, max by (rule) (weir_rule_cost_seconds))", "{{rule}}")],
                "For one text, each rule alone; all together cost far less than the sum.",
            ),
            Panel(
                "Packs in force",
                "none",
                [("sum by (pack, version) (weir_pack_version_info)", "{{pack}} {{version}}")],
                "Workers by version. If a pack has two versions for long, a worker does not read the rules topic.",
            ),
            Panel(
                "Records of rules refused",
                "cps",
                [(rate("weir_rules_refused_total", "reason"), "{{reason}}")],
                "The earlier version stays in force.",
            ),
        ),
    ),
    (
        "Latency",
        (
            Panel(
                "Event to flag",
                "s",
                [
                    (quantile(0.5, "weir_event_to_flag_seconds"), "50 %"),
                    (quantile(0.95, "weir_event_to_flag_seconds"), "95 %"),
                    (quantile(0.99, "weir_event_to_flag_seconds"), "99 %"),
                ],
                "From the append of the event that led to a revision to the verdict on it.",
            ),
            Panel(
                "Rows into the tables",
                "rows",
                [
                    (rate("weir_table_rows_total", "table"), "{{table}}"),
                    ("sum by (table) (weir_table_rows_waiting)", "{{table}} waiting"),
                    (rate("weir_table_unreadable_total", "table"), "{{table}} unreadable"),
                ],
                "A second, into the Delta tables; only where the stage table runs.",
            ),
            Panel(
                "Commits to the tables",
                "ops",
                [
                    (rate("weir_table_commits_total", "end"), "{{end}}"),
                    (quantile(0.99, "weir_table_commit_seconds", "table"), "{{table}}, 99 %, s"),
                ],
                "Failed: the store is unreachable, and rows wait. Overtaken: a rebalance while a worker wrote.",
            ),
            Panel(
                "One batch, 99 %",
                "s",
                [(quantile(0.99, "weir_batch_seconds", "stage"), "{{stage}}")],
                "Processing of a batch, without its flush.",
            ),
            Panel(
                "One flush, 99 %",
                "s",
                [(quantile(0.99, "weir_flush_seconds", "stage"), "{{stage}}")],
                "Produce and commit. Slow flushes: look at the brokers.",
            ),
        ),
    ),
    (
        "Lag and watermark",
        (
            Panel(
                "Lag",
                "none",
                [("sum by (stage, partition) (weir_lag_records)", "{{stage}} {{partition}}")],
                "Last stable offset less position.",
            ),
            Panel(
                "Watermark age",
                "s",
                [("time() - max by (partition) (weir_watermark_timestamp_seconds)", "{{partition}}")],
                "Clock time less event time. A partition with a flat line has no events and no open session.",
            ),
            Panel(
                "Time since a stage's last progress",
                "s",
                [("time() - min by (stage) (weir_progress_timestamp_seconds)", "{{stage}}")],
                "An idle stage counts as progress. If the time is too long, the worker stops.",
            ),
        ),
    ),
    (
        "Recovery and transactions",
        (
            Panel(
                "Last recovery",
                "s",
                [("max by (stage, partition) (weir_recovery_seconds)", "{{stage}} {{partition}}")],
                "How long the partition was away.",
            ),
            Panel(
                "Entries read in it",
                "none",
                [("max by (stage, partition) (weir_recovered_entries)", "{{stage}} {{partition}}")],
                "The size of the stage's state.",
            ),
            Panel(
                "Transactions",
                "cps",
                [(rate("weir_transactions_total", "stage", "end"), "{{stage}}: {{end}}")],
                "Aborted ones, and those in doubt, are worked again; many of them need a look at the log.",
            ),
            Panel(
                "Partitions lost",
                "none",
                [("sum by (instance) (increase(weir_memberships_lost_total[5m]))", "{{instance}}")],
                "Another worker took them over, or the group did: the worker has joined again.",
            ),
            Panel(
                "Partitions by worker",
                "none",
                [("sum by (instance, stage) (weir_partitions_owned)", "{{instance}} {{stage}}")],
                "A worker without any stands by; a stage without any waits.",
            ),
            Panel(
                "Workers by form",
                "none",
                [("sum by (form) (weir_compiled_info)", "{{form}}")],
                "Compiled, or plain Python: the same results. `weir doctor` says why it is which.",
            ),
        ),
    ),
    (
        "Dead letters",
        (
            Panel(
                "Dead letters by reason",
                "cps",
                [(rate("weir_dead_letters_total", "reason"), "{{reason}}")],
                "`weir dead-letters list` shows them, with what their producer should do.",
                width=12,
            ),
            Panel(
                "Share of the input",
                "percentunit",
                [(DEAD_LETTER_SHARE, "dead letters")],
                "A jump is a producer's release.",
                width=6,
            ),
            Panel(
                "Share of a partition's newest records",
                "percentunit",
                [("max by (stage, topic) (weir_dead_letter_share)", "{{stage}}: {{topic}}")],
                "Of the partition that is worst off; its worker stops above `dead_letter_cap`.",
                width=6,
            ),
        ),
    ),
    (
        "Model quality",
        (
            Panel(
                "AUC", "none", [("max by (role) (weir_model_auc)", "{{role}}")], "Prequential, newest window.", width=6
            ),
            Panel(
                "Log loss",
                "none",
                [("max by (role) (weir_model_log_loss)", "{{role}}")],
                "Prequential, in nats; less is better.",
                width=6,
            ),
            Panel(
                "Calibration error",
                "none",
                [("max by (role) (weir_model_calibration_error)", "{{role}}")],
                "How far scores are from shares.",
                width=6,
            ),
            Panel(
                "Average precision and recall",
                "percentunit",
                [
                    ("max by (role) (weir_model_average_precision)", "{{role}}: average precision"),
                    ("max by (role) (weir_model_recall)", "{{role}}: recall at 1 %"),
                ],
                "Among the highest scores, where it is acted on; recall at 1 % false positives.",
                width=6,
            ),
            Panel(
                "Share that would be flagged",
                "percentunit",
                [("max by (role) (weir_model_flagged_share)", "{{role}}")],
                "Of the newest window; far from the champion's: look before it is promoted.",
                width=6,
            ),
            Panel(
                "Abuse that is found at all",
                "percentunit",
                [("max by (bound) (weir_recall_estimate)", "{{bound}}")],
                "By people's answers about the random sample, with the 95 % interval. Wide: answer more questions.",
                width=6,
            ),
            Panel(
                "Packs in force",
                "none",
                [("max by (pack, version) (weir_pack_version_info)", "{{pack}} {{version}}")],
                "Two versions of one for longer than a moment: a worker could not take the new one.",
                width=6,
            ),
            Panel(
                "Rules passed over",
                "none",
                [("sum(increase(weir_rules_refused_total[1h])) or vector(0)", "records")],
                "Records of the rules topic that no worker takes; what was in force stays. The log names them.",
                width=6,
            ),
            Panel(
                "Sources doubted",
                "none",
                [("max(weir_sources_doubted)", "sources")],
                "Others contradict them: their answers count for less. `weir models list --decisions` names them.",
                width=6,
            ),
            Panel(
                "Champion",
                "none",
                [("max by (id, version) (weir_model_version_info)", "{{id}} {{version}}")],
                "The model that scores; two for longer than a moment: a worker could not take the new one.",
                width=6,
            ),
            Panel(
                "Candidate against champion",
                "cps",
                [(rate("weir_model_decisions_total", "decision"), "{{decision}}")],
                "How their meetings ended, how far those came that passed, and what was taken back.",
                width=6,
            ),
            Panel(
                "On trial",
                "none",
                [("max(weir_trial_stage)", "stage")],
                "1: in shadow, 2: for a share of the visitors, 0: nobody.",
                width=6,
            ),
            Panel(
                "What the one on trial would say",
                "cps",
                [(rate("weir_trial_verdicts_total", "said", "would_say"), "{{said}}: {{would_say}}")],
                "Of closed sessions, beside what the champion said. Many that differ: look before it scores for all.",
                width=6,
            ),
            Panel(
                "Drift",
                "none",
                [("sum by (of, name) (increase(weir_drift_detected_total[1h]))", "{{of}}: {{name}}")],
                "Inputs: sessions look different. Errors: the models are more often wrong than they were.",
                width=6,
            ),
            Panel(
                "Snapshots refused",
                "cps",
                [(rate("weir_model_refused_total", "reason"), "{{reason}}")],
                "Above 0: a wrong key, or somebody else writes models.",
                width=6,
            ),
            Panel(
                "Labels",
                "cps",
                [(rate("weir_labels_total", "kind", "outcome"), "{{kind}}: {{outcome}}")],
                "What people and weak sources say, and what became of it.",
                width=6,
            ),
            Panel(
                "Labels that wait",
                "none",
                [("sum by (partition) (weir_labels_waiting)", "partition {{partition}}")],
                "For their session. At 100,000 in a partition further ones are dropped, and counted as overflowed.",
                width=6,
            ),
            Panel(
                "Answers that decide",
                "cps",
                [(rate("weir_answers_total", "kind", "outcome"), "{{kind}}: {{outcome}}")],
                "Of people in `human_sources`, and visitors' reports: which act, and why others don't.",
                width=6,
            ),
            Panel(
                "Answers and flags that stand",
                "none",
                [
                    ("sum(weir_answers_standing)", "visitors with an answer"),
                    ("sum(weir_flags_held)", "flags of closed sessions"),
                    ("sum(increase(weir_flags_let_go_total[1h]))", "let go in an hour"),
                ],
                "Flags that may still hold, so that an answer can lift them; those let go can't be lifted.",
                width=6,
            ),
            Panel(
                "Examples learned",
                "cps",
                [(rate("weir_examples_learned_total", "kind", "label"), "{{kind}}: {{label}}")],
                "What the trainer learns from.",
                width=6,
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    return {
        "uid": "weir",
        "title": "Weir",
        "tags": ["weir"],
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "utc",
        "templating": {"list": []},
        "annotations": {"list": []},
        "panels": list(_panels()),
    }


def _panels() -> Iterator[dict[str, Any]]:
    """Rows and their panels, filled from left to right."""
    number = 0
    top = 0
    for title, panels in ROWS:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
        }
        top += 1
        left = height = 0
        for panel in panels:
            if left + panel.width > COLUMNS:
                left, top = 0, top + height
            number += 1
            height = STAT_HEIGHT if panel.kind == "stat" else GRAPH_HEIGHT
            yield _panel(number, panel, {"x": left, "y": top, "w": panel.width, "h": height})
            left += panel.width
        top += height


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    options: dict[str, Any] = {"reduceOptions": {"calcs": ["lastNotNull"]}} if panel.kind == "stat" else {}
    custom = {"fillOpacity": 10, "showPoints": "never"} if panel.kind == "timeseries" else {}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.reading,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "options": options,
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend}
            for at, (expression, legend) in enumerate(panel.queries)
        ],
    }


def text() -> str:
    """What belongs into the file."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
