from __future__ import annotations

import math

import pytest

from bench.measures.latency import between, quantile

BOUNDS = (0.1, 0.5, 1.0, math.inf)


def test_a_quantile_lies_within_its_bucket() -> None:
    buckets = dict(zip(BOUNDS, (50.0, 90.0, 100.0, 100.0), strict=True))
    assert quantile(buckets, 0.5) == pytest.approx(0.1)
    assert quantile(buckets, 0.7) == pytest.approx(0.3)
    assert quantile(buckets, 0.99) == pytest.approx(0.95)


def test_beyond_the_last_bound_the_last_bound_is_all_that_is_known() -> None:
    assert quantile(dict(zip(BOUNDS, (0.0, 0.0, 0.0, 3.0), strict=True)), 0.5) == 1.0


def test_empty_buckets_are_passed_over() -> None:
    assert quantile(dict(zip(BOUNDS, (0.0, 0.0, 8.0, 8.0), strict=True)), 0.5) == pytest.approx(0.75)


def test_without_observations_there_is_no_quantile() -> None:
    assert math.isnan(quantile({}, 0.5))
    assert math.isnan(quantile(dict.fromkeys(BOUNDS, 0.0), 0.5))


def test_only_what_came_between_two_readings_counts() -> None:
    before = dict(zip(BOUNDS, (10.0, 10.0, 10.0, 10.0), strict=True))
    after = dict(zip(BOUNDS, (10.0, 14.0, 14.0, 14.0), strict=True))
    assert between(before, after) == dict(zip(BOUNDS, (0.0, 4.0, 4.0, 4.0), strict=True))
    assert quantile(between(before, after), 0.5) == pytest.approx(0.3)
