"""How the oracle is asked: what a log must come to, and how what came of it differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from tests.chaos.oracle.answering import expected_answers
from tests.chaos.oracle.compare_answers import answer_differences, label_differences
from tests.chaos.oracle.compare_examples import example_differences
from tests.chaos.oracle.compare_flags import Spoken, flag_differences, spoken_of
from tests.chaos.oracle.compare_letters import letter_differences, limit_differences
from tests.chaos.oracle.compare_log import (
    account_differences,
    balance_differences,
    events_of,
    rekeying_differences,
)
from tests.chaos.oracle.compare_sessions import session_differences
from tests.chaos.oracle.compare_sums import sum_differences
from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.expected import Expected, Place
from tests.chaos.oracle.folding import Partition
from tests.chaos.oracle.labels import sort_labels
from tests.chaos.oracle.records import Match, Record, Settings
from tests.chaos.oracle.rule_book import RuleBook
from tests.chaos.oracle.shares import Places, Share, Shares

READ = ("sessions", "late", "dead-letter", "limits", "flags", "rules", "labels", "answers", "training")
"""Topics, without their prefix, whose records are compared; labels are an input, and an output of score and join."""

PUT_ASIDE = ("sessions", "flags")
"""Of these, those of which there are so many that they are compared in shares."""


def expect(
    log: Iterable[Record],
    settings: Settings,
    *,
    match: Match | None = None,
    watch: Collection[Place] = (),
    shares: Shares | None = None,
) -> Expected:
    """What the specification says of a log of events.

    Args:
        log: every committed record of the topic, each partition in the order of offsets, interleaved in any way.
        settings: those in force all the while.
        match: says which patterns an event matches; None leaves patterns unjudged, and then `watch` is needed.
        watch: input places of the revisions that there are, see `watched`.
        shares: where sessions are put aside, if they would not fit in memory.

    Raises:
        ValueError: a partition's records are out of order.
    """
    expected = Expected(settings, judges_patterns=match is not None)
    if shares is not None:
        expected.put_aside = shares.put_life
    partitions: dict[int, Partition] = {}
    newest: dict[int, int] = {}
    for record in log:
        if newest.get(record.partition, -1) >= record.offset:
            raise ValueError(f"{record.place} comes after offset {newest[record.partition]}.")
        newest[record.partition] = record.offset
        if record.partition not in partitions:
            partitions[record.partition] = Partition(record.partition, expected, match, watch)
        partitions[record.partition].take(record)
    for partition in partitions.values():
        partition.end()
    return expected


def watched(outputs: Iterable[Record], settings: Settings) -> Places:
    """The input places that session records name."""
    places = Places()
    for record in outputs:
        if record.topic == settings.topic("sessions"):
            places.note(record)
    return places


@dataclass(frozen=True)
class JudgeShare:
    """Compares the sessions and flags of a share; other processes may be given it."""

    settings: Settings
    judges_patterns: bool
    book: RuleBook | None
    spoken: Mapping[str, Spoken]

    def __call__(self, share: Share) -> tuple[list[str], Counter[int]]:
        """The differences, and by partition the events that sessions which have ended count."""
        expected = Expected(self.settings, self.judges_patterns)
        differences = list(session_differences(expected, share.sessions, share.records))
        if self.book is not None:
            differences += flag_differences(share.records, share.flags, self.book, self.spoken)
        return differences, events_of(share.records)


MapShares = Callable[[JudgeShare], Iterable[tuple[list[str], Counter[int]]]]


def put_aside(outputs: Iterable[Record], settings: Settings, shares: Shares) -> None:
    """Puts sessions and flags aside, each partition in the order of offsets; others are none of this."""
    put = {settings.topic("sessions"): shares.put_record, settings.topic("flags"): shares.put_flag}
    for record in outputs:
        if record.topic in put:
            put[record.topic](str((parsed(record) or {}).get("session_id")), record)


def compare(
    expected: Expected,
    outputs: Iterable[Record],
    *,
    reported: Mapping[int, Mapping[str, int]] | None = None,
    book: RuleBook | None = None,
    scores: Iterable[Record] | None = None,
) -> Iterator[str]:
    """`differences` of outputs that lie in memory: all committed records of the topics `READ`, in any order of topics.

    Args:
        reported: by partition, the outcomes that Weir counted: `folded`, `duplicate`, `late`, `dead_letter`, `rekeyed`,
            `watermark`.
    """
    topics: dict[str, list[Record]] = {name: [] for name in READ}
    names = {expected.settings.topic(name): name for name in READ}
    for record in outputs:
        if record.topic in names:
            topics[names[record.topic]].append(record)

    def judged(judge: JudgeShare) -> Iterator[tuple[list[str], Counter[int]]]:
        yield judge(Share(expected.sessions, topics["sessions"], topics["flags"]))

    yield from differences(expected, topics, judged, book=book, scores=scores)
    yield from account_differences(expected, reported or {})


def differences(  # noqa: PLR0913 -- each part of a run is judged only where it is given
    expected: Expected,
    topics: Mapping[str, Iterable[Record]],
    judged: MapShares,
    *,
    book: RuleBook | None = None,
    scores: Iterable[Record] | None = None,
    may_be_compacted: bool = False,
) -> Iterator[str]:
    """Every way in which outputs differ from what they must be, a sentence each; nothing for a flawless run.

    Args:
        expected: what `expect` said of the log.
        topics: by name, without prefix, all committed records of each but sessions and flags, each partition in the
            order of offsets. They are gone through one after another, some more than once, and not kept: a run has
            more of them than memory should hold.
        judged: judges all shares of sessions and flags, due and found, by a judge that it is given.
        book: what patterns and rules weigh; given only where every stage but heuristics and people is in shadow, flags
            are compared too.
        scores: all committed scores, read once; with them training examples are compared too.
        may_be_compacted: older limits and answers of a key may be gone.
    """
    settings = expected.settings
    labels = sort_labels(topics["labels"], settings)
    answers = expected_answers(labels, settings)
    yield from rekeying_differences(expected)
    in_sessions: Counter[int] = Counter()
    for found, events in judged(
        JudgeShare(settings, expected.judges_patterns, book, spoken_of(answers) if book else {})
    ):
        yield from found
        in_sessions += events
    late, dead = topics["late"], topics["dead-letter"]
    yield from chain(
        letter_differences(settings, expected.late, late, "late event"),
        letter_differences(settings, expected.dead, dead, "dead letter"),
        limit_differences(expected.limits, topics["limits"], may_be_compacted=may_be_compacted),
        sum_differences(expected.sums, topics["rules"]),
        label_differences(settings, labels, dead),
        answer_differences(settings, answers, topics["answers"], may_be_compacted=may_be_compacted),
        example_differences(labels, scores, topics["training"]) if scores is not None else (),
        balance_differences(expected, in_sessions, late, dead),
    )


def judge(
    log: Iterable[Record], outputs: Iterable[Record], settings: Settings, *, match: Match | None = None
) -> list[str]:
    """`expect` and `compare` in one."""
    given = list(outputs)
    watch = watched(given, settings) if match is None else ()
    return list(compare(expect(log, settings, match=match, watch=watch), given))
