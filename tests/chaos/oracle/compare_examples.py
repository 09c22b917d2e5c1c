"""Training examples against the labels and the scores that they were made of.

Silences: which of a session's revisions a label joins depends on when event time went on, and an example does not name
it: it must be one that was scored, of the label's visitor, that did not end after the label's `ts`. That each label
joins within the run is not promised: it may wait for longer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.labels import Labels, is_report
from tests.chaos.oracle.records import Record


class Example(NamedTuple):
    """What is compared of an example: its features alone would fill a page."""

    place: str
    key: bytes | None
    own: str
    session: str
    said: tuple[Any, ...]
    """Visitor, source, `labelled_at`, label, category and weight."""
    content: bytes
    """Hash of what it must have in common with its revision."""


def example_differences(labels: Labels, scores: Iterable[Record], training: Iterable[Record]) -> Iterator[str]:
    """Examples that came twice, of no label, of no scored revision, or of one that ended later."""
    said = {
        (one.visitor, one.source, one.ts, one.label, one.category, one.weight)
        for _, one in labels.all()
        if one.label != "withdrawn" and not is_report(one.source)
    }
    examples = [_example(record) for record in training]
    scored = _scored(scores, {one.session for one in examples}, {one.content for one in examples})
    known: set[str] = set()
    for one in examples:
        _, source, labelled_at, *_ = one.said
        name = f"the example {one.place}, of session {one.session} by {source}"
        if one.own in known:
            yield f"Twice: {name}."
        known.add(one.own)
        if one.key != one.own.encode():
            yield f"Wrong: {name} has key {one.key!r} instead of its id."
        if one.said not in said:
            yield f"Unexplained: {name}: nobody gave this label."
        end = scored.get(one.content)
        if end is None:
            yield f"Wrong: {name} has features that no revision of the session was scored with."
        elif end > (labelled_at or 0.0):
            yield f"Wrong: {name} has features of {end}, after the label's {labelled_at}."


def _example(record: Record) -> Example:
    fields = parsed(record) or {}
    parts = ("visitor_id", "source", "labelled_at", "label", "category", "weight")
    own, session = str(fields.get("example_id")), str(fields.get("session_id"))
    said = tuple(fields.get(part) for part in parts)
    return Example(record.place, record.key, own, session, said, _content(fields))


def _scored(scores: Iterable[Record], sessions: Container[str], wanted: Container[bytes]) -> Mapping[bytes, float]:
    """Of scored revisions that examples may be of, by content, the earliest end: a run has too many to keep them."""
    found: dict[bytes, float] = {}
    for record in scores:
        fields = parsed(record) or {}
        if fields.get("session_id") in sessions and fields.get("champion"):
            content = _content(fields)
            if content in wanted:
                found[content] = min(found.get(content, math.inf), fields["ts"])
    return found


def _content(fields: Mapping[str, Any]) -> bytes:
    names = ("session_id", "visitor_id", "features", "features_version", "score", "model", "verdict")
    return blake2b(json.dumps([fields.get(name) for name in names], sort_keys=True).encode(), digest_size=16).digest()
