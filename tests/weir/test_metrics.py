from __future__ import annotations

import re
from itertools import product
from typing import get_args

import pytest

from models.serving.champion import Refusal
from streams.engine.exposition import Exposition
from streams.sessionize.accounts import OUTCOMES
from streams.sessionize.caps import KNOWN_TYPES, OTHER
from tests.deploy.promql import alert_rules, dashboard_expressions
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.label import LabelOutcome
from weir.contracts.model_record import Decision
from weir.contracts.review import Review
from weir.metrics import BY_NAME, METRICS, Metric


def values(name: str, label: str) -> set[str]:
    metric = BY_NAME[name]
    return set(metric.values[metric.labels.index(label)])


@pytest.mark.parametrize(
    ("name", "label", "those_of_the_code"),
    [
        ("events", "outcome", OUTCOMES),
        ("events_by_type", "type", KNOWN_TYPES | {OTHER}),
        ("dead_letters", "reason", DeadLetterReason),
        ("labels", "outcome", LabelOutcome),
        ("model_decisions", "decision", get_args(Decision.model_fields["kind"].annotation)),
        ("model_refused", "reason", get_args(Refusal)),
        ("reviews", "why", get_args(Review.model_fields["why"].annotation)),
    ],
)
def test_values_of_labels_are_those_that_the_code_counts_by(name: str, label: str, those_of_the_code: object) -> None:
    assert values(name, label) == set(map(str, those_of_the_code))  # type: ignore[call-overload]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_declaration_is_whole(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z_]+", metric.name)
    assert metric.meaning
    assert not metric.meaning.endswith(".")
    assert len(metric.values) in {0, len(metric.labels)}
    assert bool(metric.buckets) == (metric.kind == "histogram")
    if metric.unit == "s":
        assert metric.name.endswith("_seconds")


def test_series_with_known_labels_show_from_the_start() -> None:
    registry = Exposition().registry
    for metric in METRICS:
        if metric.kind == "counter" and metric.values:
            for labels in product(*metric.values):
                pairs = dict(zip(metric.labels, labels, strict=True))
                assert registry.get_sample_value(metric.full_name, pairs) == 0


def test_what_dashboard_and_alerts_select_by_can_be() -> None:
    expressions = [*dashboard_expressions(), *(str(rule["expr"]) for rule in alert_rules())]
    for expression in expressions:
        for name, selector in re.findall(r"weir_(\w+?)(?:_total)?\{([^}]*)\}", expression):
            for label, wanted in re.findall(r'(\w+)=~?"([^"]*)"', selector):
                if BY_NAME[name].values:
                    assert set(wanted.split("|")) <= values(name, label)
