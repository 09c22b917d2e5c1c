"""When a verdict becomes a record of `weir.flags`, and as which."""

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


class Why(msgspec.Struct, frozen=True):
    """A reason, as it is kept."""

    id: str
    version: str
    text: str


class Opinion(msgspec.Struct, frozen=True):
    """A verdict on a session, as a flag tells it."""

    verdict: Verdict
    stage: Stage
    reasons: tuple[Why, ...]
    until: float | None = None
    """Until when it is to be acted on."""
    is_set_right: bool = False
    """An `allow` of people's or of a business rule's, where an earlier stage said something else."""


class FlaggedRevision(msgspec.Struct, frozen=True):
    """A session's revision, as a flag on it names it."""

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
        """The revision that was scored."""
        session, ref = scored.session, scored.scorer.ref if scored.scorer else None
        model = (ref.id, ref.version) if ref else None
        hashed = scored.features_hash
        return cls(session.session_id, session.visitor_id, session.revision, session.end, scored.score, model, hashed)

    @classmethod
    def of_answer(cls, visitor_id: str, session: AnsweredSession) -> FlaggedRevision:
        """The revision that an answer tells of."""
        model = (session.model.id, session.model.version) if session.model else None
        hashed = session.features_hash
        return cls(session.session_id, visitor_id, session.revision, session.ts, session.score, model, hashed)


class PublishedVerdict(msgspec.Struct, frozen=True):
    """What consumers know of a session: the essence of its last flag, and what the next one may need."""

    verdict: str
    stage: str
    reasons: tuple[str, ...]
    """Ids of the reasons; of answers with their version."""
    is_set_right: bool = False
    until: float | None = None
    flagged: FlaggedRevision | None = None
    """None where a version wrote this that did not keep it."""
    beneath: Opinion | None = None
    """What the cascade says of the revision without people's answers."""
    yields: bool = False
    """Against this evidence a `good` answer is not believed."""
    is_closed: bool = False

    @classmethod
    def of(
        cls,
        opinion: Opinion,
        flagged: FlaggedRevision | None = None,
        beneath: Opinion | None = None,
        *,
        yields: bool = False,
        is_closed: bool = False,
    ) -> PublishedVerdict:
        """What a flag with this opinion tells."""
        # A newer answer is another reason; a newer version of a pack is none.
        ids = tuple(f"{one.id} {one.version}" if opinion.stage == "people" else one.id for one in opinion.reasons)
        right, until = opinion.is_set_right, opinion.until
        return cls(opinion.verdict, opinion.stage, ids, right, until, flagged, beneath, yields, is_closed)

    @property
    def holds_until_s(self) -> float:
        """Until when the flag may hold, or the one that would hold without people's answers; 0: nothing holds."""
        without = self.beneath.until if self.beneath is not None else None
        return max(self.until or 0.0, without or 0.0)

    @property
    def without_answers(self) -> tuple[str, str, tuple[str, ...]]:
        """Verdict, stage and ids of the reasons that there would be without people's answers."""
        if self.beneath is None:
            return self.verdict, self.stage, self.reasons
        return self.beneath.verdict, self.beneath.stage, tuple(one.id for one in self.beneath.reasons)

    def is_news_after(self, last: PublishedVerdict | None) -> bool:
        """Whether consumers must hear of it; a first `allow` tells them nothing, but for who or what saw to it."""
        if last is None:
            return self.verdict != "allow" or self.is_set_right
        return self.essence != last.essence

    @property
    def essence(self) -> tuple[str, str, tuple[str, ...], bool]:
        """What makes two flags tell the same."""
        return self.verdict, self.stage, self.reasons, self.is_set_right


def opinion_of(judgement: Judgement, end_s: float, settings: Settings) -> Opinion:
    """The cascade's opinion of a session that ends at `end_s`."""
    answer = next((one.answer for one in judgement.reasons if one.answer is not None), None)
    is_peoples = judgement.stage == "people" and answer is not None
    until = answer.until if is_peoples and answer is not None else _until(judgement.verdict, end_s, settings)
    return Opinion(judgement.verdict, judgement.stage, _kept(judgement.reasons), until, _is_set_right(judgement))


def with_answer(beneath: Opinion, answer: DecidingLabel | None, *, yields: bool) -> tuple[Opinion, tuple[Reason, ...]]:
    """An opinion, and its reasons if they are people's, after an answer that came when the session had been judged.

    Business rules have spoken then, and theirs is the last word.
    """
    if answer is None or beneath.stage == "business_rule":
        return beneath, ()
    said = by_people(StageVerdict(beneath.stage, beneath.verdict), answer, yields=yields)
    if said is None:
        return beneath, ()
    is_set_right = said.verdict == "allow" and beneath.verdict != "allow"
    return Opinion(said.verdict, said.stage, _kept(said.reasons), answer.until, is_set_right), said.reasons


def flag_id(flagged: FlaggedRevision, verdict: str, stage: str, reasons: Sequence[Reason | Why]) -> str:
    """Hash of session, revision, verdict, stage, reasons and their versions: the same verdict has the same id."""
    names = [[reason.id, reason.version] for reason in reasons]
    content = [flagged.session_id, flagged.revision, verdict, stage, names]
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).hexdigest()


def flag(
    flagged: FlaggedRevision,
    opinion: Opinion,
    latency_ms: float,
    *,
    reasons: Sequence[Reason] = (),
    shadow: Sequence[ShadowVerdict] = (),
) -> Output:
    """The flag that tells an opinion; `reasons` as they were given, where they are at hand."""
    record: dict[str, Any] = {
        "flag_id": flag_id(flagged, opinion.verdict, opinion.stage, opinion.reasons),
        "session_id": flagged.session_id,
        "visitor_id": flagged.visitor_id,
        "revision": flagged.revision,
        "ts": flagged.ts,
        "verdict": opinion.verdict,
        "stage": opinion.stage,
        "reasons": reasons or [Reason(id=one.id, version=one.version, text=one.text) for one in opinion.reasons],
        "score": flagged.score,
        "model": ModelRef(id=flagged.model[0], version=flagged.model[1]) if flagged.model else None,
        "features_hash": flagged.features_hash,
        "latency_ms": latency_ms,
        "shadow": shadow,
        "until": opinion.until,
    }
    headers = (("verdict", opinion.verdict.encode()), ("stage", opinion.stage.encode()))
    return Output(FLAGS, flagged.visitor_id.encode(), encode(record), headers)


def _kept(reasons: Sequence[Reason]) -> tuple[Why, ...]:
    return tuple(Why(one.id, one.version, one.text) for one in reasons)


def _is_set_right(judgement: Judgement) -> bool:
    if judgement.verdict != "allow":
        return False
    if judgement.stage == "people":
        return judgement.beneath is not None and judgement.beneath.verdict != "allow"
    in_shadow = {said.stage for said in judgement.shadow}
    return judgement.stage == "business_rule" and any(
        said.verdict != "allow" and said.stage not in in_shadow for said in judgement.stages
    )


def _until(verdict: Verdict, end_s: float, settings: Settings) -> float | None:
    holds_s = {"block": settings.block_holds_s, "throttle": settings.throttle_holds_s}.get(verdict)
    return end_s + holds_s if holds_s is not None else None
