import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay.quality import ScoredExamples

Example = tuple[int, bool]


def scored(examples: list[Example]) -> ScoredExamples:
    found = ScoredExamples()
    for thousandth, bad in examples:
        found.add(thousandth / 1_000 + 0.0005, bad=bad)
    return found


@given(st.lists(st.tuples(st.integers(0, 999), st.booleans()), max_size=40))
def test_auc_is_the_share_of_pairs_in_the_right_order(examples: list[Example]) -> None:
    pairs = [(b, g) for b, bad in examples if bad for g, other in examples if not other]
    auc = scored(examples).auc()
    if not pairs:
        assert auc is None
    else:
        right = sum((bad > good) + (bad == good) / 2 for bad, good in pairs)
        assert auc == pytest.approx(right / len(pairs))


@given(st.lists(st.tuples(st.integers(0, 999), st.booleans()), max_size=40))
def test_calibration_counts_every_example_once(examples: list[Example]) -> None:
    found = scored(examples)
    assert sum(tenth.examples for tenth in found.calibration()) == found.examples == len(examples)


def test_calibration_shows_score_beside_share() -> None:
    found = scored([(850, True), (850, True), (850, True), (850, False), (100, False)])
    assert [(round(t.mean_score, 2), t.share_bad, t.examples) for t in found.calibration()] == [
        (0.1, 0.0, 1),
        (0.85, 0.75, 4),
    ]


def test_a_score_of_one_is_in_the_last_tenth() -> None:
    found = ScoredExamples()
    found.add(1.0, bad=True)
    assert found.calibration()[0].examples == 1
