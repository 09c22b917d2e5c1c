"""That the parts run and say what they should; what they find on whole data sets is for `make evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.data import messages, parameters
from evaluation.models.newcomers import NEWCOMERS, newcomer
from evaluation.models.page import render
from evaluation.models.progressive import progressive
from evaluation.models.sessions import posts, searches
from evaluation.models.site import Scene, events, run_scene
from models.families.registry import FAMILIES


@pytest.mark.data
def test_no_text_is_met_twice_and_the_order_is_a_seeds(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("sms-spam").parent
    found = messages(folder)
    assert len({case.text for case in found}) == len(found) > 5_000
    assert messages(folder) == found != messages(folder, order=2)
    assert {case.category for case in parameters(folder)} == {"norm", "sqli", "xss", "path-traversal", "cmdi"}


@pytest.mark.data
def test_a_text_becomes_a_session_as_live_and_is_predicted_before_it_is_learned(
    shared_data: Callable[[str], Path],
) -> None:
    folder = shared_data("sms-spam").parent
    seen = posts(messages(folder)[:300])
    assert all(one.features["text"] for one in seen)
    run = progressive(FAMILIES["prior-rate"](), seen)
    assert run.scores[0] == 0.5
    assert run.scores[1] == (2 / 3 if run.labels[0] else 1 / 3)
    (search,) = searches([case for case in parameters(folder) if case.category == "sqli"][:1])
    assert search.settled


def test_a_scene_is_the_same_each_time_and_newcomers_come_half_way() -> None:
    scene = Scene(seed=1, hours=0.2, newcomer="hoarder", newcomers_per_hour=600)
    first, again = list(events(scene)), list(events(scene))
    assert [event for _, event, _ in first] == [event for _, event, _ in again]
    carts = [at_s for at_s, event, _ in first if event["event_id"].endswith("-1") and event["type"] == "add_to_cart"]
    assert min(carts) >= scene.half_s


@pytest.mark.parametrize("kind", sorted(NEWCOMERS))
def test_newcomers_look_like_people_by_name_and_pace(kind: str) -> None:
    random = Random(1)
    assert newcomer(random).user_agent.startswith("Mozilla/5.0")
    gaps = [act.after_s for act in NEWCOMERS[kind](random)][1:]
    assert max(gaps) > 2 * min(gaps)


def test_a_played_scene_tells_of_answers_and_decisions() -> None:
    history = run_scene(Scene(seed=1, hours=0.5, rate=2.0, labelled=0.5, delay_s=60.0))
    assert history.answers
    assert [n for _, n in history.answers] == list(range(1, len(history.answers) + 1))
    assert history.decisions


def test_the_page_says_which_goals_are_missed() -> None:
    figures = [Figure("more", 0.5, 0.4), Figure("less", 0.5, 0.4, at_least=False)]
    result = EvaluationResult("Title", "Text.", figures, [ResultTable("Rows", ["a"], [["b"]])], [("plot", "<svg/>")])
    page = render({"part": result})
    assert "| more | 0.5000 | ≥ 0.4 | yes |" in page
    assert "| less | 0.5000 | ≤ 0.4 | no |" in page
    assert "evaluation/models-plot.svg" in page
