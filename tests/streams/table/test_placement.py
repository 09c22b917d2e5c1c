from __future__ import annotations

import pytest

from streams.table.placement import KnownPartition, start_of
from weir.errors import LostInputError, WorkError
from weir.kafka.records import OffsetRange


def known(
    position: int | None, *, committed: int | None = None, log: tuple[int, int] = (10, 100), knows_topic: bool = True
) -> KnownPartition:
    return KnownPartition("weir.sessions", 2, position, committed, OffsetRange(*log), knows_topic)


def test_reading_goes_on_where_the_table_stands_whatever_the_group_has_committed() -> None:
    assert start_of(known(40, committed=90)) == 40
    assert start_of(known(100)) == 100


def test_a_new_table_begins_with_what_the_topic_still_holds() -> None:
    assert start_of(known(None, knows_topic=False)) == 10


def test_a_topic_that_was_made_again_is_read_from_its_beginning() -> None:
    assert start_of(known(None, committed=90, log=(0, 5))) == 0


def test_a_table_that_was_moved_away_is_not_begun_anew_in_silence() -> None:
    with pytest.raises(WorkError, match="may have been moved or removed"):
        start_of(known(None, committed=90, knows_topic=False))


def test_records_that_are_gone_before_the_table_had_them_are_told() -> None:
    with pytest.raises(LostInputError, match=r"up to offset 5, and the topic begins at 10"):
        start_of(known(5))


def test_a_table_that_is_ahead_of_its_topic_is_told() -> None:
    with pytest.raises(WorkError, match="Records of the topic were lost"):
        start_of(known(101))
