from __future__ import annotations

import pytest

from streams.demo.figures import by_label, lag, model
from streams.demo.worker_process import environment, parse
from weir.broker import free_port
from weir.settings import Settings

TEXT = """# HELP weir_events_total Input records
# TYPE weir_events_total counter
weir_events_total{outcome="folded"} 12.0
weir_events_total{outcome="late"} 0.0
weir_flags_total{stage="model",verdict="block"} 2.0
weir_flags_total{stage="heuristics",verdict="block"} 3.0
weir_lag_records{partition="0",stage="score",topic="s"} 4.0
weir_lag_records{partition="1",stage="score",topic="s"} 1.0
weir_model_version_info{id="logistic",version="2"} 1.0
"""


def test_metrics_are_read_from_the_worker_s_own_text() -> None:
    series = parse(TEXT)
    assert by_label(series, "weir_events_total", "outcome") == {"folded": 12}
    assert by_label(series, "weir_flags_total", "verdict") == {"block": 5}
    assert lag(series) == 5
    assert model(series) == "logistic 2"


def test_a_worker_that_says_nothing_leaves_things_open() -> None:
    assert lag({}) is None
    assert model({}) == "none yet"


def test_settings_come_out_of_the_environment_as_they_went_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_LOG_LEVEL", "error")
    chosen = Settings(
        application_id="demo",
        gap_s=12.5,
        shadow=frozenset({"model", "heuristics"}),
        pack_files=("a.yaml",),
        model_key="hidden",
        weak_labels=False,
        web_port=free_port(),
    )
    for name, value in environment(chosen).items():
        if name.startswith("WEIR_"):
            monkeypatch.setenv(name, value)
    assert Settings() == chosen


def test_settings_of_whoever_starts_the_demo_do_not_reach_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Settings()
    monkeypatch.setenv("WEIR_SASL_PASSWORD", "theirs")
    assert "WEIR_SASL_PASSWORD" not in environment(given)
