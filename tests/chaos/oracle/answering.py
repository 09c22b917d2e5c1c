"""What people's labels come to for a visitor, label by label: the decisions that `weir.answers` must have.

Silences: nothing is over during a run, which is shorter than answers and reports hold. Of one source, about one
session or about the visitor, the newest answer stands; the same again within a hundredth of the time for which it
holds is no news while the first has the last word, and neither is an older one. A label withdraws what was said
before it: none of that counts when it comes again. One that names a session is not judged. A reporter's record is the
partition's: an answer that is news makes each report about its visitor count for or against its reporter, once. From
then on the reporter's reports weigh (agreed + 2) / (agreed + disagreed + 2) in all that is written. A record that is
written because an answer found its session shows these weights too: when that happens is not promised.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chaos.oracle.labels import REPORT, Labels, Said, is_report, is_trusted
from tests.chaos.oracle.records import Settings

RENEWED_AFTER = 0.01
MOST_ANSWERS, MOST_REPORTS = 32, 64
"""Of one visitor: the newest, those that were taken back among them."""
NEAR = 1e-9
Decision = tuple[str, str, str, float, float]
"""Label, verdict, source, `ts` and `until`."""
Decisions = tuple[Decision, ...]


class Answer(NamedTuple):
    """What a trusted person said."""

    source: str
    session: str | None
    label: str
    ts: float
    is_taken_back: bool = False


class Report(NamedTuple):
    """What a visitor said of another."""

    reporter: str
    ts: float
    is_judged: bool = False
    is_taken_back: bool = False


class Step(NamedTuple):
    """What stands after a label."""

    at: int
    """Number of the label in its partition."""
    answers: tuple[Answer, ...]
    reports: tuple[Report, ...]
    decisions: Decisions
    is_due: bool
    """Whether a record must tell it; else one may, since it may tell of another session."""


def _unheard() -> list[tuple[int, int, int]]:
    return [(-1, 0, 0)]


class Records:
    """Reporters' records in one partition, with their history."""

    def __init__(self) -> None:
        self._history: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(_unheard)

    def learn(self, reporter: str, at: int, *, agreed: bool) -> None:
        """A trusted person agreed with the reporter, or did not."""
        _, right, wrong = self._history[reporter][-1]
        self._history[reporter].append((at, right + agreed, wrong + (not agreed)))

    def weight(self, reporter: str, at: int) -> float:
        """What a report weighs after a label."""
        history = self._history[reporter]
        _, right, wrong = history[bisect_right(history, (at, 1 << 60, 0)) - 1]
        return (right + 2) / (right + wrong + 2)

    def changes(self, reporter: str, after: int, before: int) -> Iterator[int]:
        """Labels between two others that changed the weight."""
        return (at for at, _, _ in self._history[reporter] if after < at < before)


@dataclass
class VisitorAnswers:
    """All that was said of one visitor and counts, in its order."""

    settings: Settings
    records: Records
    steps: list[Step] = field(default_factory=list)

    @property
    def is_spoken_of(self) -> bool:
        """Whether anything was decided about the visitor at any time."""
        return any(step.decisions for step in self.steps)

    @property
    def changes(self) -> int:
        """How often decisions changed."""
        return sum(step.is_due for step in self.steps)

    def possible(self, number: int) -> set[Decisions]:
        """What a record may show until the visitor's next label: weights may change in between."""
        step = self.steps[number]
        until = self.steps[number + 1].at if number + 1 < len(self.steps) else 1 << 60
        moments = {at for one in step.reports for at in self.records.changes(one.reporter, step.at, until)}
        shown = {decisions(step.answers, step.reports, self.settings, self.records, at) for at in moments}
        return shown | {step.decisions}

    def all_possible(self) -> set[Decision]:
        """Every decision that there may have been."""
        numbers = range(len(self.steps))
        return {decision for number in numbers for shown in self.possible(number) for decision in shown}

    def take(self, said: Said, at: int) -> None:
        """One more label."""
        answers, reports = (self.steps[-1].answers, self.steps[-1].reports) if self.steps else ((), ())
        after = self._after(said, answers, reports)
        if after is None:
            return
        if not is_report(said.source) and said.label != "withdrawn":
            for one in after[1]:
                if not one.is_judged and not one.is_taken_back:
                    self.records.learn(one.reporter, at, agreed=said.label == "bad")
            after = after[0], tuple(one if one.is_taken_back else one._replace(is_judged=True) for one in after[1])
        before = decisions(answers, reports, self.settings, self.records, at)
        now = decisions(*after, self.settings, self.records, at)
        self.steps.append(Step(at, *after, now, now != before))

    def _after(
        self, said: Said, answers: tuple[Answer, ...], reports: tuple[Report, ...]
    ) -> tuple[tuple[Answer, ...], tuple[Report, ...]] | None:
        if is_report(said.source):
            left = _with_report(said, reports)
            return (answers, left) if left is not None else None
        if said.label == "withdrawn":
            meant = {one for one in answers if one.source == said.source and one.ts <= said.ts}
            meant -= {one for one in meant if one.is_taken_back}
            after = [one._replace(ts=said.ts, is_taken_back=True) if one in meant else one for one in answers]
            return (tuple(sorted(after, key=lambda one: one.ts)), reports) if meant else None
        answer = Answer(said.source, said.session, said.label, said.ts)
        for one in answers:
            if one[:2] == answer[:2]:
                renewed_at = one.ts + RENEWED_AFTER * self.settings.answer_holds_s
                is_same = one.label == answer.label and one is answers[-1] and answer.ts < renewed_at
                if answer.ts < one.ts or (answer.ts == one.ts if one.is_taken_back else is_same):
                    return None
        others = (one for one in answers if one[:2] != answer[:2])
        return tuple(sorted((*others, answer), key=lambda one: one.ts))[-MOST_ANSWERS:], reports


def _with_report(said: Said, reports: tuple[Report, ...]) -> tuple[Report, ...] | None:
    """Reports after one more, or after it was taken back; None where nothing changes."""
    reporter = said.source.removeprefix(REPORT)
    if said.label != "bad":
        meant = {one for one in reports if one.reporter == reporter and one.ts <= said.ts and not one.is_taken_back}
        return tuple(one._replace(is_taken_back=True) if one in meant else one for one in reports) if meant else None
    before = next((one for one in reports if one.reporter == reporter), None)
    if before is not None and said.ts < before.ts:
        return None
    others = (one for one in reports if one is not before)
    report = Report(reporter, said.ts, before is not None and before.is_judged)
    return tuple(sorted((*others, report), key=lambda one: one.ts))[-MOST_REPORTS:]


def decisions(
    answers: Sequence[Answer], reports: Sequence[Report], settings: Settings, records: Records, at: int
) -> Decisions:
    """What decides: reports first, then answers, by their times."""
    given = {"good": "allow", "bad": settings.answer_verdict}
    said = [one for one in answers if not one.is_taken_back]
    own = [(one.label, given[one.label], one.source, one.ts, one.ts + settings.answer_holds_s) for one in said]
    return (*_of_reports(reports, settings, records, at), *own)


def _of_reports(reports: Sequence[Report], settings: Settings, records: Records, at: int) -> Iterator[Decision]:
    reports = [one for one in reports if not one.is_taken_back]
    weights = [records.weight(one.reporter, at) for one in reports]
    for verdict, least in (("review", settings.reports_for_review), ("throttle", settings.reports_for_throttle)):
        if sum(weights) < least - NEAR:
            continue
        # It holds until so many are over that the others are too few.
        last = next(n for n in range(len(reports)) if sum(weights[n + 1 :]) < least - NEAR)
        until = reports[last].ts + settings.report_holds_s
        if verdict == "throttle":
            until = min(until, reports[-1].ts + settings.reports_throttle_s)
        yield ("bad", verdict, "reports", reports[-1].ts, until)


def expected_answers(labels: Labels, settings: Settings) -> dict[str, VisitorAnswers]:
    """By visitor, what labels in their place come to."""
    visitors: dict[str, VisitorAnswers] = {}
    for said in labels.said.values():
        # Nobody can speak of what is yet to come: a label acts at its arrival at the latest.
        placed = (one._replace(ts=min(one.ts, record.timestamp / 1_000)) for record, one in said)
        _fold(placed, settings, visitors)
    return visitors


def _fold(said: Iterable[Said], settings: Settings, visitors: dict[str, VisitorAnswers]) -> None:
    records = Records()
    for at, one in enumerate(said):
        if is_report(one.source) or is_trusted(one.source, settings):
            if one.visitor not in visitors:
                visitors[one.visitor] = VisitorAnswers(settings, records)
            visitors[one.visitor].take(one, at)
