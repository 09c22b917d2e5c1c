"""Records of answers against what the labels come to; and the topic of labels against itself.

A record is compared without the sessions that it names: which these are depends on when scores came. Equal ones in a
row are one. Of a compacted topic older records may be gone: the newest of each visitor must be there.

Silences: a label that changes what counts, and nothing of what is decided, has a record as the one before. Nobody sends
the same bytes in their place and misplaced.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.chaos.oracle.answering import Decision, Decisions, VisitorAnswers
from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.expected import Place
from tests.chaos.oracle.labels import WEAK, Labels
from tests.chaos.oracle.placing import is_in_place
from tests.chaos.oracle.records import Record, Settings, in_short

MOST_AHEAD = 16
"""Of the steps at which a record may be, those that are so much later than the first are not followed."""


def label_differences(settings: Settings, labels: Labels, dead: Iterable[Record]) -> Iterator[str]:
    """What is lost or twice of labels that were misplaced, of weak ones, and of the letters of unreadable ones."""
    placed = Counter(record.value for record, _ in labels.all())
    misplaced: dict[bytes | None, list[Record]] = defaultdict(list)
    for record in labels.misplaced:
        misplaced[record.value].append(record)
    for value, records in misplaced.items():
        if placed[value] != len(records):
            word = "Missing" if placed[value] < len(records) else "Twice"
            name = f"the misplaced label {records[0].place}"
            yield f"{word}: {name} was sent on {placed[value]} times instead of {len(records)}."
    for record, said in labels.all():
        if said.source.startswith(WEAK) and placed.pop(record.value, 1) > 1:
            yield f"Twice: the weak label {record.place}."
    topic = settings.topic("labels").encode()
    yield from _of_letters(labels, (record for record in dead if record.header("topic") == topic))


def _of_letters(labels: Labels, dead: Iterable[Record]) -> Iterator[str]:
    found: set[Place] = set()
    for record in dead:
        partition, offset = record.header("partition") or b"", record.header("offset") or b""
        place = (int(partition), int(offset)) if partition.isdigit() and offset.isdigit() else (-1, -1)
        if place not in labels.unreadable:
            yield f"Unexplained: the dead letter {record.place} is of no label that can't be read."
        elif place in found:
            yield f"Twice: the dead letter {record.place}, of label {place[0]}@{place[1]}."
        elif in_short(record.value) != in_short(labels.unreadable[place].value):
            yield f"Wrong: the dead letter {record.place} has not the bytes as received."
        found.add(place)
    for place in sorted(labels.unreadable.keys() - found):
        yield f"Missing: the dead letter for label {place[0]}@{place[1]}."


class Told(NamedTuple):
    """What is compared of a record of answers."""

    place: str
    value: bytes | None
    """`in_short`."""
    decisions: Decisions


def answer_differences(
    settings: Settings, expected: Mapping[str, VisitorAnswers], records: Iterable[Record], *, may_be_compacted: bool
) -> Iterator[str]:
    """What is missing, twice, wrong or unexplained of the decisions about visitors."""
    found: dict[str, list[Told]] = defaultdict(list)
    # Each decision is told by many records.
    one_each: dict[Decision, Decision] = {}
    for record in records:
        fields = parsed(record) or {}
        visitor = str(fields.get("visitor_id"))
        if not is_in_place(record, visitor, settings.partitions):
            yield f"Wrong: the answers {record.place} have not the key and partition of their visitor {visitor}."
        told = tuple(one_each.setdefault(one, one) for one in _decisions(fields))
        found[visitor].append(Told(record.place, in_short(record.value), told))
    for visitor in sorted(expected.keys() | found.keys()):
        answers = expected.get(visitor)
        if answers is None:
            yield f"Unexplained: {len(found[visitor])} records of answers about {visitor}, of whom nobody spoke."
        else:
            yield from _of_visitor(visitor, answers, found[visitor], may_be_compacted=may_be_compacted)


def _of_visitor(
    visitor: str, expected: VisitorAnswers, records: Iterable[Told], *, may_be_compacted: bool
) -> Iterator[str]:
    """Follows the records through the steps.

    What a record shows may stand at several steps, since weights change in between: the first places where it may be
    are followed, and one that leads on is enough.
    """
    way = _Way(expected)
    shown: Decisions = ()
    before: bytes | None = None
    for place, value, now in records:
        is_again, before = value == before, value
        if is_again:
            if not way.goes_on_by_one(now):
                yield f"Twice: the answers {place} about {visitor}."
            continue
        if now == shown:
            continue
        left_out = way.goes_on(now, shown)
        if left_out is None:
            yield f"Wrong: the answers {place} about {visitor} are {now}, and that never stood then."
            continue
        if not may_be_compacted:
            for step in left_out:
                yield f"Missing: answers about {visitor} before {place}: {expected.steps[step].decisions}."
        shown = now
    missing = way.left(shown, may_be_compacted=may_be_compacted)
    if missing is not None:
        yield f"Missing: the newest answers about {visitor}: {missing}."


class _Way:
    """Where in a visitor's steps the records may have come to: places in ascending order, -1 before the first."""

    def __init__(self, expected: VisitorAnswers) -> None:
        self._expected = expected
        self._steps = expected.steps
        self._known: dict[int, set[Decisions]] = {}
        self._places = [-1]

    def goes_on_by_one(self, now: Decisions) -> bool:
        """The same record once more is there for the next label, or for none."""
        further = [at + 1 for at in self._places if now in self._shown(at + 1)]
        self._places = further or self._places
        return bool(further)

    def goes_on(self, now: Decisions, shown: Decisions) -> list[int] | None:
        """To the next places where these decisions may stand; the steps that were left out, None for no place.

        A step is left out if a record had to tell it: of one at which the record may be, though its own decisions are
        others, too.
        """
        found: list[int] = []
        passed = at = max(self._places[0], 0)
        while at < len(self._steps) and (not found or at - found[0] < MOST_AHEAD):
            if now in self._shown(at):
                found.append(at)
            at += 1
        if not found:
            return None
        left_out = min((self._left_out(at, now, shown) for at in found), key=len)
        self._places = found
        for before in range(passed, found[0]):
            self._known.pop(before, None)
        return left_out

    def left(self, shown: Decisions, *, may_be_compacted: bool) -> Decisions | None:
        """What a record had to tell after the last one; None where it may have been the last."""
        missing = []
        for at in self._places:
            due = [one.decisions for one in self._steps[at + 1 :] if one.is_due]
            if not due or (due[-1] == shown and (may_be_compacted or set(due) == {shown})):
                return None
            missing.append(due[-1])
        return missing[0]

    def _left_out(self, at: int, now: Decisions, shown: Decisions) -> list[int]:
        begin = max((place for place in self._places if place <= at), default=-1)
        end = at if self._steps[at].decisions == now else at + 1
        return [n for n in range(begin + 1, end) if self._steps[n].is_due and self._steps[n].decisions != shown]

    def _shown(self, at: int) -> set[Decisions]:
        if at not in self._known:
            self._known[at] = self._expected.possible(at) if at < len(self._steps) else set()
        return self._known[at]


def _decisions(fields: Mapping[str, Any]) -> Iterator[Decision]:
    names = ("label", "verdict", "source", "ts", "until")
    for one in fields.get("answers", ()):
        label, verdict, source, ts, until = (one.get(name) for name in names)
        yield label, verdict, source, ts, until
