"""Which verdicts become records of `weir.flags`, and what these contain."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from rules.judgement import Judgement, StageVerdict
from rules.people import DecidingLabel, by_people
from streams.score.scored import ScoredSession
from weir.contracts.answer import AnsweredSession
from weir.contracts.fast import encode
from weir.contracts.flag import Reason, ShadowVerdict, Stage, Verdict
from weir.contracts.score import ModelRef
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import FLAGS


class StoredReason(msgspec.Struct, frozen=True):
    """A reason as the state stores it."""

    id: str
    version: str
    text: str


class FlagContent(msgspec.Struct, frozen=True):
    """Verdict, stage and reasons of a flag."""

    verdict: Verdict
    stage: Stage
    reasons: tuple[StoredReason, ...]
    until: float | None = None
    """Event time until which the verdict holds; None if it has no end."""
    is_set_right: bool = False
    """Whether a human label or business rule gave this `allow` in place of an earlier stage's stronger verdict."""


class FlaggedRevision(msgspec.Struct, frozen=True):
    """The fields of a session's revision that a flag contains."""

    session_id: str
    visitor_id: str
    revision: int
    ts: float
    score: float | None = None
    model: tuple[str, str] | None = None
    """Id and version."""
    features_hash: str | None = None

    @classmethod
    def of(cls, scored: ScoredSession) -> FlaggedRevision:
        """The fields of a scored revision."""
        session, ref = scored.session, scored.scorer.ref if scored.scorer else None
        model = (ref.id, ref.version) if ref else None
        hashed = scored.features_hash
        return cls(session.session_id, session.visitor_id, session.revision, session.end, scored.score, model, hashed)

    @classmethod
    def of_answer(cls, visitor_id: str, session: AnsweredSession) -> FlaggedRevision:
        """The fields of the revision that an answer contains."""
        model = (session.model.id, session.model.version) if session.model else None
        hashed = session.features_hash
        return cls(session.session_id, visitor_id, session.revision, session.ts, session.score, model, hashed)


class PublishedVerdict(msgspec.Struct, frozen=True):
    """The last published verdict on a session, with the fields that the next flag may need. A state entry."""

    verdict: str
    stage: str
    reasons: tuple[str, ...]
    """Ids of the reasons; for human labels, id and version."""
    is_set_right: bool = False
    until: float | None = None
    flagged: FlaggedRevision | None = None
    """None if an older version of Weir wrote the entry."""
    beneath: FlagContent | None = None
    """The cascade's verdict without human labels."""
    yields: bool = False
    """Whether the evidence is so strong that a benign answer doesn't decide."""
    is_closed: bool = False

    @classmethod
    def of(
        cls,
        content: FlagContent,
        flagged: FlaggedRevision | None = None,
        beneath: FlagContent | None = None,
        *,
        yields: bool = False,
        is_closed: bool = False,
    ) -> PublishedVerdict:
        """The entry for a flag with this content."""
        # A newer answer must give a new flag, so its version counts. A new version of a pack alone must not.
        ids = tuple(f"{one.id} {one.version}" if content.stage == "people" else one.id for one in content.reasons)
        right, until = content.is_set_right, content.until
        return cls(content.verdict, content.stage, ids, right, until, flagged, beneath, yields, is_closed)

    @property
    def holds_until_s(self) -> float:
        """Event time until which this verdict or the one beneath human labels holds; 0 if neither has an end."""
        without = self.beneath.until if self.beneath is not None else None
        return max(self.until or 0.0, without or 0.0)

    @property
    def without_answers(self) -> tuple[str, str, tuple[str, ...]]:
        """Verdict, stage and ids of the reasons without human labels."""
        if self.beneath is None:
            return self.verdict, self.stage, self.reasons
        return self.beneath.verdict, self.beneath.stage, tuple(one.id for one in self.beneath.reasons)

    def differs_from(self, last: PublishedVerdict | None) -> bool:
        """Whether a flag must be published. A first `allow` is published only if it overrides a stronger verdict."""
        if last is None:
            return self.verdict != "allow" or self.is_set_right
        return self.identity != last.identity

    @property
    def identity(self) -> tuple[str, str, tuple[str, ...], bool]:
        """The fields that two flags with the same meaning have in common."""
        return self.verdict, self.stage, self.reasons, self.is_set_right


def flag_content(judgement: Judgement, end_s: float, settings: Settings) -> FlagContent:
    """The content of a flag for a judgement of a session that ends at `end_s`."""
    answer = next((one.answer for one in judgement.reasons if one.answer is not None), None)
    is_peoples = judgement.stage == "people" and answer is not None
    until = answer.until if is_peoples and answer is not None else _until(judgement.verdict, end_s, settings)
    return FlagContent(judgement.verdict, judgement.stage, _stored(judgement.reasons), until, _is_set_right(judgement))


def with_answer(
    beneath: FlagContent, answer: DecidingLabel | None, *, yields: bool
) -> tuple[FlagContent, tuple[Reason, ...]]:
    """Content and reasons of the flag after an answer that arrived when the session was judged already.

    A verdict of a business rule stays: business rules are the last stage of the cascade.

    Returns:
        The content, and the reasons if the answer decides.
    """
    if answer is None or beneath.stage == "business_rule":
        return beneath, ()
    decided = by_people(StageVerdict(beneath.stage, beneath.verdict), answer, yields=yields)
    if decided is None:
        return beneath, ()
    is_set_right = decided.verdict == "allow" and beneath.verdict != "allow"
    return FlagContent(
        decided.verdict, decided.stage, _stored(decided.reasons), answer.until, is_set_right
    ), decided.reasons


def flag_id(flagged: FlaggedRevision, verdict: str, stage: str, reasons: Sequence[Reason | StoredReason]) -> str:
    """Hash of session, revision, verdict, stage, and ids and versions of the reasons: equal verdicts have equal ids."""
    names = [[reason.id, reason.version] for reason in reasons]
    content = [flagged.session_id, flagged.revision, verdict, stage, names]
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).hexdigest()


def flag(
    flagged: FlaggedRevision,
    content: FlagContent,
    latency_ms: float,
    *,
    reasons: Sequence[Reason] = (),
    shadow: Sequence[ShadowVerdict] = (),
) -> Output:
    """The record of `weir.flags`. `reasons` are the complete reasons; without them, the stored ones are written."""
    record: dict[str, Any] = {
        "flag_id": flag_id(flagged, content.verdict, content.stage, content.reasons),
        "session_id": flagged.session_id,
        "visitor_id": flagged.visitor_id,
        "revision": flagged.revision,
        "ts": flagged.ts,
        "verdict": content.verdict,
        "stage": content.stage,
        "reasons": reasons or [Reason(id=one.id, version=one.version, text=one.text) for one in content.reasons],
        "score": flagged.score,
        "model": ModelRef(id=flagged.model[0], version=flagged.model[1]) if flagged.model else None,
        "features_hash": flagged.features_hash,
        "latency_ms": latency_ms,
        "shadow": shadow,
        "until": content.until,
    }
    headers = (("verdict", content.verdict.encode()), ("stage", content.stage.encode()))
    return Output(FLAGS, flagged.visitor_id.encode(), encode(record), headers)


def _stored(reasons: Sequence[Reason]) -> tuple[StoredReason, ...]:
    return tuple(StoredReason(one.id, one.version, one.text) for one in reasons)


def _is_set_right(judgement: Judgement) -> bool:
    if judgement.verdict != "allow":
        return False
    if judgement.stage == "people":
        return judgement.beneath is not None and judgement.beneath.verdict != "allow"
    in_shadow = {shadow.stage for shadow in judgement.shadow}
    return judgement.stage == "business_rule" and any(
        one.verdict != "allow" and one.stage not in in_shadow for one in judgement.stages
    )


def _until(verdict: Verdict, end_s: float, settings: Settings) -> float | None:
    holds_s = {"block": settings.block_holds_s, "throttle": settings.throttle_holds_s}.get(verdict)
    return end_s + holds_s if holds_s is not None else None
