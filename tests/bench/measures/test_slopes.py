from __future__ import annotations

import numpy as np
import pytest

from bench.measures.slopes import trend

TIMES = [2.0 * at for at in range(900)]


def wandering(seed: int) -> list[float]:
    """Samples each of which keeps most of the one before, as memory does; they come back to where they were."""
    randomness = np.random.default_rng(seed)
    values = [0.0]
    for step in randomness.normal(0.0, 1.0, len(TIMES) - 1):
        values.append(0.9 * values[-1] + float(step))
    return [100.0 + value for value in values]


def test_what_wanders_and_comes_back_is_no_trend() -> None:
    flat = sum(trend(TIMES, wandering(seed), 0.99).is_flat for seed in range(100))
    assert flat >= 90


def test_what_wanders_and_grows_is_a_trend_of_the_right_size() -> None:
    values = [value + at_s * 36.0 / 3_600.0 for at_s, value in zip(TIMES, wandering(1), strict=True)]
    found = trend(TIMES, values, 0.99)
    assert found.verdict == "grows"
    assert found.low < 36.0 < found.high


def test_what_falls_is_told_so() -> None:
    found = trend(TIMES, [1_000.0 - at_s for at_s in TIMES], 0.99)
    assert found.verdict == "falls"
    assert found.per_hour == pytest.approx(-3_600.0)


def test_what_never_moves_has_no_trend() -> None:
    found = trend(TIMES, [7.0] * len(TIMES), 0.99)
    assert (found.mean, found.per_hour, found.verdict) == (7.0, 0.0, "no trend")


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="9 samples are too few"):
        trend(TIMES[:9], TIMES[:9], 0.99)
