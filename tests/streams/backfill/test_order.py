import json
from typing import Any

from streams.backfill.order import BackfillClock
from streams.sessionize.config import FoldConfig
from weir.kafka.records import LogRecord
from weir.partitioner import partition_for

PARTITIONS = 2
HOME = partition_for(b"anna", PARTITIONS)


def record(offset: int, ts: object, *, partition: int = HOME, **more: object) -> LogRecord:
    event = {"event_id": str(offset), "visitor_id": "anna", "type": "click", "ts": ts}
    given: dict[str, Any] = {
        "key": b"anna",
        "value": json.dumps(event).encode(),
        "timestamp": 10_000_000,
        "headers": (),
    } | more
    return LogRecord(topic="weir.events", partition=partition, offset=offset, **given)


def timed(order: BackfillClock, *records: LogRecord) -> list[tuple[float, int]]:
    return [(ts, taken.offset) for ts, taken in order.timed(records)]


def order() -> BackfillClock:
    return BackfillClock(FoldConfig(max_ahead_s=300.0), PARTITIONS)


def test_an_event_has_its_own_time_and_one_ahead_of_its_arrival_has_that() -> None:
    assert timed(order(), record(0, 9_000.0), record(1, 99_000.0)) == [(9_000.0, 0), (10_000.0, 1)]


def test_a_rekeyed_event_is_clamped_by_its_first_arrival() -> None:
    first = json.dumps({"partition": 1, "offset": 4, "timestamp": 5_000_000}).encode()
    assert timed(order(), record(0, 9_000.0, headers=(("weir-rekeyed", first),))) == [(5_000.0, 0)]


def test_an_event_in_a_foreign_partition_is_left_to_its_copy() -> None:
    taking = order()
    assert not timed(taking, record(0, 9_000.0, partition=1 - HOME))
    assert taking.left_out.rekeyed == 1


def test_an_event_without_a_key_gets_its_visitors() -> None:
    [(_, taken)] = order().timed([record(0, 9_000.0, key=None)])
    assert taken.key == b"anna"


def test_idle_watermarks_are_left_out_and_ends_of_input_are_not() -> None:
    taking = order()
    idle = record(0, 0.0, key=None, value=b'{"watermark":9e3,"kind":"idle"}', headers=(("weir-watermark", b"idle"),))
    end = record(
        1,
        0.0,
        key=None,
        value=b'{"watermark":8e3,"kind":"end-of-input"}',
        headers=(("weir-watermark", b"end-of-input"),),
    )
    assert timed(taking, idle, end) == [(8_000.0, 1)]
    assert taking.left_out.idle == 1


def test_what_can_not_be_read_stays_behind_its_neighbour() -> None:
    assert timed(order(), record(0, 9_000.0), record(1, 0.0, value=b"{"), record(2, 8_000.0)) == [
        (9_000.0, 0),
        (9_000.0, 1),
        (8_000.0, 2),
    ]
