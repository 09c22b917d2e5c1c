from __future__ import annotations

import random
from typing import Any

import pytest
from river import drift

from models.training import drift as module
from models.training.drift import HELD, MOST_WATCHED, Watch


def changes(watch: Watch, values: list[float]) -> list[int]:
    """Places of the values at which the watch names a change."""
    return [at for at, value in enumerate(values) if watch.see({"one": value})]


@pytest.mark.parametrize("only_rises", [False, True])
@pytest.mark.parametrize("jump_at", [3, 20, 31, 200])
def test_values_that_are_held_change_no_answer(
    monkeypatch: pytest.MonkeyPatch,
    only_rises: bool,  # noqa: FBT001 -- a parameter of the test
    jump_at: int,
) -> None:
    chance = random.Random(jump_at)
    values = [chance.random() / 10 + (0.9 if at >= jump_at else 0.0) for at in range(600)]
    held = changes(Watch(only_rises=only_rises), values)
    monkeypatch.setattr(module, "HELD", 0)
    assert held == changes(Watch(only_rises=only_rises), values)


def test_a_change_is_named() -> None:
    assert changes(Watch(), [0.0] * 200 + [1.0] * 200)


def test_no_detector_speaks_while_values_are_held() -> None:
    """Of the wildest values: the bound is the detectors' own."""
    detectors: list[Any] = [
        drift.ADWIN(delta=1.0),  # type: ignore[no-untyped-call]  # River has none
        drift.PageHinkley(delta=0.0, threshold=0.0, mode="up"),
    ]
    for at in range(HELD):
        for detector in detectors:
            detector.update(0.0 if at < HELD // 2 else 1e9)
            assert not detector.drift_detected


def test_no_more_names_are_watched_than_the_bound() -> None:
    watch = Watch()
    for _ in range(3):
        watch.see({f"n{number}": 1.0 for number in range(MOST_WATCHED + 10)})
    assert watch.see({"late": float("nan")}) == []
    assert len(watch._held) == MOST_WATCHED
