"""Sums of addresses and accounts, by key, in their order.

Silences: where a window has more subjects than are kept, what a record names may be too low by what it says itself. A
set of more than 64 is a sketch, of which the subject alone is looked at. A record names 500 sums or 200 sets at most.
"""

from __future__ import annotations

import base64
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.expected import Sum
from tests.chaos.oracle.records import Record

PREFIXES = (b"sums/", b"distinct/")
MOST = {"costs": 500, "sets": 200}
_SKETCH = b"e"
_HASH_BYTES = 8


def sum_differences(expected: Mapping[bytes, Sequence[Sum]], records: Iterable[Record]) -> Iterator[str]:
    """What is missing, twice, wrong or unexplained."""
    found: dict[bytes, list[Record]] = defaultdict(list)
    for record in records:
        if (record.key or b"").startswith(PREFIXES):
            found[record.key or b""].append(record)
    for key in sorted(expected.keys() | found.keys()):
        yield from _of_key(key.decode(errors="replace"), expected.get(key, ()), found[key])


def _of_key(name: str, due: Sequence[Sum], found: Sequence[Record]) -> Iterator[str]:
    waiting = [one for one in due if one.is_possible]
    seen: set[bytes | None] = set()
    for record in found:
        fields = parsed(record) or {}
        place = fields.get("window_start"), fields.get("told_at", 0.0)
        at = next((n for n, one in enumerate(waiting) if (one.start, one.told_at) == place), None)
        if at is None:
            kind = "Twice" if record.value in seen else "Unexplained"
            yield f"{kind}: sums {record.place} of {name}."
            continue
        yield from _missing(name, waiting[:at])
        yield from (f"Wrong: sums {record.place} of {name}: {what}." for what in _differences(waiting[at], fields))
        waiting = waiting[at + 1 :]
        seen.add(record.value)
    yield from _missing(name, waiting)


def _missing(name: str, passed: Sequence[Sum]) -> Iterator[str]:
    yield from (f"Missing: sums of {name} of the window from {one.start}." for one in passed if one.is_due)


def _differences(due: Sum, fields: Mapping[str, Any]) -> Iterator[str]:
    part = "costs" if "costs" in fields else "sets"
    told = fields.get(part)
    if not isinstance(told, dict):
        yield f"no {part}"
        return
    missed = fields.get("missed", 0.0) if part == "costs" else math.inf
    slack = 0.0 if due.is_exact else missed
    for subject, value in told.items():
        least, most = due.truth.get(subject, 0.0) - slack, due.truth.get(subject, 0.0)
        counted = _counted(value) if part == "sets" else value
        if counted is not None and not least - 1e-6 <= counted <= most + 1e-6:
            yield f"{subject} has {counted} instead of {most}"
    if not due.is_exact and part == "costs" and missed > due.slack + 1e-6:
        yield f"{missed} may be missing of each, which is more than {due.slack}"
    named = sorted(due.truth, key=lambda subject: -due.truth[subject])[: MOST[part]]
    absent = [one for one in named if one not in told and due.truth[one] - slack >= due.floor]
    if absent and len(told) < MOST[part]:
        yield f"{', '.join(absent[:3])} not named"


def _counted(data: str) -> int | None:
    content = base64.b64decode(data)
    return None if content[:1] == _SKETCH else (len(content) - 1) // _HASH_BYTES
