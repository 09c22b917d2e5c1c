from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.promql import DEPLOY, alert_rules

RULES = alert_rules()


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Prometheus' own checker; without it the test is skipped, save in CI, where it must be."""
    tool = shutil.which("promtool")
    if tool is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is missing: install Debian's package prometheus")
        pytest.skip("promtool is not installed (Debian's package prometheus)")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


def test_prometheus_takes_configuration_and_alerts() -> None:
    done = promtool("check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(RULES)} rules found" in done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_is_wrong_and_what_to_look_at(rule: dict[str, dict[str, str]]) -> None:
    assert re.fullmatch(r"Weir[A-Z]\w+", str(rule["alert"]))
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith(".") or "{{" in rule["annotations"]["summary"]
    assert len(rule["annotations"]["description"]) > 40


def test_alerts_are_few() -> None:
    # Each is worth being woken for, or a ticket; a new one takes a reason.
    assert len(RULES) <= 19


# Every alert fires on what it is for, and keeps silent on what is well: input series and the verdict, by promtool.
FIRING = """
rule_files: [RULES]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'up{job="weir",instance="down"}', values: '0x60'}
      - {series: 'up{job="weir",instance="well"}', values: '1x60'}
      - {series: 'weir_ready{instance="busy"}', values: '0x60'}
      - {series: 'weir_ready{instance="well"}', values: '1x60'}
      - {series: 'weir_lag_records{stage="sessionize",topic="e",partition="0"}', values: '11000+100x60'}
      - {series: 'weir_lag_records{stage="score",topic="s",partition="0"}', values: '11000-10x60'}
      - {series: 'weir_watermark_timestamp_seconds{partition="0"}', values: '5x60'}
      - {series: 'weir_watermark_timestamp_seconds{partition="1"}', values: '5x60'}
      - {series: 'weir_lag_records{stage="sessionize",topic="e",partition="1"}', values: '0x60'}
      - {series: 'weir_progress_timestamp_seconds{stage="join"}', values: '0x60'}
      - {series: 'weir_progress_timestamp_seconds{stage="score"}', values: '0+60x60'}
      - {series: 'weir_dead_letters_total{reason="not_json"}', values: '0+6x60'}
      - {series: 'weir_events_total{outcome="folded"}', values: '0+94x60'}
      - {series: 'weir_flags_total{stage="model",verdict="block"}', values: '0+1x30 30+60x30'}
      - {series: 'weir_session_revisions_total', values: '0+600x60'}
      - {series: 'weir_brake_on{partition="0"}', values: '0x30 1x30'}
      - {series: 'weir_brake_on{partition="1"}', values: '0x60'}
      - {series: 'weir_rules_refused_total{reason="invalid"}', values: '0x55 1x5'}
      - {series: 'weir_rules_refused_total{reason="unknown"}', values: '0x60'}
      - {series: 'weir_model_refused_total{reason="signature"}', values: '0x55 1x5'}
      - {series: 'weir_transactions_total{stage="score",end="aborted"}', values: '0+1x60'}
      - {series: 'weir_transactions_total{stage="join",end="aborted"}', values: '0x60'}
      - {series: 'weir_transactions_total{stage="train",end="in_doubt"}', values: '0x40 1x20'}
      - {series: 'weir_partitions_owned{stage="sessionize",instance="well"}', values: '4x60'}
      - {series: 'weir_partitions_owned{stage="score",instance="well"}', values: '4x60'}
      - {series: 'weir_partitions_owned{stage="train",instance="well"}', values: '0x60'}
      - {series: 'weir_partitions_owned{stage="train",instance="other"}', values: '4x60'}
      - {series: 'weir_partitions_owned{stage="score",instance="spare"}', values: '0x60'}
      - {series: 'weir_memberships_lost_total{instance="taken"}', values: '0x50 4x10'}
      - {series: 'weir_memberships_lost_total{instance="calm"}', values: '0x50 1x10'}
      - {series: 'weir_model_decisions_total{decision="rollback"}', values: '0x40 1x20'}
      - {series: 'weir_model_decisions_total{decision="refusal"}', values: '0+1x60'}
      - {series: 'weir_drift_detected_total{of="error",name="champion"}', values: '0x40 1x20'}
      - {series: 'weir_drift_detected_total{of="input",name="score"}', values: '0x40 1x20'}
    alert_rule_test:
"""
FIRES = {
    "WeirWorkerDown": "instance: down, job: weir",
    "WeirWorkerNotReady": "instance: busy",
    "WeirLagGrowing": "stage: sessionize",
    "WeirWatermarkStuck": 'partition: "0"',
    "WeirStageStalled": "stage: join",
    "WeirDeadLetterShare": "",
    "WeirFlagsJump": "",
    "WeirBrakeOn": "",
    "WeirRulesRefused": "reason: invalid",
    "WeirModelRefused": "reason: signature",
    "WeirModelTakenBack": "decision: rollback",
    "WeirDrift": "of: error",
    "WeirTransactionsAborted": "stage: score",
    "WeirPartitionsLost": "instance: taken",
    "WeirStageNotRun": "stage: join",
    "WeirWorkerIdle": "instance: spare",
}
STOPPING = """
rule_files: [RULES]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'weir_events_total{outcome="folded"}', values: '0+5x50 250x70'}
      - {series: 'weir_events_total{outcome="watermark"}', values: '0+1x120'}
    alert_rule_test:
      - {eval_time: 50m, alertname: WeirNoInput, exp_alerts: []}
      - {eval_time: 85m, alertname: WeirNoInput, exp_alerts: [{exp_labels: {severity: page}}]}
  - interval: 1m
    input_series:
      - {series: 'weir_events_total{outcome="folded"}', values: '0x20 1x20 2x80'}
    alert_rule_test:
      - {eval_time: 85m, alertname: WeirNoInput, exp_alerts: []}
"""


def test_alerts_fire_on_what_they_are_for_and_on_nothing_else(tmp_path: Path) -> None:
    checks = "".join(
        f"      - {{eval_time: 58m, alertname: {name}, "
        f"exp_alerts: [{{exp_labels: {{{labels}{', ' if labels else ''}severity: {severity(name)}}}}}]}}\n"
        for name, labels in FIRES.items()
    )
    assert_holds(tmp_path, FIRING + checks)


def test_input_that_stops_is_told_and_a_site_of_few_events_is_not(tmp_path: Path) -> None:
    assert_holds(tmp_path, STOPPING)


def assert_holds(folder: Path, tests: str) -> None:
    """Promtool finds that tests of the rules hold. Annotations are left out: what a summary says is not compared."""
    rules = [{key: value for key, value in rule.items() if key != "annotations"} for rule in RULES]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "weir", "rules": rules}]}))
    (folder / "tests.yml").write_text(tests.replace("RULES", str(folder / "rules.yml")))
    done = promtool("test", "rules", str(folder / "tests.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def severity(name: str) -> str:
    """The severity that an alert has."""
    (rule,) = (rule for rule in RULES if rule["alert"] == name)
    labels = rule["labels"]
    assert isinstance(labels, dict)
    return str(labels["severity"])


def test_every_alert_is_tried_or_takes_hours() -> None:
    assert {str(rule["alert"]) for rule in RULES} - set(FIRES) == {"WeirNoChampion", "WeirNoInput"}
