"""The labels about one visitor and the decisions that follow from them: plain functions on bounded values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from weir.contracts.answer import REPORTS, AnsweredSession, StandingAnswer
from weir.contracts.fast import fast
from weir.contracts.flag import Verdict
from weir.settings import Settings

MOST_ANSWERS = 32
"""Answers about one visitor that are stored; the oldest are dropped."""
MOST_REPORTS = 64
"""Reports about one visitor that count; the oldest are dropped."""
RENEWED_AFTER = 0.01
"""A repeated answer renews the first one after this share of the time for which answers hold. Without a minimum, each
repetition would write a record."""
_Answer = fast(StandingAnswer)
if TYPE_CHECKING:
    _Session = AnsweredSession
else:
    _Session = fast(AnsweredSession)


class HumanLabel(msgspec.Struct, frozen=True):
    """The last label of a trusted person on one session, or on the visitor."""

    source: str
    about: str | None
    """The session that the label names."""
    label: Literal["good", "bad"]
    ts: float
    session_ids: tuple[str, ...] = ()
    """The session that the label names, and the one that it was matched to."""
    session: _Session | None = None
    """The matched session, as it was scored last."""
    is_taken_back: bool = False
    """Whether the label was withdrawn. Labels of this source that are older than `ts` no longer count either."""


class Report(msgspec.Struct, frozen=True):
    """A visitor's report on another visitor."""

    reporter: str
    ts: float
    session: _Session | None = None
    is_judged: bool = False
    """Whether a trusted person has answered since, so that the report is part of the reporter's record."""
    is_taken_back: bool = False
    """Whether the report was withdrawn. It is stored, so that a repetition doesn't count twice in that record."""


class VisitorLabels(msgspec.Struct, frozen=True):
    """All labels and reports about a visitor that count, each in the order of time. A state entry."""

    answers: tuple[HumanLabel, ...] = ()
    reports: tuple[Report, ...] = ()
    was_published: bool = msgspec.field(default=False, name="is_told")
    """Whether the visitor's last record of `weir.answers` has a decision. `is_told` is its name in stored states."""


@dataclass(frozen=True, slots=True)
class Powers:
    """Whose answers decide, which verdicts answers and reports give, and for how long."""

    human_sources: tuple[str, ...]
    verdict: Verdict
    holds_s: float
    review_from: float
    throttle_from: float
    report_holds_s: float
    reports_throttle_s: float

    @classmethod
    def of(cls, settings: Settings) -> Powers:
        """The powers in the settings."""
        return cls(
            settings.human_sources,
            settings.answer_verdict,
            settings.answer_holds_s,
            settings.reports_for_review,
            settings.reports_for_throttle,
            settings.report_holds_s,
            settings.reports_throttle_s,
        )


def add_answer(labels: VisitorLabels, answer: HumanLabel, holds_s: float) -> VisitorLabels | None:
    """The labels with a trusted person's answer; None if that person's stored answer is newer, or equal and recent."""
    before = next((one for one in labels.answers if _is_same(one, answer)), None)
    if before is not None and _is_old(answer, before, labels, holds_s):
        return None
    others = [one for one in labels.answers if one is not before]
    # The sort is stable: of answers with one time, the later one on the topic decides.
    ordered = sorted([*others, answer], key=lambda one: one.ts)[-MOST_ANSWERS:]
    return replace(labels, answers=tuple(ordered))


def attach_session(labels: VisitorLabels, answer: HumanLabel, session: AnsweredSession) -> VisitorLabels | None:
    """The labels with the session that an answer was matched to; None if nothing changes."""
    before = next((one for one in labels.answers if _is_same(one, answer)), None)
    # A label with a time ahead of its arrival waits for its match; meanwhile another answer may have replaced it.
    if before is None or before.is_taken_back or before.label != answer.label or before.ts > answer.ts:
        return None
    if before.session is not None and before.session.session_id == session.session_id:
        return None
    ids = dict.fromkeys([one for one in (before.about, session.session_id) if one is not None])
    after = replace(before, session_ids=tuple(ids), session=session)
    return replace(labels, answers=tuple(after if one is before else one for one in labels.answers))


def withdraw_answers(labels: VisitorLabels, source: str, about: Collection[str], ts: float) -> VisitorLabels | None:
    """The labels after a source withdrew its answers until `ts`; None if there are none.

    `about` are the id of the session and of the one that it was merged into. If it is empty, all of the source's
    answers on the visitor are withdrawn.
    """

    def matches(one: HumanLabel) -> bool:
        is_named = not about or one.about in about or any(name in about for name in one.session_ids)
        return one.source == source and one.ts <= ts and is_named and not one.is_taken_back

    if not any(map(matches, labels.answers)):
        return None
    after = (replace(one, ts=ts, is_taken_back=True) if matches(one) else one for one in labels.answers)
    return replace(labels, answers=tuple(sorted(after, key=lambda one: one.ts)))


def add_report(labels: VisitorLabels, report: Report) -> VisitorLabels | None:
    """The labels with a visitor's report, one for each reporter; None if the stored one is newer."""
    before = next((one for one in labels.reports if one.reporter == report.reporter), None)
    if before is not None and report.ts < before.ts:
        return None
    is_judged = before is not None and before.is_judged
    new = replace(report, is_judged=is_judged)
    others = [one for one in labels.reports if one is not before]
    return replace(labels, reports=tuple(sorted([*others, new], key=lambda one: one.ts)[-MOST_REPORTS:]))


def withdraw_report(labels: VisitorLabels, reporter: str, ts: float) -> VisitorLabels | None:
    """The labels after a reporter withdrew the report or reported the opposite; None if there is none."""

    def matches(one: Report) -> bool:
        return one.reporter == reporter and one.ts <= ts and not one.is_taken_back

    if not any(map(matches, labels.reports)):
        return None
    after = (replace(one, is_taken_back=True) if matches(one) else one for one in labels.reports)
    return replace(labels, reports=tuple(after))


def unjudged_reporters(labels: VisitorLabels) -> list[str]:
    """Reporters whose reports no trusted person has confirmed or refuted yet."""
    return [one.reporter for one in labels.reports if not one.is_judged and not one.is_taken_back]


def mark_reports_judged(labels: VisitorLabels) -> VisitorLabels:
    """The labels with all reports marked as part of their reporters' records."""
    unjudged = {*unjudged_reporters(labels)}
    after = (replace(one, is_judged=one.is_judged or one.reporter in unjudged) for one in labels.reports)
    return replace(labels, reports=tuple(after))


def in_force_at(labels: VisitorLabels, reached_s: float, powers: Powers) -> VisitorLabels:
    """The labels without those that have ended at this event time."""
    return replace(
        labels,
        answers=tuple(one for one in labels.answers if one.ts + powers.holds_s > reached_s),
        reports=tuple(one for one in labels.reports if one.ts + powers.report_holds_s > reached_s),
    )


def ends_at(labels: VisitorLabels, powers: Powers) -> float:
    """Event time at which the last of the labels ends."""
    ends = [one.ts + powers.holds_s for one in labels.answers]
    return max([*ends, *(one.ts + powers.report_holds_s for one in labels.reports)], default=0.0)


def decisions(labels: VisitorLabels, powers: Powers, weight_of: Callable[[str], float]) -> list[StandingAnswer]:
    """The decisions about the visitor, as `weir.answers` has them: first reports, then answers, each by time."""
    answers = [
        _Answer(
            label=one.label,
            verdict="allow" if one.label == "good" else powers.verdict,
            source=one.source,
            ts=one.ts,
            until=one.ts + powers.holds_s,
            session_ids=list(one.session_ids),
            session=one.session,
        )
        for one in labels.answers
        if not one.is_taken_back
    ]
    return [*_report_decisions(labels.reports, powers, weight_of), *answers]


def reporter_weight(agreed: int, disagreed: int) -> float:
    """Weight of a reporter's report, 1 at most: confirmed reports don't raise it, refuted ones lower it.

    Two confirmed reports are assumed before the first one, so that a single mistake leaves a weight of 2/3.
    """
    return (agreed + 2.0) / (agreed + disagreed + 2.0)


def _report_decisions(
    reports: Sequence[Report], powers: Powers, weight_of: Callable[[str], float]
) -> Iterator[StandingAnswer]:
    reports = [one for one in reports if not one.is_taken_back]
    if not reports:
        return
    newest_s = reports[-1].ts
    counted = [one for one in reports if one.ts + powers.report_holds_s > newest_s]
    sessions = [session for one in counted if (session := one.session) is not None]
    thresholds: list[tuple[Verdict, float]] = [("review", powers.review_from), ("throttle", powers.throttle_from)]
    for verdict, least in thresholds:
        until_s = _reached_until(counted, least, powers.report_holds_s, weight_of)
        if until_s is not None and verdict == "throttle":
            until_s = min(until_s, newest_s + powers.reports_throttle_s)
        if until_s is not None:
            yield _Answer(
                label="bad",
                verdict=verdict,
                source=REPORTS,
                ts=newest_s,
                until=until_s,
                session_ids=list(dict.fromkeys(one.session_id for one in sessions)),
                session=sessions[-1] if sessions else None,
            )


def _reached_until(
    reports: Sequence[Report], least: float, holds_s: float, weight_of: Callable[[str], float]
) -> float | None:
    """Event time at which the reports' total weight falls below `least`; None if it is below already."""
    weights = [weight_of(one.reporter) for one in reports]
    left = sum(weights)
    # 1e-9 absorbs the rounding of a sum of weights, which are fractions.
    for one, own in zip(reports, weights, strict=True):
        if left < least - 1e-9:
            return None
        left -= own
        if left < least - 1e-9:
            return one.ts + holds_s
    return None


def _is_old(answer: HumanLabel, before: HumanLabel, labels: VisitorLabels, holds_s: float) -> bool:
    """Whether an answer changes nothing after the stored one of the same source on the same subject."""
    if before.is_taken_back:
        return answer.ts <= before.ts
    has_last_word = before is labels.answers[-1]
    is_repeated = has_last_word and before.label == answer.label and answer.ts < before.ts + RENEWED_AFTER * holds_s
    return is_repeated or answer.ts < before.ts


def _is_same(one: HumanLabel, other: HumanLabel) -> bool:
    return one.source == other.source and one.about == other.about
