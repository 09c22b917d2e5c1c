"""Training examples against the labels and the scores that they were made of.

Silences: which of a session's revisions a label joins depends on when event time went on, and an example does not name
it: it must be one that was scored, of the label's visitor, that did not end after the label's `ts`. That each label
joins within the run is not promised: it may wait for longer.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.labels import Labels, is_report
from tests.chaos.oracle.records import Record

Revision = tuple[str, bytes, float]
"""Visitor, hash of what the example must have of it, and end."""


class Example(NamedTuple):
    """What is compared of an example: its features alone would fill a page."""

    place: str
    key: bytes | None
    own: str
    session: str
    said: tuple[Any, ...]
    """Visitor, source, `labelled_at`, label, category and weight."""
    content: bytes
    """Hash of what it must have of its revision."""


def example_differences(labels: Labels, scores: Iterable[Record], training: Iterable[Record]) -> Iterator[str]:
    """Examples that came twice, of no label, of no scored revision, or of one that ended later."""
    said = {
        (one.visitor, one.source, one.ts, one.label, one.category, one.weight)
        for _, one in labels.all()
        if one.label != "withdrawn" and not is_report(one.source)
    }
    examples = [_example(record) for record in training]
    scored = _scored(scores, {one.session for one in examples})
    known: set[str] = set()
    for one in examples:
        visitor, source, labelled_at, *_ = one.said
        name = f"the example {one.place}, of session {one.session} by {source}"
        if one.own in known:
            yield f"Twice: {name}."
        known.add(one.own)
        if one.key != one.own.encode():
            yield f"Wrong: {name} has key {one.key!r} instead of its id."
        if one.said not in said:
            yield f"Unexplained: {name}: nobody gave this label."
        of_it = [
            end
            for scored_of, content, end in scored.get(one.session, ())
            if (scored_of, content) == (visitor, one.content)
        ]
        if not of_it:
            yield f"Wrong: {name} has features that no revision of the session was scored with."
        elif min(of_it) > (labelled_at or 0.0):
            yield f"Wrong: {name} has features of {min(of_it)}, after the label's {labelled_at}."


def _example(record: Record) -> Example:
    fields = parsed(record) or {}
    parts = ("visitor_id", "source", "labelled_at", "label", "category", "weight")
    own, session = str(fields.get("example_id")), str(fields.get("session_id"))
    said = tuple(fields.get(part) for part in parts)
    return Example(record.place, record.key, own, session, said, _content(fields))


def _scored(scores: Iterable[Record], sessions: set[str]) -> Mapping[str, list[Revision]]:
    """Of these sessions the scored revisions: a run has too many scores to keep them."""
    found: dict[str, list[Revision]] = defaultdict(list)
    for record in scores:
        fields = parsed(record) or {}
        if fields.get("session_id") in sessions and fields.get("champion"):
            found[fields["session_id"]].append((str(fields.get("visitor_id")), _content(fields), fields["ts"]))
    return found


def _content(fields: Mapping[str, Any]) -> bytes:
    names = ("features", "features_version", "score", "model", "verdict")
    return blake2b(json.dumps([fields.get(name) for name in names], sort_keys=True).encode(), digest_size=16).digest()
