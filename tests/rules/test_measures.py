from __future__ import annotations

from typing import get_args

from rules.business.conditions import BoundedMeasure
from rules.measures import AT_MOST_THE_EVENTS, MEASURE_READERS, MEASURES, is_within


def test_every_measure_has_a_text_and_a_reader() -> None:
    assert MEASURES.keys() == MEASURE_READERS.keys()
    assert MEASURES.keys() >= AT_MOST_THE_EVENTS
    assert MEASURES.keys() >= set(get_args(BoundedMeasure))


def test_bounds_are_inclusive_and_an_unknown_value_is_within_none() -> None:
    assert is_within(2.0, at_least=2.0, at_most=2.0)
    assert not is_within(1.9, at_least=2.0)
    assert not is_within(2.1, at_most=2.0)
    assert not is_within(None)
