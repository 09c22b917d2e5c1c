"""The log against itself: misplaced events come back once, where they belong; and every record is accounted for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.expected import Accounts, Expected, Place
from tests.chaos.oracle.records import Record

OUTCOMES = ("folded", "duplicate", "late", "dead_letter", "rekeyed", "watermark")


def rekeying_differences(expected: Expected) -> Iterator[str]:
    """Misplaced events that were lost, sent on twice, or changed on their way."""
    for stop in expected.stopped:
        yield f"Wrong: the re-keyed event {stop} is misplaced again; Weir must stop there."
    back: dict[Place, list[Record]] = defaultdict(list)
    for arrival, record in expected.arrived:
        place = (arrival.partition, arrival.offset)
        back[place].append(record)
        origin = expected.sent_on.get(place)
        if origin is None:
            yield f"Unexplained: the re-keyed event {record.place} names {place[0]}@{place[1]}, which was in its place."
        elif (origin.value, origin.timestamp) != (record.value, arrival.timestamp):
            yield f"Wrong: the re-keyed event {record.place} has another value or first arrival than {origin.place}."
    for place, origin in sorted(expected.sent_on.items()):
        times = len(back[place])
        if times == 0:
            yield f"Missing: the misplaced event {origin.place} was never sent on."
        elif times > 1:
            yield f"Twice: the misplaced event {origin.place} was sent on {times} times."


def events_of(sessions: Iterable[Record]) -> Counter[int]:
    """By partition of the input how many events the sessions count that have ended, each event once."""
    told: Counter[int] = Counter()
    for record in sessions:
        fields = parsed(record) or {}
        if fields.get("final") and fields.get("merged_into") is None:
            events = fields.get("events")
            told[_origin(record)] += events if isinstance(events, int) else 0
    return told


def balance_differences(
    expected: Expected, in_sessions: Counter[int], late: Iterable[Record], dead: Iterable[Record]
) -> Iterator[str]:
    """Partitions whose input is not what outputs account for, duplicates and open sessions set aside."""
    told = in_sessions.copy()
    topic = expected.settings.topic("events").encode()
    for record in (*late, *dead):
        if record.header("topic") in {None, topic}:
            told[_origin(record)] += 1
    told.update(arrival.partition for arrival, _ in expected.arrived)
    for partition, accounts in sorted(expected.accounts.items()):
        silent = accounts.duplicate + accounts.watermark + accounts.still_open
        if told[partition] + silent != accounts.read:
            yield (
                f"Unbalanced: partition {partition} has {accounts.read} records; outputs account for {told[partition]},"
                f" duplicates, watermarks and open sessions for {silent}."
            )


def account_differences(expected: Expected, reported: Mapping[int, Mapping[str, int]]) -> Iterator[str]:
    """Outcomes that Weir counted otherwise."""
    for partition, counted in sorted(reported.items()):
        accounts = expected.accounts.get(partition, Accounts())
        for outcome in OUTCOMES:
            due = getattr(accounts, outcome)
            if counted.get(outcome, 0) != due:
                yield f"Unbalanced: partition {partition} reports {counted.get(outcome, 0)} {outcome} instead of {due}."


def _origin(record: Record) -> int:
    partition = record.header("partition") or b""
    return int(partition) if partition.isdigit() else -1
