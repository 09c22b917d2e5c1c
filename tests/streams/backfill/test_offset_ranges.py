import pytest

from streams.backfill.offset_ranges import BackfillRange, Choice, LateSpans
from weir.errors import UsageError


def headers(topic: bytes, partition: bytes) -> list[tuple[str, bytes]]:
    return [("topic", topic), ("partition", partition), ("offset", b"7"), ("timestamp", b"1000")]


def test_late_events_ask_for_the_time_of_the_earliest_in_each_partition() -> None:
    late = LateSpans("weir.events")
    late.add(headers(b"weir.events", b"1"), 500.0)
    late.add(headers(b"weir.events", b"1"), 400.0)
    late.add(headers(b"weir.events", b"3"), 900.0)
    assert {p: (span.least_ts, span.events) for p, span in late.spans.items()} == {1: (400.0, 2), 3: (900.0, 1)}


def test_late_events_of_another_installation_ask_for_nothing() -> None:
    late = LateSpans("weir.events")
    late.add(headers(b"other.events", b"1"), 500.0)
    assert not late.spans


@pytest.mark.parametrize(
    "headers",
    [
        [("topic", b"weir.events")],
        [("topic", b"weir.events"), ("partition", b"x")],
        [("topic", b"weir.events"), ("partition", b"-1")],
        [("topic", b"weir.events"), ("partition", b"9" * 5_000)],
        [("topic", b"\xff"), ("partition", b"1")],
    ],
)
def test_a_late_record_that_says_no_place_asks_for_nothing(headers: list[tuple[str, bytes]]) -> None:
    late = LateSpans("weir.events")
    late.add(headers, 500.0)
    assert not late.spans


@pytest.mark.parametrize(
    "choice",
    [
        Choice(from_offset=3),
        Choice(partition=1, from_offset=3, from_s=1.0),
        Choice(from_s=2.0, to_s=1.0),
        Choice(partition=1, from_offset=5, to_offset=5),
    ],
)
def test_a_choice_that_contradicts_itself_is_refused(choice: Choice) -> None:
    with pytest.raises(UsageError):
        choice.check()


def test_without_any_choice_the_late_events_choose() -> None:
    assert Choice().is_open
    assert not Choice(partition=2).is_open
    Choice(from_s=1.0, to_s=2.0).check()


def test_an_empty_stretch_spans_nothing() -> None:
    assert BackfillRange(0, 9, 4).offsets == 0


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(partition=1), BackfillRange(1, 3, 9)),
        (Choice(partition=1, from_offset=5, to_offset=7), BackfillRange(1, 5, 7)),
        (Choice(partition=1, from_offset=1, to_offset=100), BackfillRange(1, 3, 9)),
        (Choice(partition=1, to_offset=0), BackfillRange(1, 3, 0)),
    ],
)
def test_offsets_choose_within_what_the_partition_holds(choice: Choice, expected: BackfillRange) -> None:
    assert choice.within(BackfillRange(1, 3, 9)) == expected
