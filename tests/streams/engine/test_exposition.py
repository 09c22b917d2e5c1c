from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.engine.exposition import Exposition
from streams.task import Effects
from weir.metrics import METRICS


@pytest.fixture
def exposition() -> Exposition:
    return Exposition()


def value(exposition: Exposition, name: str, **labels: str) -> float | None:
    return exposition.registry.get_sample_value(name, labels)


def test_every_declared_metric_is_exposed_with_its_meaning(exposition: Exposition) -> None:
    told = {family.name: family for family in text_string_to_metric_families(exposition.text().decode())}
    for metric in METRICS:
        assert told[f"weir_{metric.name}"].documentation == metric.meaning
        assert told[f"weir_{metric.name}"].type == metric.kind


def test_effects_are_added_observed_and_set(exposition: Exposition) -> None:
    effects = Effects()
    effects.count("events", "folded", by=3)
    effects.observe(0.2, "event_to_flag_seconds")
    effects.set(17.0, "sessions_open", "1")
    exposition.apply(effects)
    exposition.apply(effects)
    assert value(exposition, "weir_events_total", outcome="folded") == 6
    assert value(exposition, "weir_event_to_flag_seconds_count") == 2
    assert value(exposition, "weir_sessions_open", partition="1") == 17


def test_a_metric_that_is_not_declared_is_refused(exposition: Exposition) -> None:
    effects = Effects()
    effects.count("no such metric")  # type: ignore[arg-type]  # what mypy refuses is refused at run time too
    with pytest.raises(KeyError):
        exposition.apply(effects)


def test_gauges_of_a_partition_that_was_handed_over_are_dropped(exposition: Exposition) -> None:
    exposition.set(1, "sessions_open", "0")
    exposition.set(2, "sessions_open", "1")
    exposition.forget(0, "sessions_open")
    assert value(exposition, "weir_sessions_open", partition="0") is None
    assert value(exposition, "weir_sessions_open", partition="1") == 2


def test_two_processes_share_no_collectors() -> None:
    first, second = Exposition(), Exposition()
    first.count("limits_crossed", "visitor", "minute")
    assert value(first, "weir_limits_crossed_total", kind="visitor", limit="minute") == 1
    assert value(second, "weir_limits_crossed_total", kind="visitor", limit="minute") is None
