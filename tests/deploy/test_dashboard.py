from __future__ import annotations

import json
import runpy

import pytest

from tests.deploy.promql import DEPLOY, Selected, alert_rules, dashboard_expressions, grouped_by, operands, selected
from weir.metrics import METRICS

DECLARED = {metric.full_name: metric for metric in METRICS}
# What Prometheus and its client library add by themselves.
FROM_OUTSIDE = {"up", "process_resident_memory_bytes"}
TARGET_LABELS = {"job", "instance", "le"}
ALERTS = [str(rule["expr"]) for rule in alert_rules()]


def test_the_file_is_what_its_script_writes() -> None:
    script = runpy.run_path(str(DEPLOY / "grafana" / "make_dashboard.py"))
    written = (DEPLOY / "grafana" / "dashboards" / "weir.json").read_text()
    assert written == script["text"](), "run `python deploy/grafana/make_dashboard.py`"


@pytest.mark.parametrize("expression", sorted({*dashboard_expressions(), *ALERTS}))
def test_expressions_ask_for_declared_metrics_by_labels_that_they_have(expression: str) -> None:
    asked = selected(expression)
    assert asked
    labels = set(TARGET_LABELS)
    for each in asked - {Selected(name, s.labels) for s in asked for name in FROM_OUTSIDE}:
        metric = DECLARED[each.base]
        assert (each.metric != each.base) == (metric.kind == "histogram")
        assert each.labels <= {*metric.labels, *TARGET_LABELS}
        labels |= set(metric.labels)
    assert grouped_by(expression) <= labels


def test_every_declared_metric_is_on_the_dashboard() -> None:
    shown = {each.base for expression in dashboard_expressions() for each in selected(expression)}
    assert set(DECLARED) - shown == set()


def test_counters_are_never_shown_without_a_rate() -> None:
    for expression in [*dashboard_expressions(), *ALERTS]:
        for metric in METRICS:
            if metric.kind != "gauge" and metric.full_name in expression:
                assert f"rate({metric.full_name}" in expression or f"increase({metric.full_name}" in expression


def test_rows_are_those_that_operators_look_for() -> None:
    panels = json.loads((DEPLOY / "grafana" / "dashboards" / "weir.json").read_text())["panels"]
    assert [panel["title"] for panel in panels if panel["type"] == "row"] == [
        "Traffic",
        "Cascade",
        "Rules",
        "Latency",
        "Lag and watermark",
        "Recovery and transactions",
        "Dead letters",
        "Model quality",
    ]
    assert all(panel["description"] for panel in panels if panel["type"] != "row")


def test_panels_have_their_own_numbers_and_places() -> None:
    panels = json.loads((DEPLOY / "grafana" / "dashboards" / "weir.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_panels_ask_the_provisioned_data_source() -> None:
    source = (DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
    panels = json.loads((DEPLOY / "grafana" / "dashboards" / "weir.json").read_text())["panels"]
    uids = {target["datasource"]["uid"] for panel in panels for target in panel.get("targets", ())}
    assert len(uids) == 1
    assert f"uid: {uids.pop()}" in source


def test_operands_are_split_outside_of_parentheses_alone() -> None:
    assert operands('sum(a > 1) > 2 * b and on (x) c{d="e == f"} == 0') == ["sum(a > 1)", "2 * b", 'c{d="e == f"}']
    assert operands("(max(a) or vector(0)) == 0") == ["(max(a) or vector(0))"]
