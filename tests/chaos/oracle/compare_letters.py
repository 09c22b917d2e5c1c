"""Late events and dead letters, known by the place in the input that their headers name; visitors' limits, by key.

Silences: headers of a letter are text, numbers in decimal. Letters that name another topic than that of the events are
other stages', or files', and not judged. A limit names no place, so those of a key are compared in their order. Limits
of addresses are not promised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.oracle.compare_values import field_differences, parsed
from tests.chaos.oracle.expected import Letter, Place
from tests.chaos.oracle.placing import partition_of
from tests.chaos.oracle.records import Record, Settings, in_short


def letter_differences(
    settings: Settings, expected: Mapping[Place, Letter], records: Iterable[Record], kind: str
) -> Iterator[str]:
    """What is missing, twice, wrong or unexplained; `kind` is what people call them."""
    found: set[Place] = set()
    for record in records:
        if record.header("topic") not in {None, settings.topic("events").encode()}:
            continue
        place = _place(record)
        if place is None or place not in expected:
            yield f"Unexplained: the {kind} {record.place}; its headers name no event that became one."
        elif place in found:
            yield f"Twice: the {kind} {record.place}, of event {place[0]}@{place[1]}."
        else:
            found.add(place)
            yield from _of_letter(settings, expected[place], record, kind)
    for partition, offset in sorted(expected.keys() - found):
        yield f"Missing: the {kind} for event {partition}@{offset}."


def _of_letter(settings: Settings, letter: Letter, record: Record, kind: str) -> Iterator[str]:
    name = f"the {kind} {record.place}, of event {letter.place[0]}@{letter.place[1]},"
    if in_short(record.value) != letter.value:
        yield f"Wrong: {name} has not the bytes as received."
    if record.key != letter.key:
        yield f"Wrong: {name} has key {record.key!r} instead of {letter.key!r}."
    if record.header("timestamp") != b"%d" % letter.timestamp:
        yield f"Wrong: {name} names another append time than {letter.timestamp}."
    if letter.reason:
        if record.header("reason") != letter.reason.encode():
            yield f"Wrong: {name} has reason {record.header('reason')!r} instead of {letter.reason}."
        if not record.header("detail"):
            yield f"Wrong: {name} has no detail."
    elif letter.key is not None and record.partition != partition_of(letter.key, settings.partitions):
        yield f"Wrong: {name} lies in partition {record.partition}, which is not its visitor's."


def _place(record: Record) -> Place | None:
    partition, offset = record.header("partition") or b"", record.header("offset") or b""
    return (int(partition), int(offset)) if partition.isdigit() and offset.isdigit() else None


def limit_differences(
    expected: Mapping[bytes, Sequence[Mapping[str, Any]]], records: Iterable[Record], *, may_be_compacted: bool
) -> Iterator[str]:
    """What is missing, twice, wrong or unexplained of visitors' limits."""
    found: dict[bytes, list[Record]] = defaultdict(list)
    for record in records:
        if (record.key or b"").startswith(b"visitor:"):
            found[record.key or b""].append(record)
    for key in sorted(expected.keys() | found.keys()):
        yield from _of_key(key.decode(errors="replace"), expected.get(key, ()), found[key], may_be_compacted)


def _of_key(
    name: str,
    due: Sequence[Mapping[str, Any]],
    found: Sequence[Record],
    may_be_compacted: bool,  # noqa: FBT001 -- handed on
) -> Iterator[str]:
    waiting = list(due)
    last: dict[str, Any] | None = None
    for record in found:
        fields = parsed(record) or {}
        at = next((n for n, limit in enumerate(waiting) if not any(True for _ in field_differences(limit, fields))), -1)
        if at >= 0:
            missing, waiting = waiting[:at], waiting[at + 1 :]
            if missing and not may_be_compacted:
                yield f"Missing: {len(missing)} limits of {name} before {record.place}."
        elif fields == last:
            yield f"Twice: limit {record.place} of {name}."
        else:
            closest = ", ".join(field_differences(waiting[0], fields)) if waiting else "nothing was crossed then"
            yield f"Wrong: limit {record.place} of {name}: {closest}."
        last = fields
    if waiting:
        yield f"Missing: the newest {len(waiting)} of {len(due)} limits of {name}."
