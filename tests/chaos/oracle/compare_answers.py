"""Records of answers against what the labels come to; and the topic of labels against itself.

A record is compared without the sessions that it names: which these are depends on when scores came. Equal ones in a
row are one. Of a compacted topic older records may be gone: the newest of each visitor must be there.

Silences: a label that changes what counts, and nothing of what is decided, has a record as the one before. Nobody sends
the same bytes in their place and misplaced.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.chaos.oracle.answering import Decisions, VisitorAnswers
from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.expected import Place
from tests.chaos.oracle.labels import WEAK, Labels
from tests.chaos.oracle.placing import is_in_place
from tests.chaos.oracle.records import Record, Settings


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
        elif record.value != labels.unreadable[place].value:
            yield f"Wrong: the dead letter {record.place} has not the bytes as received."
        found.add(place)
    for place in sorted(labels.unreadable.keys() - found):
        yield f"Missing: the dead letter for label {place[0]}@{place[1]}."


def answer_differences(
    settings: Settings, expected: Mapping[str, VisitorAnswers], records: Iterable[Record], *, may_be_compacted: bool
) -> Iterator[str]:
    """What is missing, twice, wrong or unexplained of the decisions about visitors."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        visitor = str((parsed(record) or {}).get("visitor_id"))
        if not is_in_place(record, visitor, settings.partitions):
            yield f"Wrong: the answers {record.place} have not the key and partition of their visitor {visitor}."
        found[visitor].append(record)
    for visitor in sorted(expected.keys() | found.keys()):
        answers = expected.get(visitor)
        if answers is None:
            yield f"Unexplained: {len(found[visitor])} records of answers about {visitor}, of whom nobody spoke."
        else:
            yield from _of_visitor(visitor, answers, found[visitor], may_be_compacted=may_be_compacted)


def _of_visitor(
    visitor: str, expected: VisitorAnswers, records: Iterable[Record], *, may_be_compacted: bool
) -> Iterator[str]:
    shown: Decisions = ()
    before: bytes | None = None
    at, told = 0, -1
    for record in records:
        is_again, before, now = record.value == before, record.value, _decisions(record)
        if is_again:
            if told + 1 < len(expected.steps) and now in expected.possible(told + 1):
                at = told = told + 1
            else:
                yield f"Twice: the answers {record.place} about {visitor}."
        if now == shown:
            continue
        step = next((n for n in range(at, len(expected.steps)) if now in expected.possible(n)), None)
        if step is None:
            yield f"Wrong: the answers {record.place} about {visitor} are {now}, and that never stood then."
            continue
        if not may_be_compacted:
            exact = expected.steps[step].decisions == now
            for skipped in expected.steps[told + 1 : step if exact else step + 1]:
                if skipped.is_due and skipped.decisions != shown:
                    yield f"Missing: answers about {visitor} before {record.place}: {skipped.decisions}."
        at, told, shown = step, step, now
    due = [one.decisions for one in expected.steps[told + 1 :] if one.is_due]
    if due and (due[-1] != shown or (not may_be_compacted and set(due) != {shown})):
        yield f"Missing: the newest answers about {visitor}: {due[-1]}."


def _decisions(record: Record) -> Decisions:
    names = ("label", "verdict", "source", "ts", "until")
    return tuple(tuple(one.get(name) for name in names) for one in (parsed(record) or {}).get("answers", ()))
