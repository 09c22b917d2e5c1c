from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.stamp import STAMP_HEADER, Stamps


@given(st.integers(0, 2**62), st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=20))))
def test_a_stamp_tells_its_flush_among_other_headers(flush: int, others: list[tuple[str, bytes]]) -> None:
    stamps = Stamps("score", 3)
    assert stamps.flush([*((f"x{name}", value) for name, value in others), stamps.header(flush)]) == flush


def test_a_stamp_that_came_with_an_event_does_not_hide_that_of_the_flush_that_sent_it_on() -> None:
    stamps = Stamps("score", 3)
    assert stamps.flush([stamps.header(1), stamps.header(7)]) == 7
    assert stamps.flush([stamps.header(1), Stamps("sessionize", 3).header(9)]) is None


def test_a_number_that_no_flush_has_is_no_stamp() -> None:
    assert Stamps("score", 3).flush([(STAMP_HEADER, b"score/3/" + b"9" * 5_000)]) is None


@given(st.binary(max_size=20))
def test_what_is_no_stamp_tells_nothing(value: bytes) -> None:
    assert Stamps("score", 3).flush([(STAMP_HEADER, b"score/3/x" + value)]) is None


def test_a_stamp_of_another_partition_or_stage_tells_nothing() -> None:
    assert Stamps("score", 3).flush([Stamps("score", 33).header(1), Stamps("sessionize", 3).header(1)]) is None
