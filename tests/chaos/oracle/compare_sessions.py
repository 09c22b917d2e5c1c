"""Session records against those that are due: each there, once, whole, in its order.

A record is known by its session and by the place of its last event, which its headers name; then its revision, its key
and all its fields must be right. Fields that the oracle does not know are nobody's business.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tests.chaos.oracle.compare_values import field_differences, parsed
from tests.chaos.oracle.expected import Expected, Place, Revision
from tests.chaos.oracle.placing import partition_of
from tests.chaos.oracle.records import Record, Settings

Identity = tuple[Place, bool]
"""Within a session: the place of the last event folded, and whether the record is final."""


class Found(NamedTuple):
    """A session record as it was published."""

    record: Record
    fields: dict[str, Any]
    identity: Identity

    @property
    def events(self) -> int:
        """How many it counts, 0 for what is no number."""
        counted = self.fields.get("events")
        return counted if isinstance(counted, int) else 0

    @property
    def name(self) -> str:
        """For people."""
        fields = self.fields
        return f"revision {fields.get('revision')} of session {fields.get('session_id')} ({self.record.place})"


def session_differences(
    expected: Expected, sessions: Mapping[str, Sequence[Sequence[Revision]]], records: Iterable[Record]
) -> Iterator[str]:
    """What is missing, twice, torn, wrong or unexplained of sessions, all of their records given."""
    # A run has millions of records: they are kept as they lie, and read once more when their session's turn comes.
    found: dict[str, list[tuple[Record, Identity]]] = defaultdict(list)
    for record in records:
        fields, place = parsed(record), _place(record)
        if fields is None or place is None or "session_id" not in fields:
            yield f"Torn: {record.place} is no session record with its place in the input."
            continue
        found[str(fields["session_id"])].append((record, (place, bool(fields.get("final")))))
    for session in sorted(sessions.keys() | found.keys()):
        lives = sessions.get(session)
        if lives is None:
            yield f"Unexplained: session {session} has {len(found[session])} records; no event of the log opened it."
        else:
            read = [Found(record, parsed(record) or {}, identity) for record, identity in found.get(session, ())]
            yield from _of_session(expected, session, lives, read)


def _place(record: Record) -> Place | None:
    partition, offset = record.header("partition") or b"", record.header("offset") or b""
    return (int(partition), int(offset)) if partition.isdigit() and offset.isdigit() else None


def _of_session(
    expected: Expected, session: str, lives: Sequence[Sequence[Revision]], found: Sequence[Found]
) -> Iterator[str]:
    by_identity: dict[Identity, Found] = {}
    for one in found:
        first = by_identity.setdefault(one.identity, one)
        if first is not one:
            same = first.fields == one.fields
            yield f"Twice: {one.name}." if same else f"Torn: {one.name} differs from {first.name}, of the same event."
    for life in lives:
        yield from _of_life(expected, session, life, by_identity)
    for one in by_identity.values():
        yield f"Unexplained: {one.name}; nothing at this event makes a revision due."


def _of_life(
    expected: Expected, session: str, life: Sequence[Revision], by_identity: dict[Identity, Found]
) -> Iterator[str]:
    number = 0
    present: list[Found] = []
    for revision in life:
        record = revision.record
        one = by_identity.pop((revision.place, record["final"]), None)
        if one is None and not revision.is_due:
            continue
        number += 1
        if one is None:
            kind = "the final" if record["final"] else "a"
            partition, offset = revision.place
            yield f"Missing: {kind} revision {number} of session {session}, after event {partition}@{offset}."
            continue
        yield from _of_revision(expected.settings, one, revision, record, number)
        if not expected.judges_patterns:
            yield from _of_patterns(present[-1] if present else None, one, revision)
        present.append(one)
    for earlier, later in pairwise(present):
        if (later.record.partition, later.record.offset) < (earlier.record.partition, earlier.record.offset):
            yield f"Torn: {later.name} lies before {earlier.name}."
        if later.events < earlier.events:
            yield f"Torn: {later.name} has fewer events than {earlier.name}."


def _of_revision(
    settings: Settings, one: Found, revision: Revision, record: dict[str, Any], number: int
) -> Iterator[str]:
    if one.fields.get("revision") != number:
        yield f"Torn: {one.name} is the session's number {number}."
    for difference in field_differences(record, one.fields):
        yield f"Wrong: {one.name} has {difference}."
    key = str(record["visitor_id"]).encode()
    if one.record.key != key:
        yield f"Wrong: {one.name} has key {one.record.key!r} instead of its visitor."
    elif one.record.partition != partition_of(key, settings.partitions):
        yield f"Wrong: {one.name} lies in partition {one.record.partition}, which is not its visitor's."
    if one.record.header("appended_ms") != b"%d" % revision.appended_ms:
        yield f"Wrong: {one.name} names another append time than its last event's, {revision.appended_ms}."


def _of_patterns(before: Found | None, one: Found, revision: Revision) -> Iterator[str]:
    """What must hold of hits, whatever the patterns are."""
    held = _hits(before) if before else {}
    hits = _hits(one)
    if any(hits.get(pattern, 0) < count for pattern, count in held.items()):
        yield f"Torn: {one.name} has fewer hits of a pattern than the revision before."
    if any(count > one.events for count in hits.values()):
        yield f"Wrong: {one.name} has more hits of a pattern than events."
    new = hits.keys() - held.keys()
    if not revision.is_due and not new:
        yield f"Unexplained: {one.name}; it has no new pattern, and nothing else makes a revision due."
    if one.identity[1] and new:
        yield f"Missing: a revision before {one.name}, when {min(new)} was new."
    elif not revision.is_merge and any(hits[pattern] > 1 for pattern in new):
        yield f"Missing: a revision before {one.name}: a pattern that is new in it has several hits."


def _hits(one: Found) -> dict[str, int]:
    heuristics = one.fields.get("heuristics")
    try:
        return {str(pattern): int(noted["hits"]) for pattern, noted in (heuristics or {}).items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        return {json.dumps(heuristics): 0}
