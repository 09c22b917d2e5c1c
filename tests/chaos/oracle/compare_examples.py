"""Training examples against the labels and the scores that they were made of.

Silences: which of a session's revisions a label joins depends on when event time went on, and an example does not name
it: it must be one that was scored, of the label's visitor, that did not end after the label's `ts`. That each label
joins within the run is not promised: it may wait for longer.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.labels import Labels, is_report
from tests.chaos.oracle.records import Record

Revision = tuple[str, bytes, float]
"""Visitor, hash of what the example must have of it, and end."""


def example_differences(labels: Labels, scores: Iterable[Record], training: Sequence[Record]) -> Iterator[str]:
    """Examples that came twice, of no label, of no scored revision, or of one that ended later."""
    said = {
        (one.visitor, one.source, one.ts, one.label, one.category, one.weight)
        for _, one in labels.all()
        if one.label != "withdrawn" and not is_report(one.source)
    }
    examples = [(record, parsed(record) or {}) for record in training]
    scored = _scored(scores, {str(fields.get("session_id")) for _, fields in examples})
    known: set[str] = set()
    for record, fields in examples:
        name = f"the example {record.place}, of session {fields.get('session_id')} by {fields.get('source')}"
        own = str(fields.get("example_id"))
        if own in known:
            yield f"Twice: {name}."
        known.add(own)
        if record.key != own.encode():
            yield f"Wrong: {name} has key {record.key!r} instead of its id."
        parts = ("visitor_id", "source", "labelled_at", "label", "category", "weight")
        if tuple(fields.get(part) for part in parts) not in said:
            yield f"Unexplained: {name}: nobody gave this label."
        revisions = scored.get(str(fields.get("session_id")), ())
        own_content = _content(fields)
        of_it = [
            end for visitor, content, end in revisions if (visitor, content) == (fields.get("visitor_id"), own_content)
        ]
        if not of_it:
            yield f"Wrong: {name} has features that no revision of the session was scored with."
        elif min(of_it) > fields.get("labelled_at", 0.0):
            yield f"Wrong: {name} has features of {min(of_it)}, after the label's {fields.get('labelled_at')}."


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
