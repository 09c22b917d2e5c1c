from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.serving.test_snapshot import decision, snapshot
from weir.console.charts import lines
from weir.console.figures import (
    LEAST_ANSWERS,
    MOST_POINTS,
    by_examples,
    calibration,
    histogram,
    learning,
    moved,
    precision_recall,
)

SCORED = [(score / 20 + 0.01, score >= 10) for score in range(20)]


def test_nothing_is_drawn_below_ten_answers() -> None:
    assert calibration(SCORED[: LEAST_ANSWERS - 1]) == []
    assert precision_recall(SCORED[-LEAST_ANSWERS + 1 :]) == []
    assert calibration(SCORED[:LEAST_ANSWERS])


def test_calibration_is_the_share_of_the_bad_in_each_tenth_that_has_scores() -> None:
    points = calibration([(0.02, False)] * 8 + [(0.95, True)] * 3 + [(1.0, False)])
    assert [claimed for claimed, _ in points] == pytest.approx([0.02, 0.9625])
    assert [share for _, share in points] == [0.0, 0.75]


def test_scores_that_part_bad_from_good_are_precise_at_every_recall() -> None:
    points = precision_recall(SCORED)
    assert points[9] == (1.0, 1.0)
    assert points[-1] == (1.0, 0.5)


def test_without_a_bad_session_there_is_no_precision() -> None:
    assert precision_recall([(0.5, False)] * 20) == []


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=300))
def test_points_lie_in_the_unit_square_and_are_few(scored: list[tuple[float, bool]]) -> None:
    for points in (calibration(scored), precision_recall(scored), histogram(score for score, _ in scored)):
        assert len(points) <= 2 * MOST_POINTS
        assert all(0 <= x <= 1.0001 and 0 <= y <= 1.0001 for x, y in points)


def test_a_histogram_holds_shares_and_what_moved_is_told() -> None:
    before, after = histogram([0.05, 0.05, 0.95, 1.0]), histogram([0.05] * 3 + [0.95])
    assert [share for _, share in before] == [0.5, *[0.0] * 8, 0.5]
    assert moved(before, after) == pytest.approx(0.25)
    assert moved(before, histogram([])) is None


def test_learning_follows_the_gate_and_passes_over_what_people_repeat() -> None:
    told = [
        decision(number).model_copy(update={"figures": {"candidate_auc": number / 10, "champion_auc": 0.5}})
        for number in (2, 1)
    ]
    repeated = decision(12).model_copy(update={"figures": {"candidate_auc": 0.1}, "decided_by": "ana"})
    assert learning([*told, repeated], "auc") == {
        "candidate": [(1.0, 0.1), (2.0, 0.2)],
        "champion": [(1.0, 0.5), (2.0, 0.5)],
    }
    assert learning([decision(1)], "auc") == {}


def test_versions_are_placed_by_the_examples_that_they_learned() -> None:
    later = snapshot("8").model_copy(update={"examples": 90, "figures": {"candidate_auc": float("nan")}})
    assert by_examples([later, snapshot("7")], "auc") == [(7.0, 0.9)]


def test_lines_tell_their_numbers_and_take_names_as_text() -> None:
    drawn = lines({"<b>": [(0, 1), (10, 2.5)], "empty": []}, 'a "title"')
    assert "&lt;b&gt; at 10: 2.500" in drawn
    assert "<b>" not in drawn
    assert "at last 2.500" in drawn
    assert lines({}, "none").startswith("<svg")
