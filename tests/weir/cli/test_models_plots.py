from __future__ import annotations

from models.gate.since import since
from models.serving.snapshot import model_of
from tests.models.serving.test_snapshot import decision, snapshot
from tests.support.examples import easy_example
from weir.cli.models_plots import WIDTH, drawn, meetings


def test_what_came_since_is_measured_and_drawn() -> None:
    known = since(model_of(snapshot()), [easy_example(seed) for seed in range(100, 200)])
    assert known is not None
    assert known.by_people
    assert known.quality.examples == 100
    assert sum(each.examples for each in known.calibration) == 100
    assert known.precision == sorted(known.precision, reverse=True)
    lines = drawn(known, [])
    assert len(lines) == 2 + len(known.calibration) + len(known.precision)
    assert max(map(len, lines)) < WIDTH + 60


def test_peoples_answers_alone_count_where_there_are_any() -> None:
    weak = [easy_example(seed, source="weak:purchase") for seed in range(100, 130)]
    model = model_of(snapshot())
    alone = since(model, weak)
    both = since(model, [*weak, easy_example(200)])
    assert alone is not None
    assert both is not None
    assert (alone.by_people, alone.quality.examples) == (False, 30)
    assert (both.by_people, both.quality.examples) == (True, 1)
    assert since(model, []) is None


def test_each_meeting_is_a_column() -> None:
    assert not list(meetings([decision(0)]))
    met = [
        decision(number).model_copy(update={"figures": {"candidate_log_loss": 0.1, "baseline_log_loss": 0.7}})
        for number in range(40)
    ]
    lines = list(meetings(met))
    assert lines[1].count("+") == 30
    assert sum(line.count("●") for line in lines[1:]) == 30
    assert lines[-1].split()[0] == "10"
