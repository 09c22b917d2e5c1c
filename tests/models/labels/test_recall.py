from __future__ import annotations

import numpy as np
import pytest

from models.labels.recall import Stratum, recall_interval, share_interval

FLAGGED_SESSIONS, OTHER_SESSIONS = 300, 4_700


def sampled(chance: np.random.Generator, *, share_asked: float) -> tuple[list[Stratum], float]:
    """Strata as a random sample shows them, and the true recall of that very population."""
    flagged_bad = int(chance.binomial(FLAGGED_SESSIONS, 0.93))
    missed_bad = int(chance.binomial(OTHER_SESSIONS, 0.015))
    strata = []
    for flagged, sessions, bad in ((True, FLAGGED_SESSIONS, flagged_bad), (False, OTHER_SESSIONS, missed_bad)):
        asked = int(chance.binomial(sessions, share_asked))
        strata.append(Stratum(flagged, sessions, asked, int(chance.hypergeometric(bad, sessions - bad, asked))))
    return strata, flagged_bad / (flagged_bad + missed_bad)


@pytest.mark.parametrize("share_asked", [0.02, 0.1, 0.5])
def test_the_interval_covers_the_truth_in_93_of_100_runs(share_asked: float) -> None:
    covered = 0
    for seed in range(100):
        strata, truth = sampled(np.random.default_rng(seed), share_asked=share_asked)
        interval = recall_interval(strata)
        covered += interval.low <= truth <= interval.high
    assert covered >= 93


def test_more_answers_make_it_narrower() -> None:
    few, _ = sampled(np.random.default_rng(1), share_asked=0.02)
    many, _ = sampled(np.random.default_rng(1), share_asked=0.5)
    few_interval, many_interval = recall_interval(few), recall_interval(many)
    assert many_interval.high - many_interval.low < (few_interval.high - few_interval.low) / 2


def test_without_answers_it_says_that_it_knows_nothing() -> None:
    interval = recall_interval([Stratum(True, 10, 0, 0), Stratum(False, 1_000, 0, 0)])
    assert interval.high - interval.low > 0.1
    assert share_interval(0, 0).low < 0.05
    assert share_interval(0, 0).high > 0.95


def test_when_everybody_answered_there_is_no_doubt() -> None:
    interval = recall_interval([Stratum(True, 10, 10, 8), Stratum(False, 90, 90, 2)])
    assert (interval.low, interval.estimate, interval.high) == pytest.approx((0.8, 0.8, 0.8))
