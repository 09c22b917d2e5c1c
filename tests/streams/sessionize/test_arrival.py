from __future__ import annotations

import json
from dataclasses import replace

import pytest

from streams.sessionize.arrival import MOST_HEADER_BYTES, stand_in
from tests.streams.sessionize.driving import DAY_1, SMALL, Driver, event_record, new_task, sent_again, sessions
from weir.errors import WorkError
from weir.partitioner import partition_for

PARTITIONS = 4


def visitors(partition: int) -> list[str]:
    return [
        name
        for name in (f"v{number}" for number in range(100))
        if partition_for(name.encode(), PARTITIONS) == partition
    ]


HERE, ELSEWHERE = visitors(0), visitors(1)


def driver() -> Driver:
    return Driver(new_task(SMALL, partitions=PARTITIONS))


@pytest.mark.parametrize(
    ("visitor", "key"),
    [(ELSEWHERE[0], ELSEWHERE[0].encode()), (HERE[0], None), (HERE[0], b"other"), (HERE[0], b"\xff")],
)
def test_a_misplaced_event_is_sent_to_where_its_visitor_belongs(visitor: str, key: bytes | None) -> None:
    here = driver()
    record = replace(event_record(7, visitor, DAY_1), key=key, headers=(("trace", b"1"),))
    (again,) = sent_again(here.take(record))
    assert (again.key, again.value, again.partition) == (visitor.encode(), record.value, None)
    headers = dict(again.headers)
    assert headers["trace"] == b"1"
    assert json.loads(headers["weir-rekeyed"]) == {"partition": 0, "offset": 7, "timestamp": int(DAY_1 * 1000)}
    assert here.counts("events") == {("rekeyed",): 1}
    assert here.task.fold.watermark < 0
    assert here.task.fold.accounts.open == 0


def test_a_rekeyed_event_folds_where_it_was_sent_and_is_clamped_by_its_first_arrival() -> None:
    here = driver()
    first = json.dumps({"partition": 3, "offset": 1, "timestamp": int(DAY_1 * 1000)}).encode()
    record = event_record(0, HERE[0], DAY_1 + 1_000.0, DAY_1 + 900.0)
    (opened,) = sessions(here.take(replace(record, headers=(("weir-rekeyed", first),))))
    assert opened["start"] == DAY_1
    assert here.task.fold.accounts.clamped == 1


def test_a_first_arrival_that_claims_the_future_does_not_weaken_the_clamp() -> None:
    here = driver()
    first = json.dumps({"partition": 3, "offset": 1, "timestamp": 4_000_000_000_000}).encode()
    record = event_record(0, HERE[0], DAY_1 + 1_000.0, DAY_1)
    (opened,) = sessions(here.take(replace(record, headers=(("weir-rekeyed", first),))))
    assert opened["start"] == DAY_1


def test_a_rekeyed_event_that_is_misplaced_again_stops_the_worker() -> None:
    here = driver()
    (again,) = here.take(event_record(0, ELSEWHERE[0], DAY_1))
    record = event_record(1, ELSEWHERE[0], DAY_1)
    with pytest.raises(WorkError, match="wrong partition again"):
        here.take(replace(record, headers=tuple(again.headers)))


def test_a_strangers_copy_of_a_rekeyed_event_is_sent_on_and_stops_nobody() -> None:
    here = driver()
    (again,) = here.take(event_record(0, ELSEWHERE[0], DAY_1))
    copy = replace(event_record(1, ELSEWHERE[0], DAY_1), key=b"other", headers=tuple(again.headers))
    (sent_on,) = sent_again(here.take(copy))
    assert (sent_on.key, [name for name, _ in sent_on.headers]) == (ELSEWHERE[0].encode(), ["weir-rekeyed"])
    assert json.loads(dict(sent_on.headers)["weir-rekeyed"])["offset"] == 1


@pytest.mark.parametrize("number", ["-1" + "0" * 400, "1" + "0" * 400, str(2**63)])
def test_a_first_arrival_beyond_all_times_is_nobodys_and_stops_nobody(number: str) -> None:
    here = driver()
    forged = b'{"partition": 0, "offset": 1, "timestamp": %s}' % number.encode()
    record = replace(event_record(0, HERE[0], DAY_1), headers=(("weir-rekeyed", forged),))
    (opened,) = sessions(here.take(record))
    assert opened["start"] == DAY_1


def test_headers_that_would_not_fit_stay_behind_when_an_event_is_sent_on() -> None:
    here = driver()
    record = event_record(0, ELSEWHERE[0], DAY_1)
    many = tuple((f"h{number}", b"") for number in range(10_000))
    for headers in [(("trace", b"1"), ("large", bytes(MOST_HEADER_BYTES))), many]:
        (again,) = sent_again(here.take(replace(record, headers=headers)))
        assert (again.value, [name for name, _ in again.headers]) == (record.value, ["weir-rekeyed"])


@pytest.mark.parametrize("header", [b"", b"{}", b"\xff", b"[1]", b'{"partition": "0"}', b"[" * 10_000])
def test_a_malformed_header_is_nobodys_first_arrival(header: bytes) -> None:
    here = driver()
    record = replace(event_record(0, ELSEWHERE[0], DAY_1), headers=(("weir-rekeyed", header),))
    (again,) = sent_again(here.take(record))
    assert [name for name, _ in again.headers] == ["weir-rekeyed"]
    assert json.loads(dict(again.headers)["weir-rekeyed"])["offset"] == 0


def test_for_a_visitor_with_open_state_here_the_key_is_not_asked_again() -> None:
    here = driver()
    here.take(event_record(0, HERE[0], DAY_1))
    here.take(replace(event_record(1, HERE[0], DAY_1), key=None))
    assert here.task.fold.accounts.folded == 2


def test_a_time_of_arrival_that_a_producer_stands_in_clamps_and_stops_nobody() -> None:
    header = stand_in(int(DAY_1 * 1000))
    record = replace(event_record(0, HERE[0], DAY_1 + 900_000), headers=(header,))
    here = driver()
    (opened,) = sessions(here.take(record))
    assert opened["start"] == DAY_1
    elsewhere = replace(event_record(1, ELSEWHERE[0], DAY_1 + 900_000), headers=(header,))
    (sent_on,) = sent_again(here.take(elsewhere))
    again = json.loads(dict(sent_on.headers)["weir-rekeyed"])
    assert (again["offset"], again["timestamp"]) == (1, int(DAY_1 * 1000))
