from __future__ import annotations

import json

from streams.sessionize.end_of_input import EndOfInput
from weir.topics import EVENTS


def test_each_partition_with_events_gets_a_watermark_just_beyond_gap_and_grace() -> None:
    end = EndOfInput(gap_s=1_800, grace_s=300)
    for partition, ts in ((2, 1_000.0), (0, 50.0), (2, 900.0)):
        end.observe(partition, ts)
    records = list(end.records())
    assert [(record.topic, record.partition, record.key) for record in records] == [
        (EVENTS, 0, None),
        (EVENTS, 2, None),
    ]
    assert [json.loads(record.value or b"") for record in records] == [
        {"kind": "end-of-input", "watermark": 2_150.000001},
        {"kind": "end-of-input", "watermark": 3_100.000001},
    ]
    assert all(dict(record.headers) == {"weir-watermark": b"end-of-input"} for record in records)


def test_a_partitions_time_never_goes_back() -> None:
    end = EndOfInput(gap_s=10, grace_s=0)
    end.observe_watermark(1, 500.0)
    end.observe_watermark(2, 500.0)
    end.observe(1, 100.0)
    (record,) = end.records()
    assert json.loads(record.value or b"")["watermark"] == 500.0


def test_without_events_there_is_nothing_to_end() -> None:
    assert not list(EndOfInput(10, 0).records())
