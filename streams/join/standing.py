"""What answers and reports about a visitor come to: plain values, bounded, with event time passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

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


class Answer(msgspec.Struct, frozen=True):
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


class Report(msgspec.Struct, frozen=True):
    """What a visitor said about another."""

    reporter: str
    ts: float
    session: _Session | None = None
    is_judged: bool = False
    """A trusted person has answered since: it is part of the reporter's record."""


class Standing(msgspec.Struct, frozen=True):
    """All that people said about a visitor and that counts, each in the order of time."""

    answers: tuple[Answer, ...] = ()
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class Powers:
    """Whose answers decide, what answers and reports give, and for how long."""

    human_sources: tuple[str, ...]
    verdict: Verdict
    holds_s: float
    review_from: float
    throttle_from: float
    report_holds_s: float

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
        )


def answered(standing: Standing, answer: Answer, holds_s: float) -> Standing | None:
    """After a trusted person's answer; None where it only repeats one that is hardly older, or is older than one."""
    before = next((one for one in standing.answers if _is_same(one, answer)), None)
    if before is not None:
        is_repeated = before.label == answer.label and answer.ts < before.ts + RENEWED_AFTER * holds_s
        if answer.ts < before.ts or is_repeated:
            return None
    others = [one for one in standing.answers if one is not before]
    # Stable: of answers of one time the later one on the topic has the last word.
    ordered = sorted([*others, answer], key=lambda one: one.ts)[-MOST_ANSWERS:]
    return Standing(tuple(ordered), standing.reports)


def found(standing: Standing, answer: Answer, session: AnsweredSession) -> Standing | None:
    """After an answer's session was found, or a newer revision of it; None where nothing is new."""
    before = next((one for one in standing.answers if _is_same(one, answer) and one.ts == answer.ts), None)
    if before is None or before.session is not None:
        return None
    ids = tuple(dict.fromkeys([*before.session_ids, session.session_id]))
    after = msgspec.structs.replace(before, session_ids=ids, session=session)
    return Standing(tuple(after if one is before else one for one in standing.answers), standing.reports)


def withdrawn(standing: Standing, source: str, about: str | None, ts: float) -> Standing | None:
    """After a trusted person took back what they said of a session, or of the visitor until `ts`; None: nothing."""

    def is_meant(one: Answer) -> bool:
        meant = about is None or about == one.about or about in one.session_ids
        return one.source == source and one.ts <= ts and meant

    left = tuple(one for one in standing.answers if not is_meant(one))
    return Standing(left, standing.reports) if len(left) < len(standing.answers) else None


def reported(standing: Standing, report: Report) -> Standing | None:
    """After a visitor's report: one of each reporter; None where it is older than theirs."""
    before = next((one for one in standing.reports if one.reporter == report.reporter), None)
    if before is not None and report.ts < before.ts:
        return None
    is_judged = before is not None and before.is_judged
    new = msgspec.structs.replace(report, is_judged=is_judged)
    others = [one for one in standing.reports if one is not before]
    return Standing(standing.answers, tuple(sorted([*others, new], key=lambda one: one.ts)[-MOST_REPORTS:]))


def unreported(standing: Standing, reporter: str, ts: float) -> Standing | None:
    """After a reporter took their report back, or said the opposite; None where there is none."""
    left = tuple(one for one in standing.reports if one.reporter != reporter or one.ts > ts)
    return Standing(standing.answers, left) if len(left) < len(standing.reports) else None


def unjudged(standing: Standing) -> list[str]:
    """Reporters of whom no trusted person has said yet whether they are right."""
    return [one.reporter for one in standing.reports if not one.is_judged]


def judged(standing: Standing) -> Standing:
    """After reports became part of their reporters' records."""
    return Standing(standing.answers, tuple(msgspec.structs.replace(one, is_judged=True) for one in standing.reports))


def left_at(standing: Standing, reached_s: float, powers: Powers) -> Standing:
    """Without what is over at that event time."""
    return Standing(
        tuple(one for one in standing.answers if one.ts + powers.holds_s > reached_s),
        tuple(one for one in standing.reports if one.ts + powers.report_holds_s > reached_s),
    )


def over_at(standing: Standing, powers: Powers) -> float:
    """Event time at which nothing of it holds any more."""
    ends = [one.ts + powers.holds_s for one in standing.answers]
    return max([*ends, *(one.ts + powers.report_holds_s for one in standing.reports)], default=0.0)


def decisions(standing: Standing, powers: Powers, weight_of: Callable[[str], float]) -> list[StandingAnswer]:
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
    if not reports:
        return
    newest_s = reports[-1].ts
    counted = [one for one in reports if one.ts + powers.report_holds_s > newest_s]
    sessions = [session for one in counted if (session := one.session) is not None]
    thresholds: list[tuple[Verdict, float]] = [("review", powers.review_from), ("throttle", powers.throttle_from)]
    for verdict, least in thresholds:
        until_s = _reached_until(counted, least, powers.report_holds_s, weight_of)
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


def _is_same(one: Answer, other: Answer) -> bool:
    return one.source == other.source and one.about == other.about
