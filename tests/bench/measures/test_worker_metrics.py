from __future__ import annotations

import math

from bench.measures.worker import Metrics

TEXT = """\
# HELP weir_lag_records behind
# TYPE weir_lag_records gauge
weir_lag_records{partition="0",stage="score"} 3
weir_lag_records{partition="1",stage="score"} 4
weir_lag_records{partition="0",stage="sessionize"} 5
# HELP weir_flush_seconds flushes
# TYPE weir_flush_seconds histogram
weir_flush_seconds_bucket{le="0.1",stage="score"} 1
weir_flush_seconds_bucket{le="+Inf",stage="score"} 2
weir_flush_seconds_bucket{le="0.1",stage="sessionize"} 5
weir_flush_seconds_bucket{le="+Inf",stage="sessionize"} 7
weir_flush_seconds_count{stage="score"} 2
"""


def test_series_are_added_up_and_compared_by_their_labels() -> None:
    metrics = Metrics(TEXT)
    assert metrics.total("weir_lag_records") == 12
    assert metrics.total("weir_lag_records", stage="score") == 7
    assert metrics.greatest("weir_lag_records", stage="score") == 4
    assert metrics.greatest("weir_nothing") == metrics.total("weir_nothing") == 0


def test_a_histogram_is_that_of_all_its_series() -> None:
    assert Metrics(TEXT).buckets("weir_flush_seconds") == {0.1: 6.0, math.inf: 9.0}
