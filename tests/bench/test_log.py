import msgspec

from bench.events.spec import LogSpec
from bench.events.write import log_of
from weir.contracts.fast import decode_event
from weir.partitioner import partition_for

SPEC = LogSpec(events=3_000, visitors=40)


def test_a_log_is_the_same_for_the_same_parameters() -> None:
    assert list(log_of(SPEC)) == list(log_of(SPEC))
    assert list(log_of(SPEC)) != list(log_of(msgspec.structs.replace(SPEC, seed=2)))


def test_a_log_has_as_many_events_as_asked_for_and_one_that_closes_each_partition() -> None:
    keys = [key for key, _ in log_of(SPEC)]

    assert len(keys) == SPEC.events + SPEC.partitions
    assert {partition_for(key, SPEC.partitions) for key in keys[SPEC.events :]} == set(range(SPEC.partitions))


def test_events_are_valid_keyed_by_visitor_in_the_order_of_time_and_of_the_size_asked_for() -> None:
    events = [(key, decode_event(value)) for key, value in log_of(SPEC)]
    times = [float(event.ts) for _, event in events]

    assert all(key.decode() == event.visitor_id for key, event in events)
    assert times == sorted(times)
    mean = sum(len(value) for _, value in log_of(SPEC)) / len(events)
    assert SPEC.size <= mean <= SPEC.size * 1.15


def test_some_events_are_sent_twice() -> None:
    records = list(log_of(SPEC))

    assert 5 <= len(records) - len(set(records)) <= 30


def test_visitors_that_stay_come_in_turn_before_chance_decides() -> None:
    standing = msgspec.structs.replace(SPEC, visitors=100, rounds=3, repeats=0.0, closes=False)
    keys = [key for key, _ in log_of(standing)]

    assert keys[:100] == keys[100:200] == keys[200:300]
    assert len(set(keys)) == 100
