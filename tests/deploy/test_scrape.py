from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.deploy.promql import DEPLOY, alert_rules, dashboard_expressions, operands
from tests.support.demo import running_demo
from tests.support.polling import eventually
from weir.broker import free_port

RATE_INTERVAL = "20s"
MOVING = (
    *(f'weir_cascade_seconds_total{{stage="{stage}"}}' for stage in ("rate_limit", "heuristics", "model")),
    *(f'weir_events_total{{outcome="{outcome}"}}' for outcome in ("folded", "duplicate", "dead_letter")),
    *(f'weir_flags_total{{stage="{stage}"}}' for stage in ("rate_limit", "heuristics")),
    'weir_sessions_total{change="opened"}',
    'weir_sessions_total{change="closed"}',
    'weir_transactions_total{end="committed"}',
    "weir_scores_total",
    "weir_labels_total",
    "weir_examples_learned_total",
    "weir_event_to_flag_seconds_count",
    "weir_flush_seconds_count",
    "weir_recovery_seconds",
)
"""Counters begin at zero, which is data too: these must have moved in every demo."""

NOT_IN_A_DEMO = "weir_table_"
"""Of the stage that runs by itself; `tests/streams/table` sees that its metrics move."""


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[httpx.Client]:
    """Prometheus with the shipped configuration, but for its target, and in more of a hurry."""
    program = shutil.which("prometheus")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("prometheus is missing: install Debian's package prometheus")
        pytest.skip("prometheus is not installed (Debian's package prometheus)")
    shutil.copytree(DEPLOY / "prometheus", folder / "configuration")
    file = folder / "configuration" / "prometheus.yml"
    configuration = yaml.safe_load(file.read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    file.write_text(yaml.safe_dump(configuration))
    address = f"127.0.0.1:{free_port()}"
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        with httpx.Client(base_url=f"http://{address}/", timeout=10.0) as client:
            eventually(lambda: is_ready(client), what="a ready Prometheus")
            yield client
    finally:
        process.terminate()
        process.wait(20)


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("-/ready").status_code == 200
    except httpx.TransportError:
        return False


def has_data(client: httpx.Client, expression: str) -> bool:
    """Whether it gives at least one series with a number."""
    # A demo is too young to have a past that an offset could reach.
    asked = re.sub(r"\soffset\s\w+", "", expression.replace("$__rate_interval", RATE_INTERVAL))
    answer = client.get("api/v1/query", params={"query": asked}).json()
    assert answer["status"] == "success", answer
    return any(math.isfinite(float(series["value"][1])) for series in answer["data"]["result"])


def rules(client: httpx.Client) -> list[dict[str, Any]]:
    groups = client.get("api/v1/rules").json()["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.kafka
@pytest.mark.timeout(900)
def test_every_expression_of_dashboard_and_alerts_has_data_in_a_running_demo(tmp_path: Path) -> None:
    asked = [
        *(each for each in dashboard_expressions() if NOT_IN_A_DEMO not in each),
        # What asks for absence has data where there is none.
        *(part for rule in alert_rules() for part in operands(str(rule["expr"])) if not part.startswith("absent(")),
        *(f"sum({series}) > 0" for series in MOVING),
    ]
    with running_demo(tmp_path) as demo:
        target = demo.wait_for(r"metrics http://(\S+)/metrics")[1]
        with prometheus(tmp_path, target) as client:
            without = set(asked)

            def look() -> bool:
                without.difference_update([each for each in without if has_data(client, each)])
                return not without

            eventually(look, 120.0, lambda: f"data for {without}")
            eventually(lambda: all(rule["health"] == "ok" for rule in rules(client)), what="healthy alerts")
            firing = {rule["name"] for rule in rules(client) if rule["state"] == "firing"}
            assert not firing
        assert demo.interrupt() == 0, demo.said
    assert_all_went_well(json.loads(demo.json.read_text()), demo.said)


def assert_all_went_well(summary: dict[str, Any], said: str) -> None:
    """The demo's own figures, where they must add up, and where it must not be far off."""
    assert summary["failures"] == []
    assert sum(summary["outcomes"].values()) - summary["outcomes"].get("watermark", 0) == (
        summary["events_sent"] + summary["events_broken"]
    )
    assert summary["outcomes"]["dead_letter"] == summary["events_broken"]
    assert summary["outcomes"]["duplicate"] + summary["outcomes"].get("late", 0) >= summary["events_repeated"]
    assert set(summary["flags"]) >= {"heuristics", "rate_limit"}
    assert summary["quality"]["precision"] > 0.8
    assert summary["quality"]["recall"] > 0.5
    assert 0 < summary["latency_ms_p50"] <= summary["latency_ms_p99"]
    assert summary["worker_memory_mb"] > 50
    for line in ("precision", "recall", "event to flag", "worker's memory", "sessions", "flags, heuristics"):
        assert line in said
