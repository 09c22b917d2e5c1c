from __future__ import annotations

import pytest

from bench.measures.recovery import Start, is_served_in_time


@pytest.mark.parametrize(
    ("sessions", "flags", "stray_answers", "in_time"),
    [
        (0.1, 0.2, 0, True),
        (-0.1, 0.2, 0, False),
        (0.1, None, 0, False),
        (0.1, 0.2, 1, False),
    ],
)
def test_a_record_too_soon_none_at_all_and_another_answer_than_503_are_told(
    sessions: float, flags: float | None, stray_answers: int, *, in_time: bool
) -> None:
    seen = Start(stray_answers=stray_answers)
    assert is_served_in_time({"sessions": sessions, "flags": flags}, seen) is in_time
