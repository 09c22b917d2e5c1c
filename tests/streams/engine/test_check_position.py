from __future__ import annotations

import pytest

from streams.engine.progress import InputPosition
from streams.engine.recovery import check_position
from weir.errors import LostInputError

PLACE = InputPosition("id", next=50, checkpoint=40)


def test_input_from_the_checkpoint_to_the_end_is_enough() -> None:
    check_position("events", 0, PLACE, "id", low=40, high=50)


@pytest.mark.parametrize(
    ("topic_id", "low", "high", "told"),
    [
        ("another", 0, 100, "deleted and made again"),
        ("id", 41, 100, "starts at 41, above 40"),
        ("id", 0, 49, "ends at 49, below 50"),
    ],
)
def test_lost_input_is_told_in_a_sentence(topic_id: str, low: int, high: int, told: str) -> None:
    with pytest.raises(LostInputError, match=told):
        check_position("events", 0, PLACE, topic_id, low, high)
