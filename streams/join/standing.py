"""What answers and reports about a visitor come to: plain values, bounded, with event time passed in."""

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
"""Answers about one visitor that stand; the oldest are forgotten."""
MOST_REPORTS = 64
"""Reports about one visitor that count; the oldest are forgotten."""
RENEWED_AFTER = 0.01
"""An answer that is repeated renews the first one after this share of the time for which it holds."""
_Answer = fast(StandingAnswer)
if TYPE_CHECKING:
    _Session = AnsweredSession
else:
    _Session = fast(AnsweredSession)


class HumanLabel(msgspec.Struct, frozen=True):
    """What a trusted person said last about one session, or about the visitor."""

    source: str
    about: str | None
    """The session that the label names."""
    label: Literal["good", "bad"]
    ts: float
    session_ids: tuple[str, ...] = ()
    """The session that it names, and the one that it was found to be about."""
    session: _Session | None = None
    """The latter, as it was scored last."""
    is_taken_back: bool = False
    """It counts no more, and neither does what was said before `ts` and comes again."""


class Report(msgspec.Struct, frozen=True):
    """What a visitor said about another."""

    reporter: str
    ts: float
    session: _Session | None = None
    is_judged: bool = False
    """A trusted person has answered since: it is part of the reporter's record."""
    is_taken_back: bool = False
    """It counts no more; it is kept so that saying it again is not judged again."""


class VisitorLabels(msgspec.Struct, frozen=True):
    """All that people said about a visitor and that counts, each in the order of time."""

    answers: tuple[HumanLabel, ...] = ()
    reports: tuple[Report, ...] = ()
    is_told: bool = False
    """`weir.answers` says something of the visitor."""


@dataclass(frozen=True, slots=True)
class Powers:
    """Whose answers decide, what answers and reports give, and for how long."""

    human_sources: tuple[str, ...]
    verdict: Verdict
    holds_s: float
    review_from: float
    throttle_from: float
    report_holds_s: float
    reports_throttle_s: float

    @classmethod
    def of(cls, settings: Settings) -> Powers:
        """As the settings say."""
        return cls(
            settings.human_sources,
            settings.answer_verdict,
            settings.answer_holds_s,
            settings.reports_for_review,
            settings.reports_for_throttle,
            settings.report_holds_s,
            settings.reports_throttle_s,
        )


def answered(standing: VisitorLabels, answer: HumanLabel, holds_s: float) -> VisitorLabels | None:
    """After a trusted person's answer; None where theirs is newer, or says the same, is hardly older and the last."""
    before = next((one for one in standing.answers if _is_same(one, answer)), None)
    if before is not None and _is_old(answer, before, standing, holds_s):
        return None
    others = [one for one in standing.answers if one is not before]
    # Stable: of answers of one time the later one on the topic has the last word.
    ordered = sorted([*others, answer], key=lambda one: one.ts)[-MOST_ANSWERS:]
    return replace(standing, answers=tuple(ordered))


def found(standing: VisitorLabels, answer: HumanLabel, session: AnsweredSession) -> VisitorLabels | None:
    """After an answer was matched to its session, which takes the place of a guess; None where nothing is new."""
    before = next((one for one in standing.answers if _is_same(one, answer)), None)
    # Its time may have been ahead of its arrival, and another answer may have taken its place.
    if before is None or before.is_taken_back or before.label != answer.label or before.ts > answer.ts:
        return None
    if before.session is not None and before.session.session_id == session.session_id:
        return None
    ids = dict.fromkeys([one for one in (before.about, session.session_id) if one is not None])
    after = replace(before, session_ids=tuple(ids), session=session)
    return replace(standing, answers=tuple(after if one is before else one for one in standing.answers))


def withdrawn(standing: VisitorLabels, source: str, about: Collection[str], ts: float) -> VisitorLabels | None:
    """After a trusted person took back what they said of a session, or of the visitor until `ts`; None: nothing.

    `about` are the session's id and that of the one that took it over; without any, all is meant.
    """

    def is_meant(one: HumanLabel) -> bool:
        is_named = not about or one.about in about or any(name in about for name in one.session_ids)
        return one.source == source and one.ts <= ts and is_named and not one.is_taken_back

    if not any(map(is_meant, standing.answers)):
        return None
    after = (replace(one, ts=ts, is_taken_back=True) if is_meant(one) else one for one in standing.answers)
    return replace(standing, answers=tuple(sorted(after, key=lambda one: one.ts)))


def reported(standing: VisitorLabels, report: Report) -> VisitorLabels | None:
    """After a visitor's report: one of each reporter; None where it is older than theirs."""
    before = next((one for one in standing.reports if one.reporter == report.reporter), None)
    if before is not None and report.ts < before.ts:
        return None
    is_judged = before is not None and before.is_judged
    new = replace(report, is_judged=is_judged)
    others = [one for one in standing.reports if one is not before]
    return replace(standing, reports=tuple(sorted([*others, new], key=lambda one: one.ts)[-MOST_REPORTS:]))


def unreported(standing: VisitorLabels, reporter: str, ts: float) -> VisitorLabels | None:
    """After a reporter took their report back, or said the opposite; None where there is none."""

    def is_meant(one: Report) -> bool:
        return one.reporter == reporter and one.ts <= ts and not one.is_taken_back

    if not any(map(is_meant, standing.reports)):
        return None
    after = (replace(one, is_taken_back=True) if is_meant(one) else one for one in standing.reports)
    return replace(standing, reports=tuple(after))


def unjudged(standing: VisitorLabels) -> list[str]:
    """Reporters of whom no trusted person has said yet whether they are right."""
    return [one.reporter for one in standing.reports if not one.is_judged and not one.is_taken_back]


def judged(standing: VisitorLabels) -> VisitorLabels:
    """After reports became part of their reporters' records."""
    told = {*unjudged(standing)}
    after = (replace(one, is_judged=one.is_judged or one.reporter in told) for one in standing.reports)
    return replace(standing, reports=tuple(after))


def left_at(standing: VisitorLabels, reached_s: float, powers: Powers) -> VisitorLabels:
    """Without what is over at that event time."""
    return replace(
        standing,
        answers=tuple(one for one in standing.answers if one.ts + powers.holds_s > reached_s),
        reports=tuple(one for one in standing.reports if one.ts + powers.report_holds_s > reached_s),
    )


def over_at(standing: VisitorLabels, powers: Powers) -> float:
    """Event time at which nothing of it holds any more."""
    ends = [one.ts + powers.holds_s for one in standing.answers]
    return max([*ends, *(one.ts + powers.report_holds_s for one in standing.reports)], default=0.0)


def decisions(standing: VisitorLabels, powers: Powers, weight_of: Callable[[str], float]) -> list[StandingAnswer]:
    """What decides about the visitor, as `weir.answers` has it: reports first, then answers, each by time."""
    said = [
        _Answer(
            label=one.label,
            verdict="allow" if one.label == "good" else powers.verdict,
            source=one.source,
            ts=one.ts,
            until=one.ts + powers.holds_s,
            session_ids=list(one.session_ids),
            session=one.session,
        )
        for one in standing.answers
        if not one.is_taken_back
    ]
    return [*_of_reports(standing.reports, powers, weight_of), *said]


def weight(agreed: int, disagreed: int) -> float:
    """How much a reporter's report counts, 1 at most: being right earns nothing, being wrong costs.

    As if two reports had been right before the first one, so that one mistake does not silence anybody.
    """
    return (agreed + 2.0) / (agreed + disagreed + 2.0)


def _of_reports(
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
    """When so many of the reports, weighed, are over that the rest are too few; None: they are too few already."""
    weights = [weight_of(one.reporter) for one in reports]
    left = sum(weights)
    for one, own in zip(reports, weights, strict=True):
        if left < least - 1e-9:
            return None
        left -= own
        if left < least - 1e-9:
            return one.ts + holds_s
    return None


def _is_old(answer: HumanLabel, before: HumanLabel, standing: VisitorLabels, holds_s: float) -> bool:
    """Whether an answer says nothing new after the one of the same source about the same."""
    if before.is_taken_back:
        return answer.ts <= before.ts
    has_last_word = before is standing.answers[-1]
    is_repeated = has_last_word and before.label == answer.label and answer.ts < before.ts + RENEWED_AFTER * holds_s
    return is_repeated or answer.ts < before.ts


def _is_same(one: HumanLabel, other: HumanLabel) -> bool:
    return one.source == other.source and one.about == other.about
