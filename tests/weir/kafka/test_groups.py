from __future__ import annotations

import pytest

from weir.kafka.groups import WorkerGroup, group_name, problems, stages_of
from weir.topics import STAGES


def group(stages: str, members: int = 1, lag: int = 0) -> WorkerGroup:
    return WorkerGroup(f"weir.{stages}", tuple(stages.split("+")), members, lag)


ALL = "+".join(STAGES)


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("weir.sessionize+score", ("sessionize", "score")),
        ("weir.train", ("train",)),
        ("weir.reader", None),
        ("other.train", None),
        ("weir.two.train", None),
    ],
)
def test_a_groups_name_tells_its_stages(name: str, stages: tuple[str, ...] | None) -> None:
    assert stages_of(name, "weir") == stages


def test_with_every_stage_run_once_nothing_is_wrong() -> None:
    assert not list(problems([group(ALL)]))
    assert not list(problems([group(stage) for stage in STAGES]))


def test_a_stopped_installation_is_no_error() -> None:
    assert not list(problems([]))
    assert not list(problems([group(ALL, members=0, lag=100)]))


def test_a_stage_that_nobody_runs_is_an_error_though_a_group_of_it_is_there() -> None:
    (problem,) = problems([group("sessionize+score+join"), group("train", members=0)])
    assert problem.is_wrong
    assert problem.advice == "Start one: weir worker --stages train"


def test_a_stage_that_two_groups_run_is_an_error() -> None:
    found = list(problems([group(ALL), group("score")]))
    assert [(problem.is_wrong, problem.message.startswith("score is run by")) for problem in found] == [(True, True)]


def test_a_group_whose_stages_others_run_is_left_over_however_far_behind_it_is() -> None:
    (problem,) = problems([group(ALL), group("sessionize+score", members=0, lag=1_000_000)])
    assert not problem.is_wrong
    assert "left over" in problem.message
    assert "Start" not in problem.advice


def test_the_order_in_which_stages_are_named_makes_no_other_group() -> None:
    assert group_name("weir", ["score", "sessionize"]) == group_name("weir", ("sessionize", "score"))


def test_workers_of_the_default_stages_keep_their_group_from_release_to_release() -> None:
    # Old and new workers in different groups fence each other: a stage that is added later gets a group of its own.
    assert group_name("weir", STAGES) == "weir.sessionize+score+join+train"
