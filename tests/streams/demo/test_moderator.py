from __future__ import annotations

from itertools import pairwise
from statistics import mean

import pytest

from streams.demo.moderator import Moderators
from streams.demo.visitor import Kind, Visitor
from weir.contracts.label import Label


def visitors(count: int) -> list[Visitor]:
    kinds = list(Kind)
    return [Visitor(f"v{number}", kinds[number % len(kinds)], "192.0.2.1", "Mozilla/5.0") for number in range(count)]


def answers(moderators: Moderators, seen: list[Visitor], until_s: float = 1_000.0) -> list[Label]:
    for number, visitor in enumerate(seen):
        moderators.add_event(visitor, number / 10)
    return list(moderators.due_labels(until_s))


def test_a_share_of_the_visitors_gets_an_answer_each_once() -> None:
    seen = visitors(1_000)
    labels = answers(Moderators(1, share=0.3), seen + seen)
    assert len({label.visitor_id for label in labels}) == len(labels)
    assert len(labels) == pytest.approx(300, rel=0.15)


def test_no_answer_comes_before_it_is_due_and_all_come_in_order_of_time() -> None:
    moderators = Moderators(1, share=1.0, delay_s=(5.0, 15.0))
    assert not answers(moderators, visitors(10), until_s=4.9)
    labels = list(moderators.due_labels(100.0))
    assert len(labels) == 10
    assert all(before.ts <= after.ts for before, after in pairwise(labels))


def test_a_few_answers_are_wrong() -> None:
    seen = visitors(2_000)
    kinds = {visitor.visitor_id: visitor.kind for visitor in seen}
    labels = answers(Moderators(5, share=1.0, wrong=0.05), seen)
    wrong = mean((label.label == "bad") != kinds[label.visitor_id].is_bad for label in labels)
    assert wrong == pytest.approx(0.05, abs=0.02)


def test_the_same_seed_gives_the_same_answers() -> None:
    first, second = (answers(Moderators(9), visitors(50)) for _ in range(2))
    assert first == second
