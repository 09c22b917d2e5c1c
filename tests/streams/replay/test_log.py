from streams.replay.log import MemoryLog
from weir.kafka.records import Output
from weir.partitioner import partition_for
from weir.topics import EVENTS, LIMITS, SESSIONS, Names


def log() -> MemoryLog:
    return MemoryLog(Names("site", "app"), 4, 1_000, [EVENTS])


def test_records_of_one_key_lie_in_its_partition_in_order() -> None:
    memory = log()
    for value in (b"1", b"2", b"3"):
        memory.append(Output(EVENTS, b"anna", value))
    taken = memory.take(EVENTS, partition_for(b"anna", 4))
    assert [(record.offset, record.value) for record in taken] == [(0, b"1"), (1, b"2"), (2, b"3")]
    assert {(record.topic, record.timestamp) for record in taken} == {("site.events", 1_000)}


def test_what_was_taken_is_gone_and_offsets_go_on() -> None:
    memory = log()
    memory.append(Output(EVENTS, None, b"1", partition=2))
    assert len(memory.take(EVENTS, 2)) == 1
    assert memory.take(EVENTS, 2) == []
    assert memory.append(Output(EVENTS, None, b"2", partition=2)).offset == 1


def test_a_topic_that_nobody_reads_is_counted_and_not_kept() -> None:
    memory = log()
    memory.append(Output(SESSIONS, b"anna", b"{}"))
    assert memory.append(Output(SESSIONS, b"anna", b"{}")).offset == 1
    assert memory.take(SESSIONS, partition_for(b"anna", 4)) == []


def test_narrow_topics_have_their_own_number_of_partitions() -> None:
    memory = MemoryLog(Names("weir", "weir"), 64, 0, [LIMITS])
    assert memory.append(Output(LIMITS, b"visitor:anna:pages", b"{}")).partition == partition_for(
        b"visitor:anna:pages", 4
    )
