from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.dead_letter import dead_letter
from streams.engine.cap import Cap, DeadLetterWatch, follow
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.errors import WorkError
from weir.kafka.records import LogRecord, Output
from weir.topics import SESSIONS

inputs = st.lists(st.booleans(), max_size=80)
"""Of each record, whether it becomes a dead letter."""
caps = st.builds(Cap, st.floats(0, 1), st.integers(1, 30))


def too_many_at(letters: list[bool], cap: Cap) -> int | None:
    """By counting each window anew."""
    for index, is_letter in enumerate(letters):
        window = letters[max(0, index + 1 - cap.window) : index + 1]
        if is_letter and cap.share < 1 and sum(window) > cap.most:
            return index
    return None


def record(offset: int) -> LogRecord:
    return LogRecord("weir.events", 0, offset, 0, b"v", b"x")


def watched(watch: DeadLetterWatch, letters: list[bool], start: int) -> None:
    """Has a batch watched whose offsets have gaps, as a log with transactions has."""
    records = [record(2 * offset) for offset in range(start, start + len(letters))]
    outputs = [
        dead_letter(one, DeadLetterReason.NOT_JSON, "No JSON.") if is_letter else Output(SESSIONS, b"v", b"{}")
        for one, is_letter in zip(records, letters, strict=True)
    ]
    watch.take(records, outputs)


@given(inputs, caps)
def test_it_trips_at_the_first_letter_that_is_one_too_many_in_its_window(letters: list[bool], cap: Cap) -> None:
    indices = [index for index, is_letter in enumerate(letters) if is_letter]
    assert follow(0, len(letters), indices, cap).too_many_at == too_many_at(letters, cap)


@given(inputs, caps, st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1))
def test_neither_where_batches_end_nor_restarts_move_the_place_where_it_trips(
    letters: list[bool], cap: Cap, cuts: list[tuple[int, bool]]
) -> None:
    watch, done, tripped = DeadLetterWatch(cap, "here"), 0, None
    for turn in range(len(letters)):
        size, restarts = cuts[turn % len(cuts)]
        if restarts:
            watch = DeadLetterWatch(cap, "here", watch.kept)
        try:
            watched(watch, letters[done : done + size], done)
        except WorkError:
            tripped = done
            break
        done += size
    expected = too_many_at(letters, cap)
    assert (tripped is None) == (expected is None)
    assert expected is None or done <= expected


@given(inputs, caps)
def test_a_restart_after_it_tripped_trips_again_before_anything_more_is_written(letters: list[bool], cap: Cap) -> None:
    watch = DeadLetterWatch(cap, "here")
    expected = too_many_at(letters, cap)
    # Each time the first batch is of one record, which is written if it can be.
    for index, is_letter in enumerate(letters):
        try:
            watched(watch, [is_letter], index)
        except WorkError:
            assert index == expected
            return
        watch = DeadLetterWatch(cap, "here", watch.kept)
    assert expected is None


@given(inputs, st.integers(1, 30))
def test_without_a_cap_nothing_is_too_many_and_nothing_is_kept(letters: list[bool], window: int) -> None:
    watch = DeadLetterWatch(Cap(1.0, window), "here", "ff")
    watched(watch, letters, 0)
    assert (watch.kept, watch.share) == ("", 0)


def test_a_cap_of_nothing_stops_at_the_first_letter_and_good_records_never_do() -> None:
    watch = DeadLetterWatch(Cap(0.0, 10), "here")
    watched(watch, [False] * 50, 0)
    with pytest.raises(WorkError, match="1 of the last 10 records"):
        watched(watch, [False, True], 50)


def test_few_records_are_no_share_however_bad_they_are() -> None:
    watch = DeadLetterWatch(Cap(0.5, 1_000), "here")
    watched(watch, [True] * 500, 0)
    assert watch.share == 0.5
    with pytest.raises(WorkError):
        watched(watch, [True], 500)


@pytest.mark.parametrize(("share", "window", "most"), [(0.29, 100, 29), (0.5, 1_000, 500), (0.999, 1_000, 999)])
def test_the_share_is_taken_as_it_is_written(share: float, window: int, most: int) -> None:
    assert Cap(share, window).most == most


def test_the_sentence_names_place_numbers_reason_and_what_to_do() -> None:
    watch = DeadLetterWatch(Cap(0.1, 100), "partition 3 of weir.events")
    records = [record(offset) for offset in range(7, 27)]
    refused = [dead_letter(one, DeadLetterReason.MISSING_FIELD, f"No ts at {one.offset}.") for one in records]
    refused[3] = dead_letter(records[3], DeadLetterReason.NOT_JSON, "No JSON.")
    with pytest.raises(WorkError) as raised:
        watch.take(records, refused)
    said = str(raised.value)
    assert "11 of the last 100 records of partition 3 of weir.events" in said
    assert "Most are missing_field (A required field is missing), such as offset 17: No ts at 17." in said
    assert "The batch from offset 7 on was not written" in said
    assert "dead_letter_cap=1" in said


def test_a_newer_window_forgets_what_is_beyond_it() -> None:
    watch = DeadLetterWatch(Cap(0.9, 100), "here")
    watched(watch, [True] * 50 + [False] * 20, 0)
    assert DeadLetterWatch(Cap(0.9, 30), "here", watch.kept).share == pytest.approx(10 / 30)
